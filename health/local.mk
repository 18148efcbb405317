noinst_LIBRARIES += %D%/libhealth.a
health_libhealth_a_SOURCES = \
	%D%/alarm.c %D%/alarm.h \
	%D%/anchors.c %D%/anchors.h \
	%D%/address.c %D%/address.h \
	%D%/breaker.c %D%/breaker.h \
	%D%/certificate.c %D%/certificate.h \
	%D%/client_query.c %D%/client_query.h \
	%D%/clientele.c %D%/clientele.h \
	%D%/dialogue.c %D%/dialogue.h \
	%D%/enquiry.c %D%/enquiry.h \
	%D%/expectation.c %D%/expectation.h \
	%D%/exchange.c %D%/exchange.h \
	%D%/fitness.c %D%/fitness.h \
	%D%/force.c %D%/force.h \
	%D%/inspection.c %D%/inspection.h \
	%D%/latency.c %D%/latency.h \
	%D%/launch.c %D%/launch.h \
	%D%/match.c %D%/match.h \
	%D%/outcome.c %D%/outcome.h \
	%D%/outlook.c %D%/outlook.h \
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
	%D%/tour.c %D%/tour.h \
	%D%/twin.c %D%/twin.h \
	%D%/verify.c %D%/verify.h \
	%D%/watch.c %D%/watch.h
	%D%/watch.c %D%/watch.h \
	%D%/whole.c %D%/whole.h

sbin_PROGRAMS += windrose-health
windrose_health_SOURCES = %D%/windrose-health.c
windrose_health_LDADD = $(HEALTH_LIBS)
dist_man_MANS += contrib/man/windrose-health.8
