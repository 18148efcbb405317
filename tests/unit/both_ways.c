/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/both_ways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same_outcome(const struct answer_outcome *a,
			 const struct answer_outcome *b)
{
	return a->rcode == b->rcode && a->truncated == b->truncated &&
	       a->ecs == b->ecs && a->dnssec_ok == b->dnssec_ok &&
	       a->zone == b->zone && a->service == b->service &&
	       a->endpoint == b->endpoint && a->region == b->region &&
	       a->home == b->home && a->proven == b->proven &&
	       a->kind == b->kind && a->type == b->type &&
	       a->account == b->account &&
	       a->account_octets == b->account_octets;
}

size_t both_ways(const struct table *table, const struct answer_input *in,
		 uint8_t *out, size_t cap, struct answer_outcome *outcome)
{
	static uint8_t by_long[ANSWER_TCP_MAX];
	struct answer_input long_in = *in;
	struct answer_outcome long_outcome;
	struct answer_asked asked;
	size_t len;

	answer_read(table, in, &asked);
	answer_seek(table, &asked);
	len = answer_write(table, in, &asked, out, cap, outcome);
	long_in.long_way = true;
	if (answer_query(table, &long_in, by_long, cap, &long_outcome) == len &&
	    memcmp(out, by_long, len) == 0 &&
	    same_outcome(outcome, &long_outcome))
		return len;
	fprintf(stderr, "dns/express answers another way than dns/resolve\n");
	abort();
}
