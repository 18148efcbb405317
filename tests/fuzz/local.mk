# Fuzz targets: LLVMFuzzerTestOneInput in tests/fuzz/fuzz_NOUN.c.  With
# --enable-fuzzers they link libFuzzer; without, tests/fuzz/corpus.c runs each
# over its seed corpus tests/fuzz/corpus/NOUN/ in `make check`.
if FUZZERS
FUZZ_MAIN =
else
FUZZ_MAIN = tests/fuzz/corpus.c
endif
EXTRA_DIST += tests/fuzz/corpus.c tests/fuzz/corpus tests/fuzz/coverage

# base
check_PROGRAMS += %D%/fuzz_tzif
%C%_fuzz_tzif_SOURCES = %D%/fuzz_tzif.c $(FUZZ_MAIN)
%C%_fuzz_tzif_LDADD = $(POLICY_LIBS)
%C%_fuzz_tzif_LDFLAGS = $(FUZZ_LDFLAGS)

# health
check_PROGRAMS += %D%/fuzz_match %D%/fuzz_question %D%/fuzz_client_query
check_PROGRAMS += %D%/fuzz_counters
%C%_fuzz_counters_SOURCES = %D%/fuzz_counters.c $(FUZZ_MAIN)
%C%_fuzz_counters_LDADD = $(HEALTH_LIBS)
%C%_fuzz_counters_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_client_query_SOURCES = %D%/fuzz_client_query.c $(FUZZ_MAIN)
%C%_fuzz_client_query_LDADD = $(HEALTH_LIBS)
%C%_fuzz_client_query_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_question_SOURCES = %D%/fuzz_question.c $(FUZZ_MAIN)
%C%_fuzz_question_LDADD = $(HEALTH_LIBS)
%C%_fuzz_question_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_match_SOURCES = %D%/fuzz_match.c $(FUZZ_MAIN)
%C%_fuzz_match_LDADD = $(HEALTH_LIBS)
%C%_fuzz_match_LDFLAGS = $(FUZZ_LDFLAGS)

# steering
check_PROGRAMS += %D%/fuzz_haproxy
%C%_fuzz_haproxy_SOURCES = %D%/fuzz_haproxy.c $(FUZZ_MAIN)
%C%_fuzz_haproxy_LDADD = $(STEERING_LIBS)
%C%_fuzz_haproxy_LDFLAGS = $(FUZZ_LDFLAGS)
check_PROGRAMS += %D%/fuzz_edge_talk
%C%_fuzz_edge_talk_SOURCES = %D%/fuzz_edge_talk.c $(FUZZ_MAIN)
%C%_fuzz_edge_talk_LDADD = $(STEERING_LIBS)
%C%_fuzz_edge_talk_LDFLAGS = $(FUZZ_LDFLAGS)
check_PROGRAMS += %D%/fuzz_nginx
%C%_fuzz_nginx_SOURCES = %D%/fuzz_nginx.c $(FUZZ_MAIN)
%C%_fuzz_nginx_LDADD = $(STEERING_LIBS)
%C%_fuzz_nginx_LDFLAGS = $(FUZZ_LDFLAGS)
check_PROGRAMS += %D%/fuzz_custody
%C%_fuzz_custody_SOURCES = %D%/fuzz_custody.c $(FUZZ_MAIN)
%C%_fuzz_custody_LDADD = $(STEERING_LIBS)
%C%_fuzz_custody_LDFLAGS = $(FUZZ_LDFLAGS)
check_PROGRAMS += %D%/fuzz_rum_post
%C%_fuzz_rum_post_SOURCES = %D%/fuzz_rum_post.c $(FUZZ_MAIN)
%C%_fuzz_rum_post_LDADD = $(STEERING_LIBS)
%C%_fuzz_rum_post_LDFLAGS = $(FUZZ_LDFLAGS)

check_PROGRAMS += %D%/fuzz_promanswer
%C%_fuzz_promanswer_SOURCES = %D%/fuzz_promanswer.c $(FUZZ_MAIN)
%C%_fuzz_promanswer_LDADD = $(STEERING_LIBS)
%C%_fuzz_promanswer_LDFLAGS = $(FUZZ_LDFLAGS)

# bus: commands
check_PROGRAMS += %D%/fuzz_command
%C%_fuzz_command_SOURCES = %D%/fuzz_command.c $(FUZZ_MAIN)
%C%_fuzz_command_LDADD = $(POLICY_LIBS)
%C%_fuzz_command_LDFLAGS = $(FUZZ_LDFLAGS)

# geo
check_PROGRAMS += %D%/fuzz_mmdb %D%/fuzz_corrections %D%/fuzz_lpm
%C%_fuzz_lpm_SOURCES = %D%/fuzz_lpm.c $(FUZZ_MAIN)
%C%_fuzz_lpm_LDADD = $(POLICY_LIBS)
%C%_fuzz_lpm_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_mmdb_SOURCES = %D%/fuzz_mmdb.c $(FUZZ_MAIN)
%C%_fuzz_mmdb_LDADD = $(POLICY_LIBS)
%C%_fuzz_mmdb_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_corrections_SOURCES = %D%/fuzz_corrections.c $(FUZZ_MAIN)
%C%_fuzz_corrections_LDADD = $(POLICY_LIBS)
%C%_fuzz_corrections_LDFLAGS = $(FUZZ_LDFLAGS)

# review
check_PROGRAMS += %D%/fuzz_trace %D%/fuzz_format
%C%_fuzz_format_SOURCES = %D%/fuzz_format.c $(FUZZ_MAIN)
%C%_fuzz_format_LDADD = $(POLICY_LIBS)
%C%_fuzz_format_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_trace_SOURCES = %D%/fuzz_trace.c $(FUZZ_MAIN)
%C%_fuzz_trace_LDADD = $(POLICY_LIBS)
%C%_fuzz_trace_LDFLAGS = $(FUZZ_LDFLAGS)

# dns
check_PROGRAMS += %D%/fuzz_ecs %D%/fuzz_query
%C%_fuzz_ecs_SOURCES = %D%/fuzz_ecs.c $(FUZZ_MAIN)
%C%_fuzz_ecs_LDADD = $(DNS_LIBS)
%C%_fuzz_ecs_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_query_SOURCES = %D%/fuzz_query.c $(FUZZ_MAIN) \
	%D%/forge.c %D%/forge.h %D%/reading.c %D%/reading.h \
	tests/unit/both_ways.c tests/unit/both_ways.h \
	tests/unit/geo_double.c tests/unit/geo_double.h \
	tests/unit/world.c tests/unit/world.h
%C%_fuzz_query_LDADD = $(DNS_LIBS)
%C%_fuzz_query_LDFLAGS = $(FUZZ_LDFLAGS)

check_PROGRAMS += %D%/fuzz_secrets %D%/fuzz_rrl
%C%_fuzz_secrets_SOURCES = %D%/fuzz_secrets.c $(FUZZ_MAIN)
%C%_fuzz_secrets_LDADD = $(DNS_LIBS)
%C%_fuzz_secrets_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_rrl_SOURCES = %D%/fuzz_rrl.c $(FUZZ_MAIN)
%C%_fuzz_rrl_LDADD = $(DNS_LIBS)
%C%_fuzz_rrl_LDFLAGS = $(FUZZ_LDFLAGS)

# decide: how a node says that a service stands
check_PROGRAMS += %D%/fuzz_standing
%C%_fuzz_standing_SOURCES = %D%/fuzz_standing.c $(FUZZ_MAIN)
%C%_fuzz_standing_LDADD = $(POLICY_LIBS)
%C%_fuzz_standing_LDFLAGS = $(FUZZ_LDFLAGS)

# bus: plans, reports, nodes
check_PROGRAMS += %D%/fuzz_plan %D%/fuzz_report %D%/fuzz_node
check_PROGRAMS += %D%/fuzz_served
%C%_fuzz_served_SOURCES = %D%/fuzz_served.c $(FUZZ_MAIN)
%C%_fuzz_served_LDADD = $(POLICY_LIBS)
%C%_fuzz_served_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_plan_SOURCES = %D%/fuzz_plan.c $(FUZZ_MAIN)
%C%_fuzz_plan_LDADD = $(POLICY_LIBS)
%C%_fuzz_plan_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_report_SOURCES = %D%/fuzz_report.c $(FUZZ_MAIN)
%C%_fuzz_report_LDADD = $(POLICY_LIBS)
%C%_fuzz_report_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_node_SOURCES = %D%/fuzz_node.c $(FUZZ_MAIN)
%C%_fuzz_node_LDADD = $(POLICY_LIBS)
%C%_fuzz_node_LDFLAGS = $(FUZZ_LDFLAGS)

# language
check_PROGRAMS += %D%/fuzz_policy %D%/fuzz_zone
%C%_fuzz_policy_SOURCES = %D%/fuzz_policy.c $(FUZZ_MAIN)
%C%_fuzz_policy_LDADD = $(POLICY_LIBS)
%C%_fuzz_policy_LDFLAGS = $(FUZZ_LDFLAGS)
%C%_fuzz_zone_SOURCES = %D%/fuzz_zone.c $(FUZZ_MAIN)
%C%_fuzz_zone_LDADD = $(POLICY_LIBS)
%C%_fuzz_zone_LDFLAGS = $(FUZZ_LDFLAGS)

# zones, served
check_PROGRAMS += %D%/fuzz_serve
%C%_fuzz_serve_SOURCES = %D%/fuzz_serve.c $(FUZZ_MAIN) \
	tests/unit/geo_double.c tests/unit/geo_double.h
%C%_fuzz_serve_LDADD = $(DNS_LIBS)
%C%_fuzz_serve_LDFLAGS = $(FUZZ_LDFLAGS)

# the query parser against ldns
check_PROGRAMS += %D%/diff_query
%C%_diff_query_SOURCES = %D%/diff_query.c %D%/forge.c %D%/forge.h \
	%D%/reading.c %D%/reading.h \
	tests/unit/geo_double.c tests/unit/geo_double.h \
	tests/unit/world.c tests/unit/world.h
%C%_diff_query_LDADD = $(DNS_LIBS)

# dns: PROXY headers
check_PROGRAMS += %D%/fuzz_proxy_header
%C%_fuzz_proxy_header_SOURCES = %D%/fuzz_proxy_header.c $(FUZZ_MAIN)
%C%_fuzz_proxy_header_LDADD = $(DNS_LIBS)
%C%_fuzz_proxy_header_LDFLAGS = $(FUZZ_LDFLAGS)

# dns: frames off the wire
check_PROGRAMS += %D%/fuzz_frame
%C%_fuzz_frame_SOURCES = %D%/fuzz_frame.c $(FUZZ_MAIN)
%C%_fuzz_frame_LDADD = $(DNS_LIBS)
%C%_fuzz_frame_LDFLAGS = $(FUZZ_LDFLAGS)

# the last known good
check_PROGRAMS += %D%/fuzz_keep
%C%_fuzz_keep_SOURCES = %D%/fuzz_keep.c $(FUZZ_MAIN)
%C%_fuzz_keep_LDADD = $(POLICY_LIBS)
%C%_fuzz_keep_LDFLAGS = $(FUZZ_LDFLAGS)

# bus: where Redis is
check_PROGRAMS += %D%/fuzz_redis_url
%C%_fuzz_redis_url_SOURCES = %D%/fuzz_redis_url.c $(FUZZ_MAIN)
%C%_fuzz_redis_url_LDADD = $(POLICY_LIBS)
%C%_fuzz_redis_url_LDFLAGS = $(FUZZ_LDFLAGS)

# what a Redis says of itself
check_PROGRAMS += %D%/fuzz_diagnosis
%C%_fuzz_diagnosis_SOURCES = %D%/fuzz_diagnosis.c $(FUZZ_MAIN)
%C%_fuzz_diagnosis_LDADD = $(STEERING_LIBS)
%C%_fuzz_diagnosis_LDFLAGS = $(FUZZ_LDFLAGS)

# edge: what HAProxy counted
check_PROGRAMS += %D%/fuzz_haproxy_counters
%C%_fuzz_haproxy_counters_SOURCES = %D%/fuzz_haproxy_counters.c $(FUZZ_MAIN)
%C%_fuzz_haproxy_counters_LDADD = $(STEERING_LIBS)
%C%_fuzz_haproxy_counters_LDFLAGS = $(FUZZ_LDFLAGS)

# runbook
check_PROGRAMS += %D%/fuzz_glyph
%C%_fuzz_glyph_SOURCES = %D%/fuzz_glyph.c $(FUZZ_MAIN)
%C%_fuzz_glyph_LDADD = $(STEERING_LIBS)
%C%_fuzz_glyph_LDFLAGS = $(FUZZ_LDFLAGS)

# bus: a policy's files
check_PROGRAMS += %D%/fuzz_bundle
%C%_fuzz_bundle_SOURCES = %D%/fuzz_bundle.c $(FUZZ_MAIN)
%C%_fuzz_bundle_LDADD = $(POLICY_LIBS)
%C%_fuzz_bundle_LDFLAGS = $(FUZZ_LDFLAGS)
