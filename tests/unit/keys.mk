# Unit tests of policy/keys and dns/sign.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_keyring %D%/test_signer \
	%D%/test_upkeep
%C%_test_upkeep_SOURCES = %D%/test_upkeep.c %D%/site.c %D%/site.h \
	%D%/loopback.c %D%/loopback.h
%C%_test_upkeep_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
%C%_test_keyring_SOURCES = %D%/test_keyring.c
%C%_test_keyring_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
%C%_test_signer_SOURCES = %D%/test_signer.c
%C%_test_signer_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += tests/data/keys
