# Unit tests of bus.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_bus
%C%_test_bus_SOURCES = %D%/test_bus.c %D%/bus_world.c %D%/bus_world.h
%C%_test_bus_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_bundle
%C%_test_bundle_SOURCES = %D%/test_bundle.c
%C%_test_bundle_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_local
%C%_test_local_SOURCES = %D%/test_local.c
%C%_test_local_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_redis
%C%_test_redis_SOURCES = %D%/test_redis.c %D%/bus_world.c %D%/bus_world.h
%C%_test_redis_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_notices
%C%_test_notices_SOURCES = %D%/test_notices.c %D%/bus_world.c %D%/bus_world.h
%C%_test_notices_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_redis_access
%C%_test_redis_access_SOURCES = %D%/test_redis_access.c %D%/bus_world.c \
	%D%/bus_world.h %D%/spare_port.c %D%/spare_port.h
%C%_test_redis_access_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_lookup
%C%_test_lookup_SOURCES = %D%/test_lookup.c %D%/bus_world.c \
	%D%/bus_world.h %D%/spare_port.c %D%/spare_port.h
%C%_test_lookup_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_redis_url
%C%_test_redis_url_SOURCES = %D%/test_redis_url.c
%C%_test_redis_url_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_redis_connect
%C%_test_redis_connect_SOURCES = %D%/test_redis_connect.c \
	%D%/bus_world.c %D%/bus_world.h %D%/fake_redis.c %D%/fake_redis.h
%C%_test_redis_connect_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_redis_tls
%C%_test_redis_tls_SOURCES = %D%/test_redis_tls.c %D%/bus_world.c \
	%D%/bus_world.h %D%/spare_port.c %D%/spare_port.h
%C%_test_redis_tls_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_codecs
%C%_test_codecs_SOURCES = %D%/test_codecs.c %D%/plan_text.h
%C%_test_codecs_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_plan
%C%_test_plan_SOURCES = %D%/test_plan.c %D%/plan_text.h
%C%_test_plan_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_served
%C%_test_served_SOURCES = %D%/test_served.c
%C%_test_served_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_report
%C%_test_report_SOURCES = %D%/test_report.c
%C%_test_report_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_versions
%C%_test_versions_SOURCES = %D%/test_versions.c
%C%_test_versions_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_witness
%C%_test_witness_SOURCES = %D%/test_witness.c
%C%_test_witness_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_sign
%C%_test_sign_SOURCES = %D%/test_sign.c
%C%_test_sign_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_keep
%C%_test_keep_SOURCES = %D%/test_keep.c
%C%_test_keep_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_ring
%C%_test_ring_SOURCES = %D%/test_ring.c
%C%_test_ring_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_control
%C%_test_control_SOURCES = %D%/test_control.c
%C%_test_control_LDADD = $(POLICY_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += tests/data/bus
EXTRA_DIST += contrib/redis/README.md contrib/redis/redis.conf \
	contrib/redis/users.acl contrib/redis/tls.conf \
	contrib/redis/sentinel.conf contrib/redis/cluster.conf \
	contrib/redis/replica.conf
