# Unit tests of decide.
if HAVE_CMOCKA
decide_world = %D%/decide_world.c %D%/decide_world.h
traffic_world = %D%/traffic_world.c %D%/traffic_world.h
check_PROGRAMS += %D%/test_budget
%C%_test_budget_SOURCES = %D%/test_budget.c $(decide_world)
%C%_test_budget_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_deferral
%C%_test_deferral_SOURCES = %D%/test_deferral.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_deferral_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_panic
%C%_test_panic_SOURCES = %D%/test_panic.c $(decide_world)
%C%_test_panic_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_demand
%C%_test_demand_SOURCES = %D%/test_demand.c
%C%_test_demand_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_allot
%C%_test_allot_SOURCES = %D%/test_allot.c $(decide_world)
%C%_test_allot_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_flock
%C%_test_flock_SOURCES = %D%/test_flock.c $(decide_world)
%C%_test_flock_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_spill
%C%_test_spill_SOURCES = %D%/test_spill.c $(decide_world)
%C%_test_spill_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_regional_loss
%C%_test_regional_loss_SOURCES = %D%/test_regional_loss.c $(traffic_world)
%C%_test_regional_loss_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/data/traffic/countries.csv tests/data/traffic/users.csv
check_PROGRAMS += %D%/test_loss
%C%_test_loss_SOURCES = %D%/test_loss.c %D%/good_policy.c %D%/good_policy.h
%C%_test_loss_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_pin
%C%_test_pin_SOURCES = %D%/test_pin.c $(decide_world)
%C%_test_pin_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += %D%/test_panic_row
%C%_test_panic_row_SOURCES = %D%/test_panic_row.c $(decide_world)
%C%_test_panic_row_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_outage
%C%_test_outage_SOURCES = %D%/test_outage.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_outage_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_quorum
%C%_test_quorum_SOURCES = %D%/test_quorum.c
%C%_test_quorum_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_expected_latency
%C%_test_expected_latency_SOURCES = %D%/test_expected_latency.c $(decide_world)
%C%_test_expected_latency_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_share
%C%_test_share_SOURCES = %D%/test_share.c $(decide_world)
%C%_test_share_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_chain
%C%_test_chain_SOURCES = %D%/test_chain.c $(decide_world)
%C%_test_chain_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_locality
%C%_test_locality_SOURCES = %D%/test_locality.c $(decide_world)
%C%_test_locality_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_vicinity
%C%_test_vicinity_SOURCES = %D%/test_vicinity.c $(decide_world)
%C%_test_vicinity_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_census
%C%_test_census_SOURCES = %D%/test_census.c
%C%_test_census_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_heard
%C%_test_heard_SOURCES = %D%/test_heard.c
%C%_test_heard_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_hearing
%C%_test_hearing_SOURCES = %D%/test_hearing.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_hearing_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_hash_vectors
%C%_test_hash_vectors_SOURCES = %D%/test_hash_vectors.c
%C%_test_hash_vectors_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_decree
%C%_test_decree_SOURCES = %D%/test_decree.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_decree_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_view
%C%_test_view_SOURCES = %D%/test_view.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_view_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_opening
%C%_test_opening_SOURCES = %D%/test_opening.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h %D%/zone_file.c %D%/zone_file.h
%C%_test_opening_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_parts
%C%_test_parts_SOURCES = %D%/test_parts.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_parts_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_trickle
%C%_test_trickle_SOURCES = %D%/test_trickle.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_trickle_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_remember
%C%_test_remember_SOURCES = %D%/test_remember.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_remember_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_since
%C%_test_since_SOURCES = %D%/test_since.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_since_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_frozen
%C%_test_frozen_SOURCES = %D%/test_frozen.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_frozen_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_reason
%C%_test_reason_SOURCES = %D%/test_reason.c $(decide_world)
%C%_test_reason_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_standing
%C%_test_standing_SOURCES = %D%/test_standing.c $(decide_world) \
	%D%/decide_scene.c %D%/decide_scene.h
%C%_test_standing_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_rum
%C%_test_rum_SOURCES = %D%/test_rum.c $(decide_world)
%C%_test_rum_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_command
%C%_test_command_SOURCES = %D%/test_command.c $(decide_world)
%C%_test_command_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_review
%C%_test_review_SOURCES = %D%/test_review.c %D%/capture.c %D%/capture.h \
	%D%/work_folder.c %D%/work_folder.h
%C%_test_review_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_trace
%C%_test_trace_SOURCES = %D%/test_trace.c
%C%_test_trace_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_format
%C%_test_format_SOURCES = %D%/test_format.c
%C%_test_format_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_holes
%C%_test_holes_SOURCES = %D%/test_holes.c %D%/capture.c %D%/capture.h \
	%D%/work_folder.c %D%/work_folder.h
%C%_test_holes_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_supposition
%C%_test_supposition_SOURCES = %D%/test_supposition.c %D%/good_policy.c \
	%D%/good_policy.h
%C%_test_supposition_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += %D%/test_claim
%C%_test_claim_SOURCES = %D%/test_claim.c %D%/good_policy.c \
	%D%/good_policy.h
%C%_test_claim_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
endif
dist_check_SCRIPTS += %D%/hash_vectors.sh %D%/policies.sh %D%/readme.sh
EXTRA_DIST += tests/data/review tests/data/trace tests/data/hash-vectors.txt
