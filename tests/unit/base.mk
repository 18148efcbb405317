# Unit tests of policy/base.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_base
%C%_test_base_SOURCES = %D%/test_base.c
%C%_test_base_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
endif
