# Unit tests of steering/edge and steering/runbook.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_haproxy
%C%_test_haproxy_SOURCES = %D%/test_haproxy.c
%C%_test_haproxy_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_runbook_order
%C%_test_runbook_order_SOURCES = %D%/test_runbook_order.c
%C%_test_runbook_order_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_runbook_render
%C%_test_runbook_render_SOURCES = %D%/test_runbook_render.c
%C%_test_runbook_render_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_diagnosis
%C%_test_diagnosis_SOURCES = %D%/test_diagnosis.c
%C%_test_diagnosis_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_haproxy_counters
%C%_test_haproxy_counters_SOURCES = %D%/test_haproxy_counters.c
%C%_test_haproxy_counters_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_sentinel_view
%C%_test_sentinel_view_SOURCES = %D%/test_sentinel_view.c
%C%_test_sentinel_view_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_cluster_map
%C%_test_cluster_map_SOURCES = %D%/test_cluster_map.c
%C%_test_cluster_map_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_proxy
%C%_test_proxy_SOURCES = %D%/test_proxy.c
%C%_test_proxy_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_glyph
%C%_test_glyph_SOURCES = %D%/test_glyph.c
%C%_test_glyph_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_key
%C%_test_key_SOURCES = %D%/test_key.c
%C%_test_key_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_picture
%C%_test_picture_SOURCES = %D%/test_picture.c
%C%_test_picture_LDADD = $(STEERING_LIBS) $(CMOCKA_LIBS)
endif
