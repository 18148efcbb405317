noinst_LIBRARIES += %D%/libdns.a
dns_libdns_a_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/chaos.c %D%/chaos.h \
	%D%/cookie.c %D%/cookie.h \
	%D%/chain.c %D%/chain.h \
	%D%/clients.c %D%/clients.h \
	%D%/decision.c %D%/decision.h \
	%D%/denial.c %D%/denial.h \
	%D%/division.c %D%/division.h \
	%D%/ecs.c %D%/ecs.h \
	%D%/edns.c %D%/edns.h \
	%D%/express.c %D%/express.h \
	%D%/frame.c %D%/frame.h \
	%D%/identity.c %D%/identity.h \
	%D%/index.c %D%/index.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/model.c %D%/model.h \
	%D%/name.c %D%/name.h %D%/octets.h \
	%D%/pool.c %D%/pool.h \
	%D%/position.h \
	%D%/proof.c %D%/proof.h \
	%D%/proxy_header.c %D%/proxy_header.h \
	%D%/query.c %D%/query.h \
	%D%/rationale.c %D%/rationale.h \
	%D%/rehearsal.c %D%/rehearsal.h \
	%D%/reply.c %D%/reply.h \
	%D%/resolve.c %D%/resolve.h \
	%D%/rrset.c %D%/rrset.h \
	%D%/sign/canon.c %D%/sign/canon.h \
	%D%/sign/shelf.c %D%/sign/shelf.h \
	%D%/sign/signer.c %D%/sign/signer.h \
	%D%/rrl.c %D%/rrl.h \
	%D%/rrl_config.c %D%/rrl_config.h \
	%D%/sign/signers.c %D%/sign/signers.h \
	%D%/siphash.c %D%/siphash.h \
	%D%/steered.c %D%/steered.h \
	%D%/svcb.c %D%/svcb.h \
	%D%/table.c %D%/table.h \
	%D%/wire.c %D%/wire.h \
	%D%/zone.h %D%/zone_build.c \
	%D%/zone_records.c %D%/zone_records.h \
	%D%/zone_sign.c %D%/zone_sign.h \
	%D%/zone_sign_denial.c %D%/zone_sign_pool.c \
	%D%/zones.c %D%/zones.h
# The shells.
dns_libdns_a_SOURCES += \
	%D%/account.c %D%/account.h \
	%D%/activation.c %D%/activation.h \
	%D%/condition.c %D%/condition.h \
	%D%/connection.c %D%/connection.h \
	%D%/console.c %D%/console.h \
	%D%/datagram.c %D%/datagram.h \
	%D%/queried.c %D%/queried.h \
	%D%/feed.c %D%/feed.h \
	%D%/feed_impl.h %D%/feed_record.c \
	%D%/handover.c %D%/handover.h \
	%D%/identify.c %D%/identify.h \
	%D%/kept.c %D%/kept.h \
	%D%/lastgood.c %D%/lastgood.h \
	%D%/listeners.c %D%/listeners.h \
	%D%/loader.c %D%/loader.h \
	%D%/notify.c %D%/notify.h \
	%D%/once.c %D%/once.h \
	%D%/pktinfo.c %D%/pktinfo.h \
	%D%/prelude.c %D%/prelude.h \
	%D%/privilege.c %D%/privilege.h \
	%D%/renewal.c %D%/renewal.h \
	%D%/responder.c %D%/responder.h \
	%D%/slot.c %D%/slot.h \
	%D%/socket.c %D%/socket.h \
	%D%/stats.c %D%/stats.h \
	%D%/status.c %D%/status.h \
	%D%/succession.c %D%/succession.h \
	%D%/tap.h \
	%D%/tidings.c %D%/tidings.h \
	%D%/tcp.c %D%/tcp.h \
	%D%/tls.c %D%/tls.h \
	%D%/xdp.h \
	%D%/transports.c %D%/transports.h \
	%D%/udp.c %D%/udp.h \
	%D%/upkeep.c %D%/upkeep.h \
	%D%/uptake.c %D%/uptake.h \
	%D%/verdicts.c %D%/verdicts.h \
	%D%/watch.c %D%/watch.h

# Past the kernel's network stack.  The program that the kernel runs is
# compiled for its own machine, and its object goes into ours as octets.
EXTRA_DIST += %D%/xdp_filter.bpf.c
if XDP
dns_libdns_a_SOURCES += %D%/xdp.c %D%/xdp_filter.c %D%/xdp_filter.h \
	%D%/nic.c %D%/nic.h %D%/xdp_place.h \
	%D%/xdp_batch.c %D%/xdp_batch.h \
	%D%/xdp_socket.c %D%/xdp_socket.h
nodist_EXTRA_dns_libdns_a_SOURCES = %D%/xdp_filter_object.h
BUILT_SOURCES += %D%/xdp_filter_object.h
CLEANFILES += %D%/xdp_filter_object.h %D%/xdp_filter.bpf.o
else
dns_libdns_a_SOURCES += %D%/xdp_absent.c
endif
%D%/xdp_filter.$(OBJEXT): %D%/xdp_filter_object.h
%D%/xdp_filter.bpf.o: %D%/xdp_filter.bpf.c %D%/xdp_place.h
	$(AM_V_GEN)$(MKDIR_P) %D% && $(BPF_CLANG) -O2 -g -Wall -Wextra -Werror \
		-target bpf $(BPF_CPPFLAGS) -I$(srcdir) -c -o $@ \
		$(srcdir)/%D%/xdp_filter.bpf.c
%D%/xdp_filter_object.h: %D%/xdp_filter.bpf.o
	$(AM_V_GEN){ echo 'static const unsigned char xdp_filter_object[] = {' && \
		od -An -v -tu1 %D%/xdp_filter.bpf.o | \
		sed 's/  *\([0-9][0-9]*\)/\1,/g' && echo '};'; } >$@-new && \
		mv $@-new $@

EXTRA_DIST += %D%/dnstap.proto
if DNSTAP
dns_libdns_a_SOURCES += %D%/tap.c
nodist_dns_libdns_a_SOURCES = %D%/dnstap.pb-c.c %D%/dnstap.pb-c.h
BUILT_SOURCES += %D%/dnstap.pb-c.c %D%/dnstap.pb-c.h
CLEANFILES += %D%/dnstap.pb-c.c %D%/dnstap.pb-c.h
else
dns_libdns_a_SOURCES += %D%/tap_absent.c
endif
%D%/tap.$(OBJEXT): %D%/dnstap.pb-c.h
%D%/dnstap.pb-c.h: %D%/dnstap.pb-c.c
%D%/dnstap.pb-c.c: %D%/dnstap.proto
	$(AM_V_GEN)$(MKDIR_P) %D% && $(PROTOC_C) --c_out=. -I$(srcdir) \
		$(srcdir)/%D%/dnstap.proto

sbin_PROGRAMS += windrose-dns
windrose_dns_SOURCES = %D%/windrose-dns.c
windrose_dns_LDADD = $(DNS_LIBS)
windrose_dns_LDFLAGS = $(LTO_LDFLAGS)
dist_man_MANS += contrib/man/windrose-dns.8
