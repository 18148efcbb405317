/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger -- what an edge has counted of requests since it began: the rows of
 * the document that it publishes (policy/bus/served).
 *
 * Whoever reads a proxy's counters adds what they grew by; a row that has come
 * stays.  Pure: time is passed in.
 */
#ifndef STEERING_EDGE_LEDGER_H
#define STEERING_EDGE_LEDGER_H

#include "policy/bus/served.h"

struct ledger {
	struct served served;
	size_t room;     /* rows that fit before they must be moved */
	uint64_t losses; /* growth that found no row: too many, no memory */
};

/* node is cut to what fits.  The sequence begins at the wall clock. */
void ledger_init(struct ledger *ledger, const char *node, int64_t wall_ms);
void ledger_fini(struct ledger *ledger);

/* Whose requests they were. */
struct ledger_key {
	const char *service, *endpoint;
	const char *canary; /* "": the service's own endpoint */
};

/* Adds growth to its row, which is made when it is not there. */
void ledger_add(struct ledger *ledger, const struct ledger_key *key,
		const struct served_count *growth);

/*
 * How long requests took, of those that their row has counted and that have no
 * time yet; latency is left with what did not fit, whose number is returned.  A
 * row that is not there is not made.
 */
uint64_t ledger_time(struct ledger *ledger, const struct ledger_key *key,
		     uint64_t latency[SERVED_BUCKETS]);

/* The next document; as served_write(). */
char *ledger_write(struct ledger *ledger, int64_t wall_ms, size_t *len);

#endif
