# The edge follower.
steering_libsteering_a_SOURCES += \
	%D%/follower.c %D%/follower.h \
	%D%/haproxy.c %D%/haproxy.h \
	%D%/haproxy_counters.c %D%/haproxy_counters.h \
	%D%/informer.c %D%/informer.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/proxy.c %D%/proxy.h

sbin_PROGRAMS += windrose-edge
windrose_edge_SOURCES = %D%/windrose-edge.c
windrose_edge_LDADD = $(STEERING_LIBS)
dist_man_MANS += contrib/man/windrose-edge.8
