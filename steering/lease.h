/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease -- when to ask for the leadership, and whether it still holds.
 *
 *   STANDBY --- granted(epoch) ---> LEADING --- refused, or run out --->
 * STANDBY
 *
 * A lease is counted from when it was asked for, not from when the answer
 * came: the store's own count began in between, so ours always ends first.
 * lease_leads() is asked right before acting: a process that was stalled for
 * longer than the lease (stopped, swapped out, a long load) finds itself a
 * standby before it does anything.  That is a kindness to the log, not what
 * safety rests on: the epoch is compared again where the plan is stored.
 *
 * Source: C. Gray, D. Cheriton, Leases, 1989.  Pure.
 */
#ifndef STEERING_LEASE_H
#define STEERING_LEASE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LEASE_TTL_MS = 3000,
	LEASE_RENEW_MS = 1000,
	/* What nodes say is believed of another minute, and so far ahead: no
	 * node that lies or is mad turns leaders out with each renewal, or
	 * comes to the end of numbers. */
	LEASE_RAISE_MS = 30000,
	LEASE_AHEAD_S = 366 * 86400,
};

struct lease {
	uint64_t epoch;    /* held; 0: none */
	int64_t until_ms;  /* monotonic: held until then */
	int64_t asked_ms;  /* when the open question was asked */
	int64_t due_ms;    /* when to ask next */
	bool void_answer;  /* it was asked before a drop: grants nothing */
	bool asking;       /* a question is open */
	int64_t raised_ms; /* when a held one was last raised; 0: never */
};

/*
 * Is it time to ask?  Then it counts as asked at now_ms.  Never while a
 * question is open: two answers could be taken for each other, and the bus
 * answers each one, be it with 0.
 */
bool lease_ask(struct lease *lease, int64_t now_ms);

/*
 * What the epoch asked for must exceed.  known is that of the newest plan known
 * here, stored or not; followed is the highest that a node says it follows;
 * both are 0 when there is none.
 *
 * Who takes over also exceeds the seconds of the clock: the store may have lost
 * all it knew, and this agent may have been away while others led.  Then time
 * tells their epochs from ours.  Where the clock went back as well, nodes,
 * which never go back, would follow nobody: so what they follow is exceeded
 * too, by who takes over and by who leads.
 */
uint64_t lease_least(struct lease *lease, uint64_t known, uint64_t followed,
		     int64_t now_ms, int64_t wall_ms);

/*
 * The answer to the open question: the epoch granted, or 0.  An answer that
 * comes when its lease has run out grants nothing.
 */
void lease_answer(struct lease *lease, uint64_t epoch, int64_t now_ms);

/* Does it hold at now_ms?  Lets go of what has run out. */
bool lease_leads(struct lease *lease, int64_t now_ms);

/*
 * Steps down at once; asks again after LEASE_TTL_MS, so that a standby, which
 * asks more often, comes first.  The answer to a question that is open now
 * will grant nothing.
 */
void lease_drop(struct lease *lease, int64_t now_ms);

#endif
