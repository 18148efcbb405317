/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_impl -- what the readers of the forms of a trace have in common; see
 * policy/review/trace.h.
 */
#ifndef POLICY_REVIEW_TRACE_IMPL_H
#define POLICY_REVIEW_TRACE_IMPL_H

#include "policy/review/trace.h"

enum {
	TRACE_RECORD_MAX = 1 << 20, /* octets of a packet, frame or line */
};

/* A file on its way; whoever takes a record says what it was. */
struct trace {
	FILE *in;
	const struct trace_sink *sink;
	struct trace_tally *tally;
	struct error *err;
	uint8_t *record;  /* TRACE_RECORD_MAX octets */
	size_t held;      /* octets in it that told the form */
	size_t given;     /* of them, by the reader of text */
	uint64_t number;  /* of the record, from 1 */
	bool out_of_room; /* the sink ended it */
};

/* Part of a record. */
struct trace_part {
	const uint8_t *at;
	size_t len;
};

static inline uint16_t trace_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t trace_u32(const uint8_t *at)
{
	return (uint32_t)trace_u16(at) << 16 | trace_u16(at + 2);
}

/* This record makes no sense; the first reason is kept. */
void trace_bad(struct trace *trace, const char *why);

/* This record is a query. */
void trace_put(struct trace *trace, const struct trace_query *query);

/*
 * This record has a DNS message, which client sent at wall_ms.  sure: it is
 * DNS, so that one which cannot be read is bad and not something else.
 */
struct trace_sender {
	struct net_addr client;
	int64_t wall_ms;
	bool sure;
};
void trace_put_message(struct trace *trace, const struct trace_sender *sender,
		       const struct trace_part *message);

/*
 * Len octets into the record: 1; 0 at the end of the file; -1 when that comes
 * in the midst, or reading fails.
 */
int trace_fill(struct trace *trace, size_t len);

/* The rest of a file whose first octets are in record.  False with err set. */
bool trace_read_pcap(struct trace *trace);
bool trace_read_pcapng(struct trace *trace);
bool trace_read_dnstap(struct trace *trace);
bool trace_read_text(struct trace *trace);

/* A packet, which begins with the header of this kind of link
 * (pcap-linktype(7)). */
void trace_put_packet(struct trace *trace, uint32_t link, int64_t wall_ms,
		      const struct trace_part *packet);

/* Is it one whose packets can be read? */
bool trace_knows_link(uint32_t link);

#endif
