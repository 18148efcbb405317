noinst_LIBRARIES += %D%/libhealth.a
health_libhealth_a_SOURCES = \
	%D%/breaker.c %D%/breaker.h \
	%D%/histogram.c %D%/histogram.h \
	%D%/latency.c %D%/latency.h \
	%D%/match.c %D%/match.h \
	%D%/outcome.c %D%/outcome.h \
	%D%/prober.h \
	%D%/schedule.c %D%/schedule.h \
	%D%/suspicion.c %D%/suspicion.h
