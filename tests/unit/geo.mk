# Unit tests of client classes and geo databases.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_lpm
%C%_test_lpm_SOURCES = %D%/test_lpm.c
%C%_test_lpm_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_client
%C%_test_client_SOURCES = %D%/test_client.c
%C%_test_client_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_geo
%C%_test_geo_SOURCES = %D%/test_geo.c %D%/small_world.c %D%/small_world.h
%C%_test_geo_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_geo_cache
%C%_test_geo_cache_SOURCES = %D%/test_geo_cache.c %D%/small_world.c \
	%D%/small_world.h
%C%_test_geo_cache_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_mmdb
%C%_test_mmdb_SOURCES = %D%/test_mmdb.c %D%/small_world.c %D%/small_world.h
%C%_test_mmdb_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/prop_scope
%C%_prop_scope_SOURCES = %D%/prop_scope.c %D%/small_world.c %D%/small_world.h
%C%_prop_scope_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += contrib/geo/README contrib/geo/fetch contrib/geo/make-mmdb \
	contrib/geo/small.txt
