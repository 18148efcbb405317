noinst_LIBRARIES += %D%/libhealth.a
health_libhealth_a_SOURCES = \
	%D%/anchors.c %D%/anchors.h \
	%D%/address.c %D%/address.h \
	%D%/breaker.c %D%/breaker.h \
	%D%/certificate.c %D%/certificate.h \
	%D%/exchange.c %D%/exchange.h \
	%D%/force.c %D%/force.h \
	%D%/latency.c %D%/latency.h \
	%D%/launch.c %D%/launch.h \
	%D%/match.c %D%/match.h \
	%D%/outcome.c %D%/outcome.h \
	%D%/probe.h \
	%D%/probe_dns.c %D%/probe_dns.h \
	%D%/probe_external.c %D%/probe_external.h \
	%D%/probe_http.c %D%/probe_http.h \
	%D%/probe_named.c %D%/probe_named.h \
	%D%/probe_tcp.c %D%/probe_tcp.h \
	%D%/prober.c %D%/prober.h \
	%D%/question.c %D%/question.h \
	%D%/reporter.c %D%/reporter.h \
	%D%/request.c %D%/request.h \
	%D%/roster.c %D%/roster.h \
	%D%/rounds.c %D%/rounds.h \
	%D%/schedule.c %D%/schedule.h \
	%D%/stretch.c %D%/stretch.h \
	%D%/suspicion.c %D%/suspicion.h \
	%D%/twin.c %D%/twin.h \
	%D%/watch.c %D%/watch.h

sbin_PROGRAMS += windrose-health
windrose_health_SOURCES = %D%/windrose-health.c
windrose_health_LDADD = $(HEALTH_LIBS)
dist_man_MANS += contrib/man/windrose-health.8
