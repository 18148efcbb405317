/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a trace holds, queries that are taken out of it are queries. */
#include "policy/review/trace.h"

#include "policy/base/error.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static bool take(void *arg, const struct trace_query *q)
{
	uint64_t *left = arg;
	size_t name = strlen(q->name);

	if ((q->client.family != NET_V4 && q->client.family != NET_V6) ||
	    q->wall_ms < 0 || !(q->count > 0) || !isfinite(q->count) ||
	    name == 0)
		abort();
	return (*left)-- > 1;
}

/* What was taken, and what was told, agree. */
static void check_tally(const struct trace_tally *t, uint64_t taken)
{
	if (t->queries != taken || (t->bad == 0) != (t->first_bad == 0) ||
	    (t->bad == 0) != (t->why[0] == '\0'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	enum { MOST = 1000 };
	uint64_t left = MOST;
	const struct trace_sink sink = { take, &left };
	struct trace_tally tally;
	struct error err;
	FILE *in;
	bool ok;

	if (len == 0)
		return 0;
	in = fmemopen((void *)(uintptr_t)octets, len, "rb");
	if (in == NULL)
		return 0;
	ok = trace_read(in, &sink, &tally, &err);
	if (left == 0 ? ok : MOST - left != tally.queries)
		abort();
	check_tally(&tally, MOST - left);
	fclose(in);
	return 0;
}
