# Unit tests of dns.
DNS_WORLD = %D%/ask.c %D%/ask.h %D%/asked.c %D%/asked.h \
	%D%/both_ways.c %D%/both_ways.h \
	%D%/geo_double.c %D%/geo_double.h \
	%D%/world.c %D%/world.h
DNS_STAGE = $(DNS_WORLD) %D%/stage.c %D%/stage.h \
	%D%/validator.c %D%/validator.h
DNS_PARTITION = %D%/partition.c %D%/partition.h
check_PROGRAMS += %D%/prop_ecs
%C%_prop_ecs_SOURCES = %D%/prop_ecs.c $(DNS_PARTITION)
%C%_prop_ecs_LDADD = $(DNS_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_answer
%C%_test_answer_SOURCES = %D%/test_answer.c $(DNS_WORLD) \
	%D%/cases.c %D%/cases.h
%C%_test_answer_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_outcome
%C%_test_outcome_SOURCES = %D%/test_outcome.c $(DNS_WORLD)
%C%_test_outcome_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_rationale
%C%_test_rationale_SOURCES = %D%/test_rationale.c $(DNS_WORLD)
%C%_test_rationale_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_rrl
%C%_test_rrl_SOURCES = %D%/test_rrl.c
%C%_test_rrl_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_scope
%C%_test_scope_SOURCES = %D%/test_scope.c $(DNS_WORLD) $(DNS_PARTITION)
%C%_test_scope_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_cookie
%C%_test_cookie_SOURCES = %D%/test_cookie.c
%C%_test_cookie_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_ecs
%C%_test_ecs_SOURCES = %D%/test_ecs.c
%C%_test_ecs_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_metrics
%C%_test_metrics_SOURCES = %D%/test_metrics.c %D%/scraped.h $(DNS_WORLD)
%C%_test_metrics_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_name
%C%_test_name_SOURCES = %D%/test_name.c
%C%_test_name_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_query
%C%_test_query_SOURCES = %D%/test_query.c %D%/ask.c %D%/ask.h
%C%_test_query_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_wire
%C%_test_wire_SOURCES = %D%/test_wire.c
%C%_test_wire_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_zone
%C%_test_zone_SOURCES = %D%/test_zone.c $(DNS_WORLD)
%C%_test_zone_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_frame
%C%_test_frame_SOURCES = %D%/test_frame.c
%C%_test_frame_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_types
%C%_test_types_SOURCES = %D%/test_types.c $(DNS_WORLD)
%C%_test_types_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_zones
%C%_test_zones_SOURCES = %D%/test_zones.c $(DNS_WORLD) \
	%D%/cases.c %D%/cases.h
%C%_test_zones_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_pool
%C%_test_pool_SOURCES = %D%/test_pool.c $(DNS_WORLD)
%C%_test_pool_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_decision
%C%_test_decision_SOURCES = %D%/test_decision.c %D%/geo_double.c \
	%D%/geo_double.h %D%/chain_plain.c %D%/chain_plain.h \
	%D%/decide_world.c %D%/decide_world.h
%C%_test_decision_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_denial
%C%_test_denial_SOURCES = %D%/test_denial.c $(DNS_STAGE)
%C%_test_denial_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_proof
%C%_test_proof_SOURCES = %D%/test_proof.c $(DNS_STAGE)
%C%_test_proof_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_signed
%C%_test_signed_SOURCES = %D%/test_signed.c %D%/ask.c %D%/ask.h \
	%D%/both_ways.c %D%/both_ways.h \
	%D%/geo_double.c %D%/geo_double.h %D%/validator.c %D%/validator.h
%C%_test_signed_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += tests/data/keys/world
EXTRA_DIST += tests/data/dns/world.zone tests/data/dns/answer.cases \
	tests/data/dns/types.cases tests/data/dns/zones \
	tests/data/dns/zones.cases
