# Unit tests of policy/keys and dns/sign.
KEY_FOLDER = %D%/key_folder.c %D%/key_folder.h
SIGN_BENCH = %D%/sign_bench.c %D%/sign_bench.h
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_key_files
%C%_test_key_files_SOURCES = %D%/test_key_files.c $(KEY_FOLDER)
%C%_test_key_files_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_renewal
%C%_test_renewal_SOURCES = %D%/test_renewal.c
%C%_test_renewal_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
# Its clocks, loader and feed are the test's.
%C%_test_renewal_LDFLAGS = -Wl,--wrap=clock_now_ms,--wrap=clock_wall_ms \
	-Wl,--wrap=clock_ahead_ms,--wrap=loader_renew,--wrap=feed_model
check_PROGRAMS += %D%/test_upkeep
%C%_test_upkeep_SOURCES = %D%/test_upkeep.c %D%/site.c %D%/site.h \
	%D%/loopback.c %D%/loopback.h
%C%_test_upkeep_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_keyring
%C%_test_keyring_SOURCES = %D%/test_keyring.c $(KEY_FOLDER)
%C%_test_keyring_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_signer
%C%_test_signer_SOURCES = %D%/test_signer.c $(SIGN_BENCH)
%C%_test_signer_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_signer_times
%C%_test_signer_times_SOURCES = %D%/test_signer_times.c $(SIGN_BENCH)
%C%_test_signer_times_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += tests/data/keys
