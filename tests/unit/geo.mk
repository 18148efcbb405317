# Unit tests of client classes and geo databases.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_lpm
%C%_test_lpm_SOURCES = %D%/test_lpm.c
%C%_test_lpm_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += contrib/geo/README contrib/geo/fetch contrib/geo/make-mmdb \
	contrib/geo/small.txt
