/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_counts -- how often each service was asked of one responder of late, by
 * the home of who asked (policy/decide/demand): a part of the node's record.
 *
 * Every record replaces the one before, each second, and with 200 services and
 * 33 homes a responder would say 50 kB; 2,000 of them 100 MB a second, to each
 * agent.  So it stands in the first record after NODE_COUNTS_EVERY_MS alone:
 * who reads keeps it, and misses it when that record is replaced before it is
 * read; the next one tells of its own time only.  Counts are whole numbers of
 * that time, not totals: a restart needs no rule.  What was not asked is left
 * out, and of more than NODE_COUNTS_ROWS_MAX services, or pairs, those that are
 * asked least: 45 kB at most, 1 kB for ten services in ten regions.
 *
 * Homes are told by name, since nodes may run other policies.  Pure.
 */
#ifndef POLICY_BUS_NODE_COUNTS_H
#define POLICY_BUS_NODE_COUNTS_H

#include "policy/bus/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NODE_COUNTS_EVERY_MS = 10000,
	NODE_COUNTS_ROWS_MAX = 128,
	NODE_COUNTS_HOMES_MAX = 65,   /* every region, and none */
	NODE_COUNTS_PAIRS_MAX = 2048, /* written, of a service and a home */
};

struct node_counts_row {
	char service[NODE_NAME_SIZE];
	uint64_t of[NODE_COUNTS_HOMES_MAX]; /* as the homes; queries */
};

/* Zero-initialised is empty. */
struct node_counts {
	int64_t over_ms; /* counted for so long, until now */
	char homes[NODE_COUNTS_HOMES_MAX][NODE_NAME_SIZE]; /* "": none */
	size_t home_count;
	struct node_counts_row *rows; /* owned */
	size_t count;
};

void node_counts_fini(struct node_counts *counts);

/*
 * Of a record that has them (node.counted_ms).  False with err set, out
 * untouched.  The caller ends out with node_counts_fini().
 */
bool node_counts_parse(const void *octets, size_t len, struct node_counts *out,
		       struct error *err);

/* The most asked first, and no more than fits.  For who fills them in. */
void node_counts_cut(struct node_counts *counts);

/* node_write() with these in it. */
char *node_counts_write(const struct node *node,
			const struct node_counts *counts, size_t *len);

#endif
