# Unit tests of policy/base.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_base
%C%_test_base_SOURCES = %D%/test_base.c
%C%_test_base_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_histogram
%C%_test_histogram_SOURCES = %D%/test_histogram.c
%C%_test_histogram_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_program
%C%_test_program_SOURCES = %D%/test_program.c
%C%_test_program_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_errand
%C%_test_errand_SOURCES = %D%/test_errand.c
%C%_test_errand_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_openmetrics
%C%_test_openmetrics_SOURCES = %D%/test_openmetrics.c
%C%_test_openmetrics_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_tzif
%C%_test_tzif_SOURCES = %D%/test_tzif.c %D%/zone_file.c %D%/zone_file.h
%C%_test_tzif_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += tests/data/zoneinfo
