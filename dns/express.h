/* SPDX-License-Identifier: Apache-2.0 */
/*
 * express -- the plainest answers, written in one go.
 *
 * Nearly every query is about a name that is there, leads to no other and has
 * what is asked for, or about one that is not there at all; with no EDNS option
 * but a client subnet.  Its answer is the question, one RRset, its signatures
 * and an OPT: no state of an answer in progress is needed to put these side by
 * side.  Whatever is more than that is left to dns/resolve.
 *
 * It takes nothing upon itself: dns/resolve would give the same octets and the
 * same outcome (tests/unit/both_ways compares them, for fuzzing, too).
 *
 * Its budget, in user instructions on x86-64 for a name of four labels, parsing
 * included and all optimized together: 590 for a static RRset, 730 for
 * NXDOMAIN; steered, with a sticky draw and the lookups of class and scope in a
 * real city database, 1,470 (tests/bench/instructions; datagrams add 150).
 * Pure.
 */
#ifndef DNS_EXPRESS_H
#define DNS_EXPRESS_H

#include "dns/zones.h"

#include <stddef.h>

struct answer_input;
struct answer_outcome;
struct query;
struct table;
struct wire;

/* What is asked, of what, where that is, and for whom to say how it went. */
struct plain {
	const struct table *table;
	const struct answer_input *in;
	const struct query *query;
	struct location at; /* of the question's name */
	struct answer_outcome *outcome;
};

/*
 * Answers a query that is QUERY_OK, of class IN and without other options
 * (query->has_others), and that nothing turns away, into out, which is empty
 * and has as many octets as the client takes.  Returns the answer's length, and
 * p->outcome is filled; or 0, and both are undefined: it is none of the
 * plainest.
 */
size_t express_answer(const struct plain *p, const struct wire *out);

#endif
