/* SPDX-License-Identifier: Apache-2.0 */
/* The pcap form of a trace: see policy/review/trace.h. */
#include "policy/base/error.h"
#include "policy/review/trace_impl.h"

#include <string.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16 };

struct pcap {
	bool swapped;       /* its low octets come first */
	int64_t parts_of_s; /* the unit of what is less than a second */
	uint32_t link;
};

static uint32_t number(const struct pcap *pcap, const uint8_t *at)
{
	uint32_t word = trace_u32(at);

	return pcap->swapped ? __builtin_bswap32(word) : word;
}

static bool read_header(struct trace *t, struct pcap *pcap)
{
	uint32_t magic = trace_u32(t->record);

	pcap->swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	magic = number(pcap, t->record);
	pcap->parts_of_s = magic == 0xa1b23c4d ? 1000000000 : 1000000;
	if (trace_fill(t, FILE_HEADER - 4) != 1) {
		error_set(t->err, "a pcap that ends in its header");
		return false;
	}
	/* The high octets of the last word tell of checksums. */
	pcap->link = number(pcap, t->record + 16) & 0xffff;
	if (trace_knows_link(pcap->link))
		return true;
	error_set(t->err,
		  "packets of link type %u are not read; Ethernet, raw IP and "
		  "Linux cooked are",
		  (unsigned)pcap->link);
	return false;
}

bool trace_read_pcap(struct trace *t)
{
	struct pcap pcap;
	int got;

	if (!read_header(t, &pcap))
		return false;
	while (!t->out_of_room && (got = trace_fill(t, RECORD_HEADER)) != 0) {
		struct trace_part packet = { .at = t->record };
		int64_t wall_ms;

		t->number++;
		if (got < 0) {
			trace_bad(t, "the file ends in the midst of it");
			break;
		}
		wall_ms = (int64_t)number(&pcap, t->record) * 1000 +
			  (int64_t)number(&pcap, t->record + 4) * 1000 /
				  pcap.parts_of_s;
		packet.len = number(&pcap, t->record + 8);
		if (packet.len > TRACE_RECORD_MAX) {
			error_set(t->err,
				  "packet %llu is said to have %zu octets: the "
				  "file is damaged",
				  (unsigned long long)t->number, packet.len);
			return false;
		}
		if (packet.len > 0 && trace_fill(t, packet.len) != 1) {
			trace_bad(t, "the file ends in the midst of it");
			break;
		}
		trace_put_packet(t, pcap.link, wall_ms, &packet);
	}
	return true;
}
