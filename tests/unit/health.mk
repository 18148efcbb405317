# Unit tests of health.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_breaker %D%/test_latency %D%/test_match \
	%D%/test_probe %D%/test_probe_tls %D%/test_prober %D%/test_schedule \
	%D%/test_probe_named %D%/test_roster %D%/test_rounds \
	%D%/test_suspicion %D%/test_watch
%C%_test_breaker_SOURCES = %D%/test_breaker.c
%C%_test_breaker_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_latency_SOURCES = %D%/test_latency.c
%C%_test_latency_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_match_SOURCES = %D%/test_match.c
%C%_test_match_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_probe_SOURCES = %D%/test_probe.c %D%/canned.c %D%/canned.h
%C%_test_probe_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_probe_named_SOURCES = %D%/test_probe_named.c \
	%D%/canned.c %D%/canned.h
%C%_test_probe_named_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_probe_tls_SOURCES = %D%/test_probe_tls.c
%C%_test_probe_tls_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_prober_SOURCES = %D%/test_prober.c %D%/canned.c %D%/canned.h
%C%_test_prober_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_roster_SOURCES = %D%/test_roster.c
%C%_test_roster_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_rounds_SOURCES = %D%/test_rounds.c %D%/canned.c %D%/canned.h
%C%_test_rounds_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_schedule_SOURCES = %D%/test_schedule.c
%C%_test_schedule_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_suspicion_SOURCES = %D%/test_suspicion.c
%C%_test_suspicion_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_watch_SOURCES = %D%/test_watch.c
%C%_test_watch_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
endif
