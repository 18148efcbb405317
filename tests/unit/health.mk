# Unit tests of health.
FORGED_REPLY = %D%/forged_reply.c %D%/forged_reply.h
PROBE_WORLD = %D%/probe_world.c %D%/probe_world.h %D%/canned.c %D%/canned.h
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_breaker
%C%_test_breaker_SOURCES = %D%/test_breaker.c %D%/breaker_letter.c \
	%D%/breaker_letter.h
check_PROGRAMS += %D%/test_breaker_laws
%C%_test_breaker_laws_SOURCES = %D%/test_breaker_laws.c \
	%D%/breaker_letter.c %D%/breaker_letter.h
%C%_test_breaker_laws_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
%C%_test_breaker_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_canvass
%C%_test_canvass_SOURCES = %D%/test_canvass.c %D%/canned.c %D%/canned.h
%C%_test_canvass_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_counters
%C%_test_counters_SOURCES = %D%/test_counters.c
%C%_test_counters_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_choice
%C%_test_choice_SOURCES = %D%/test_choice.c \
	%D%/decide_world.c %D%/decide_world.h
%C%_test_choice_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_latency
%C%_test_latency_SOURCES = %D%/test_latency.c
%C%_test_latency_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_match
%C%_test_match_SOURCES = %D%/test_match.c
%C%_test_match_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_probe
%C%_test_probe_SOURCES = %D%/test_probe.c $(PROBE_WORLD)
%C%_test_probe_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_probe_kept
%C%_test_probe_kept_SOURCES = %D%/test_probe_kept.c $(PROBE_WORLD)
%C%_test_probe_kept_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_probe_dns
%C%_test_probe_dns_SOURCES = %D%/test_probe_dns.c $(FORGED_REPLY)
%C%_test_probe_dns_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_probe_named
%C%_test_probe_named_SOURCES = %D%/test_probe_named.c \
	%D%/canned.c %D%/canned.h
%C%_test_probe_named_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_probe_external
%C%_test_probe_external_SOURCES = %D%/test_probe_external.c
%C%_test_probe_external_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_probe_tcp
%C%_test_probe_tcp_SOURCES = %D%/test_probe_tcp.c $(PROBE_WORLD)
%C%_test_probe_tcp_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_probe_tls
%C%_test_probe_tls_SOURCES = %D%/test_probe_tls.c
%C%_test_probe_tls_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_prober
%C%_test_prober_SOURCES = %D%/test_prober.c %D%/canned.c %D%/canned.h
%C%_test_prober_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_published
%C%_test_published_SOURCES = %D%/test_published.c \
	%D%/bundle_text.c %D%/bundle_text.h
%C%_test_published_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_question
%C%_test_question_SOURCES = %D%/test_question.c $(FORGED_REPLY)
%C%_test_question_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_roster
%C%_test_roster_SOURCES = %D%/test_roster.c
%C%_test_roster_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_rounds
%C%_test_rounds_SOURCES = %D%/test_rounds.c %D%/rounds_world.c \
	%D%/rounds_world.h %D%/canned.c %D%/canned.h
%C%_test_rounds_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_schedule
%C%_test_schedule_SOURCES = %D%/test_schedule.c
%C%_test_schedule_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_evidence
%C%_test_evidence_SOURCES = %D%/test_evidence.c
%C%_test_evidence_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_users
%C%_test_users_SOURCES = %D%/test_users.c
%C%_test_users_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_suspicion
%C%_test_suspicion_SOURCES = %D%/test_suspicion.c
%C%_test_suspicion_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_stretch
%C%_test_stretch_SOURCES = %D%/test_stretch.c
%C%_test_stretch_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_trust
%C%_test_trust_SOURCES = %D%/test_trust.c %D%/rounds_world.c \
	%D%/rounds_world.h %D%/canned.c %D%/canned.h
%C%_test_trust_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_watch
%C%_test_watch_SOURCES = %D%/test_watch.c
%C%_test_watch_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_alarm
%C%_test_alarm_SOURCES = %D%/test_alarm.c
%C%_test_alarm_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_client_query
%C%_test_client_query_SOURCES = %D%/test_client_query.c
%C%_test_client_query_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_expectation
%C%_test_expectation_SOURCES = %D%/test_expectation.c \
	%D%/decide_world.c %D%/decide_world.h
%C%_test_expectation_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_inspection
%C%_test_inspection_SOURCES = %D%/test_inspection.c
%C%_test_inspection_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_sample
%C%_test_sample_SOURCES = %D%/test_sample.c \
	%D%/small_world.c %D%/small_world.h
%C%_test_sample_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_tour
%C%_test_tour_SOURCES = %D%/test_tour.c
%C%_test_tour_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_whole
%C%_test_whole_SOURCES = %D%/test_whole.c %D%/good_policy.c %D%/good_policy.h
%C%_test_whole_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
endif
check_PROGRAMS += %D%/test_health_metrics
%C%_test_health_metrics_SOURCES = %D%/test_health_metrics.c %D%/scraped.h
%C%_test_health_metrics_LDADD = $(HEALTH_LIBS) $(CMOCKA_LIBS)
