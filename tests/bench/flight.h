/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight -- queries that are under way: which answer is to which, when it was
 * sent, whether it is right, what is lost.
 *
 * Each lane counts its IDs up, so an ID names a slot; a slot that is needed
 * again before its answer came was lost.  Pure: the caller passes time in.
 */
#ifndef BENCH_FLIGHT_H
#define BENCH_FLIGHT_H

#include "tests/bench/carrier.h"
#include "tests/bench/latencies.h"
#include "tests/bench/questions.h"

#include <stdbool.h>

enum { FLIGHT_SLOTS = 4096, FLIGHT_SAMPLE = 64 };

struct flight_slot {
	int64_t sent_ns; /* 0: nothing is under way */
	uint32_t question;
	uint16_t id;
};

struct lane {
	uint16_t next_id;
	unsigned pending;
	struct flight_slot slots[FLIGHT_SLOTS];
};

struct flight {
	const struct questions *questions; /* borrowed */
	size_t next;                       /* question */
	struct lane *lanes;
	unsigned lane_count;
	uint8_t rcode;
	bool echo; /* the server answers with what it is asked */
	/* Since flight_count_anew(). */
	uint64_t sent, answered, lost, wrong, stray, octets;
	struct latencies latencies;
};

/* False when memory runs out. */
bool flight_init(struct flight *f, const struct questions *questions,
		 unsigned lanes);
void flight_fini(struct flight *f);

/* Counts begin again; what is under way stays so. */
void flight_count_anew(struct flight *f);

/* The next query for lane, with its ID; it counts as sent at now_ns. */
struct datagram flight_take(struct flight *f, unsigned lane, int64_t now_ns);

/* The last `count` taken of lane were not sent after all. */
void flight_untake(struct flight *f, unsigned lane, size_t count);

void flight_land(struct flight *f, const struct datagram *answer,
		 int64_t now_ns);

/* What was sent before then and is not answered is lost. */
void flight_expire(struct flight *f, int64_t before_ns);

#endif
