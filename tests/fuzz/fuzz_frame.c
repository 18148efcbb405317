/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as a frame: what is read lies within them, and what goes back is
 * a frame that would be taken, between the same two ends.  IPv4's sums, which
 * chance does not get right, are put right first and then tried again.
 */
#include "dns/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum { LEN_MAX = 2048 };

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void turn(const struct frame *frame, const uint8_t *octets)
{
	static uint8_t out[LEN_MAX + FRAME_HEADERS_MAX];
	struct net_addr asked, answered;
	uint16_t asked_port, answered_port;
	struct frame back;
	size_t end;

	memcpy(out + frame->payload, octets + frame->payload,
	       frame->payload_len);
	end = frame_answer(frame, octets, out, frame->payload_len, 7);
	require(end == frame->payload + frame->payload_len);
	require(frame_parse(out, end, &back));
	require(back.payload == frame->payload &&
		back.payload_len == frame->payload_len);
	frame_asked(frame, octets, &asked, &asked_port);
	frame_asked(&back, out, &answered, &answered_port);
	require(net_equal(&back.source, &asked) &&
		net_equal(&answered, &frame->source));
	require(back.source_port == asked_port &&
		answered_port == frame->source_port);
	require(memcmp(out, octets + 6, 6) == 0 &&
		memcmp(out + 6, octets, 6) == 0);
	require(memcmp(out + frame->payload, octets + frame->payload,
		       frame->payload_len) == 0);
}

static void try(const uint8_t *octets, size_t len)
{
	struct frame frame;

	if (!frame_parse(octets, len, &frame))
		return;
	require(frame.payload <= FRAME_HEADERS_MAX);
	require(frame.payload + frame.payload_len <= len);
	require(frame_room(&frame, 1500) >= 1452);
	turn(&frame, octets);
}

/* As an untagged frame of IPv4: the header's sum right, UDP's absent. */
static void mend(uint8_t *octets)
{
	uint8_t *ip = octets + 14;
	uint32_t sum = 0;

	octets[12] = 8, octets[13] = 0;
	ip[10] = ip[11] = 0;
	for (size_t i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
	ip[26] = ip[27] = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	uint8_t *copy;

	if (len > LEN_MAX)
		return 0;
	try(octets, len);
	if (len < 14 + 20 + 8)
		return 0;
	copy = malloc(len);
	if (copy == NULL)
		abort();
	memcpy(copy, octets, len);
	mend(copy);
	try(copy, len);
	free(copy);
	return 0;
}
