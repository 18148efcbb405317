# Unit tests of steering.
if HAVE_CMOCKA
steer_world = %D%/steer_world.c %D%/steer_world.h
story = %D%/story.c %D%/story.h $(steer_world)
check_PROGRAMS += %D%/test_agent_commands
%C%_test_agent_commands_SOURCES = %D%/test_agent_commands.c $(story)
%C%_test_agent_commands_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_agent
%C%_test_agent_SOURCES = %D%/test_agent.c $(story)
%C%_test_agent_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_canary
%C%_test_canary_SOURCES = %D%/test_canary.c $(steer_world)
%C%_test_canary_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_guard
%C%_test_guard_SOURCES = %D%/test_guard.c $(steer_world)
%C%_test_guard_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_inputs
%C%_test_inputs_SOURCES = %D%/test_inputs.c $(steer_world)
%C%_test_inputs_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_journal
%C%_test_journal_SOURCES = %D%/test_journal.c
%C%_test_journal_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_lease
%C%_test_lease_SOURCES = %D%/test_lease.c
%C%_test_lease_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_predict
%C%_test_predict_SOURCES = %D%/test_predict.c $(steer_world)
%C%_test_predict_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_rum_post
%C%_test_rum_post_SOURCES = %D%/test_rum_post.c
%C%_test_rum_post_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_tally
%C%_test_tally_SOURCES = %D%/test_tally.c
%C%_test_tally_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_ramp
%C%_test_ramp_SOURCES = %D%/test_ramp.c
%C%_test_ramp_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_registry
%C%_test_registry_SOURCES = %D%/test_registry.c
%C%_test_registry_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_steerer
%C%_test_steerer_SOURCES = %D%/test_steerer.c \
	%D%/office.c %D%/office.h
%C%_test_steerer_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
endif
