noinst_LIBRARIES += %D%/libdns.a
dns_libdns_a_SOURCES =
