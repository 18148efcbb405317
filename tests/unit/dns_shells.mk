# Unit tests of the shells of dns/: the slot, the transports, the feed.
if HAVE_CMOCKA
check_PROGRAMS += %D%/test_console
%C%_test_console_SOURCES = %D%/test_console.c %D%/site.c %D%/site.h \
	%D%/loopback.c %D%/loopback.h
%C%_test_console_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_exporter
%C%_test_exporter_SOURCES = %D%/test_exporter.c %D%/loopback.c \
	%D%/loopback.h
%C%_test_exporter_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_uptake
%C%_test_uptake_SOURCES = %D%/test_uptake.c %D%/site.c %D%/site.h \
	%D%/bundle_text.c %D%/bundle_text.h %D%/loopback.c %D%/loopback.h
%C%_test_uptake_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_responder
%C%_test_responder_SOURCES = %D%/test_responder.c %D%/site.c %D%/site.h \
	%D%/loopback.c %D%/loopback.h
%C%_test_responder_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_slot
%C%_test_slot_SOURCES = %D%/test_slot.c
%C%_test_slot_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_tcp
%C%_test_tcp_SOURCES = %D%/test_tcp.c %D%/echo.c %D%/echo.h \
	%D%/loopback.c %D%/loopback.h
%C%_test_tcp_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_udp
%C%_test_udp_SOURCES = %D%/test_udp.c %D%/echo.c %D%/echo.h \
	%D%/loopback.c %D%/loopback.h
%C%_test_udp_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_follow
%C%_test_follow_SOURCES = %D%/test_follow.c
%C%_test_follow_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_identify
%C%_test_identify_SOURCES = %D%/test_identify.c
%C%_test_identify_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_queried
%C%_test_queried_SOURCES = %D%/test_queried.c
%C%_test_queried_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_stats
%C%_test_stats_SOURCES = %D%/test_stats.c
%C%_test_stats_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_geo_watch
%C%_test_geo_watch_SOURCES = %D%/test_geo_watch.c
%C%_test_geo_watch_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_datagram
%C%_test_datagram_SOURCES = %D%/test_datagram.c %D%/echo.c %D%/echo.h
%C%_test_datagram_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_clients
%C%_test_clients_SOURCES = %D%/test_clients.c
%C%_test_clients_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += %D%/test_proxy_header
%C%_test_proxy_header_SOURCES = %D%/test_proxy_header.c
%C%_test_proxy_header_LDADD = $(DNS_LIBS) $(CMOCKA_LIBS)
endif
