# Unit tests of policy/keys and dns/sign.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_keyring %D%/test_signer
%C%_test_keyring_SOURCES = %D%/test_keyring.c
%C%_test_keyring_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
%C%_test_signer_SOURCES = %D%/test_signer.c
%C%_test_signer_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += tests/data/keys
