# The edge follower.
steering_libsteering_a_SOURCES += \
	%D%/agent_check.c %D%/agent_check.h \
	%D%/agent_driver.c %D%/agent_driver.h \
	%D%/driver.c %D%/driver.h \
	%D%/edge_metrics.c %D%/edge_metrics.h \
	%D%/follower.c %D%/follower.h \
	%D%/haproxy.c %D%/haproxy.h \
	%D%/haproxy_counters.c %D%/haproxy_counters.h \
	%D%/informer.c %D%/informer.h \
	%D%/job.c %D%/job.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/nginx.c %D%/nginx.h \
	%D%/nginx_driver.c %D%/nginx_driver.h \
	%D%/nginx_log.c %D%/nginx_log.h \
	%D%/nginx_probe.c %D%/nginx_probe.h \
	%D%/haproxy_driver.c %D%/haproxy_driver.h \
	%D%/haproxy_state.c %D%/haproxy_state.h \
	%D%/nginx_tap.c %D%/nginx_tap.h \
	%D%/haproxy_log.c %D%/haproxy_log.h \
	%D%/tap.c %D%/tap.h \
	%D%/orders.c %D%/orders.h \
	%D%/portions.c %D%/portions.h \
	%D%/proxies.c %D%/proxies.h \
	%D%/proxy.c %D%/proxy.h \
	%D%/serving.c %D%/serving.h \
	%D%/sheet.c %D%/sheet.h \
	%D%/sheet_driver.c %D%/sheet_driver.h \
	%D%/vigil.c %D%/vigil.h \
	%D%/words.c %D%/words.h

sbin_PROGRAMS += windrose-edge
windrose_edge_SOURCES = %D%/windrose-edge.c
windrose_edge_LDADD = $(STEERING_LIBS)
dist_man_MANS += contrib/man/windrose-edge.8
