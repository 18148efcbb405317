# The edge follower.
steering_libsteering_a_SOURCES += \
	%D%/driver.c %D%/driver.h \
	%D%/follower.c %D%/follower.h \
	%D%/haproxy.c %D%/haproxy.h \
	%D%/haproxy_counters.c %D%/haproxy_counters.h \
	%D%/informer.c %D%/informer.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/haproxy_driver.c %D%/haproxy_driver.h \
	%D%/haproxy_state.c %D%/haproxy_state.h \
	%D%/orders.c %D%/orders.h \
	%D%/portions.c %D%/portions.h \
	%D%/proxy.c %D%/proxy.h \
	%D%/vigil.c %D%/vigil.h

sbin_PROGRAMS += windrose-edge
windrose_edge_SOURCES = %D%/windrose-edge.c
windrose_edge_LDADD = $(STEERING_LIBS)
dist_man_MANS += contrib/man/windrose-edge.8
