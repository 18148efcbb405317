/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace -- queries that clients did ask, read from a file of one of four
 * forms, which its first octets tell:
 *
 *   text    lines "[TIME] CLIENT NAME [TYPE] [COUNT]"; TIME is an instant like
 *           2026-07-06T09:30Z or seconds since 1970, CLIENT an address or a
 *           prefix, COUNT how often; "#" begins a comment
 *   pcap    what tcpdump -w writes: UDP over IPv4 and IPv6, in Ethernet with
 *           or without VLANs, raw, or "cooked" of Linux
 *   pcapng  what Wireshark writes, of the same
 *   dnstap  a file of Frame Streams, as windrose-dns --dnstap writes: queries
 *           that clients asked
 *
 * A record that makes no sense is counted and the next one is read; where the
 * next one begins is then known, or the file is refused.  Memory does not grow
 * with the file.
 *
 * Shell: reads a file.  Source: pcap-savefile(5); draft-ietf-opsawg-pcapng;
 * Frame Streams, github.com/farsightsec/fstrm; dnstap.proto, dnstap.info; RFC
 * 7871.
 */
#ifndef POLICY_REVIEW_TRACE_H
#define POLICY_REVIEW_TRACE_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;

struct trace_query {
	int64_t wall_ms;        /* 0: not told */
	struct net_addr client; /* the subnet that the query names, else who
				 * asked; of a prefix its first address */
	const char *name; /* lower case, no final dot; borrowed for the call */
	uint16_t type;    /* RRTYPE; 0: not told */
	double count;     /* > 0 */
};

/* False ends the reading: memory ran out. */
typedef bool trace_take(void *arg, const struct trace_query *query);

struct trace_sink {
	trace_take *take;
	void *arg;
};

/* Of the records: lines, packets, frames. */
struct trace_tally {
	uint64_t queries;
	uint64_t others;    /* no queries: answers, other protocols */
	uint64_t bad;       /* that make no sense */
	uint64_t first_bad; /* the first of them, counted from 1 */
	char why[80];       /* of it */
};

/* All of in, whatever it is; the tally begins anew.  False with err set. */
bool trace_read(FILE *in, const struct trace_sink *sink,
		struct trace_tally *tally, struct error *err);

/* The same of a file; err names it. */
bool trace_read_file(const char *path, const struct trace_sink *sink,
		     struct trace_tally *tally, struct error *err);

#endif
