# Unit tests of policy/language, and of `windrose check`.
EXTRA_DIST += tests/data/policy contrib/policies/active-active.yaml \
	contrib/policies/active-passive.yaml contrib/policies/follow-the-sun.yaml
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_responders
%C%_test_responders_SOURCES = %D%/test_responders.c \
	%D%/good_policy.c %D%/good_policy.h
%C%_test_responders_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_check
%C%_test_check_SOURCES = %D%/test_check.c
%C%_test_check_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_corpus
%C%_test_corpus_SOURCES = %D%/test_corpus.c
%C%_test_corpus_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_policy
%C%_test_policy_SOURCES = %D%/test_policy.c %D%/good_policy.c \
	%D%/good_policy.h
%C%_test_policy_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_expression
%C%_test_expression_SOURCES = %D%/test_expression.c %D%/good_policy.c \
	%D%/good_policy.h
%C%_test_expression_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_code
%C%_test_code_SOURCES = %D%/test_code.c
%C%_test_code_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_failover
%C%_test_failover_SOURCES = %D%/test_failover.c %D%/good_policy.c \
	%D%/good_policy.h
%C%_test_failover_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_judge
%C%_test_judge_SOURCES = %D%/test_judge.c %D%/good_policy.c \
	%D%/good_policy.h
%C%_test_judge_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_probing
%C%_test_probing_SOURCES = %D%/test_probing.c %D%/good_policy.c \
	%D%/good_policy.h
%C%_test_probing_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_scalar
%C%_test_scalar_SOURCES = %D%/test_scalar.c
%C%_test_scalar_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_schema
%C%_test_schema_SOURCES = %D%/test_schema.c
%C%_test_schema_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_tree
%C%_test_tree_SOURCES = %D%/test_tree.c
%C%_test_tree_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_window
%C%_test_window_SOURCES = %D%/test_window.c %D%/zone_file.c %D%/zone_file.h
%C%_test_window_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
endif
