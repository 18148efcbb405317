/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/flight.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEADER_OCTETS = 12,
	FLAG_QR = 0x80, /* of octet 2 */
	FLAG_TC = 0x02,
	RCODE_MASK = 0x0f, /* of octet 3 */
	ANCOUNT_AT = 6,
};

bool flight_init(struct flight *f, const struct questions *questions,
		 unsigned lanes)
{
	*f = (struct flight){ .questions = questions, .lane_count = lanes };
	f->lanes = calloc(lanes, sizeof(*f->lanes));
	return f->lanes != NULL;
}

void flight_fini(struct flight *f)
{
	free(f->lanes);
	f->lanes = NULL;
}

void flight_count_anew(struct flight *f)
{
	f->sent = f->answered = f->lost = f->wrong = f->stray = f->octets = 0;
	memset(&f->latencies, 0, sizeof(f->latencies));
}

static void lose(struct flight *f, struct lane *lane, struct flight_slot *slot)
{
	slot->sent_ns = 0;
	lane->pending--;
	f->lost++;
}

struct datagram flight_take(struct flight *f, unsigned lane_at, int64_t now_ns)
{
	struct lane *lane = &f->lanes[lane_at];
	uint16_t id = lane->next_id++;
	struct flight_slot *slot = &lane->slots[id % FLIGHT_SLOTS];
	struct datagram d = { .lane = lane_at };

	if (slot->sent_ns != 0)
		lose(f, lane, slot);
	*slot = (struct flight_slot){ now_ns, (uint32_t)f->next, id };
	lane->pending++;
	d.octets = question_at(f->questions, f->next, &d.len);
	d.octets[0] = (uint8_t)(id >> 8);
	d.octets[1] = (uint8_t)id;
	f->next = f->next + 1 == f->questions->count ? 0 : f->next + 1;
	f->sent++;
	return d;
}

void flight_untake(struct flight *f, unsigned lane_at, size_t count)
{
	struct lane *lane = &f->lanes[lane_at];

	while (count-- > 0) {
		lane->slots[--lane->next_id % FLIGHT_SLOTS].sent_ns = 0;
		lane->pending--;
		f->sent--;
	}
}

/* Name, type and class, by sampling: a memcmp each would cost us the rate. */
static bool same_question(const struct flight *f, uint32_t at,
			  const struct datagram *answer)
{
	size_t len, end = HEADER_OCTETS;
	const uint8_t *octets = question_at(f->questions, at, &len);

	while (end < len && octets[end] != 0)
		end += octets[end] + 1u;
	end += 5;
	return end <= len && end <= answer->len &&
	       memcmp(octets + HEADER_OCTETS, answer->octets + HEADER_OCTETS,
		      end - HEADER_OCTETS) == 0;
}

static bool is_right(const struct flight *f, const struct flight_slot *slot,
		     const struct datagram *answer)
{
	const uint8_t *octets = answer->octets;

	if ((octets[2] & FLAG_QR) == 0 ||
	    (slot->id % FLIGHT_SAMPLE == 0 &&
	     !same_question(f, slot->question, answer)))
		return false;
	return f->echo || ((octets[3] & RCODE_MASK) == f->rcode &&
			   (octets[2] & FLAG_TC) == 0 &&
			   (octets[ANCOUNT_AT + 1] > 0) == (f->rcode == 0));
}

void flight_land(struct flight *f, const struct datagram *answer,
		 int64_t now_ns)
{
	struct lane *lane = &f->lanes[answer->lane];
	struct flight_slot *slot;
	uint16_t id;

	if (answer->len < HEADER_OCTETS) {
		f->stray++;
		return;
	}
	id = (uint16_t)(answer->octets[0] << 8 | answer->octets[1]);
	slot = &lane->slots[id % FLIGHT_SLOTS];
	if (slot->sent_ns == 0 || slot->id != id) {
		f->stray++; /* late, or nobody asked */
		return;
	}
	f->answered++;
	f->octets += answer->len;
	f->wrong += !is_right(f, slot, answer);
	latencies_add(&f->latencies, now_ns - slot->sent_ns);
	slot->sent_ns = 0;
	lane->pending--;
}

void flight_expire(struct flight *f, int64_t before_ns)
{
	for (unsigned i = 0; i < f->lane_count; i++) {
		struct lane *lane = &f->lanes[i];

		for (size_t j = 0; j < FLIGHT_SLOTS && lane->pending > 0; j++)
			if (lane->slots[j].sent_ns != 0 &&
			    lane->slots[j].sent_ns < before_ns)
				lose(f, lane, &lane->slots[j]);
	}
}
