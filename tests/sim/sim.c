/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim -- runs fleets from seeds and checks the invariants after every step.
 *
 *   sim [--seeds N] [--from SEED]   N fleets
 *   sim --seed SEED [--trace]       one fleet again, and what happens in it
 *
 * TAP on standard output; a failing fleet says how to run it again.  See
 * tests/sim/README.md.
 */
#include "fleet.h"

#include "policy/base/error.h"
#include "policy/base/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEEDS_USUAL = 40 };

static void add(struct totals *to, const struct totals *t)
{
	to->steps += t->steps;
	to->plans += t->plans;
	to->stale += t->stale;
	to->takeovers += t->takeovers;
	to->faults += t->faults;
	to->orders += t->orders;
	to->locals += t->locals;
	to->canaries += t->canaries;
	to->moves += t->moves;
	to->deferrals += t->deferrals;
}

static bool run_fleet(const struct policy *policy, uint64_t seed, bool trace,
		      struct totals *totals, uint64_t *digest)
{
	static struct fleet f; /* too large for a stack; one at a time */
	bool ok = true;

	fleet_init(&f, policy, seed, trace);
	while (ok && fleet_step(&f))
		ok = invariants_hold(&f);
	ok = ok && invariants_converged(&f);
	if (!ok)
		printf("# seed %" PRIu64 ", at %" PRId64 " ms: %s\n"
		       "# replay: tests/sim/sim --seed %" PRIu64 " --trace\n",
		       seed, f.now_ms, f.trouble, seed);
	add(totals, &f.totals);
	*digest = f.digest;
	fleet_fini(&f);
	return ok;
}

static struct policy *load(void)
{
	const char *srcdir = getenv("SRCDIR");
	struct errors errs = { 0 };
	struct policy *policy;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/sim/policy.yaml",
		 srcdir == NULL ? "." : srcdir);
	policy = policy_load(path, &errs);
	errors_print(&errs, stderr);
	errors_fini(&errs);
	return policy;
}

/* A fleet in which nothing happened proves nothing. */
static bool eventful(const struct totals *t)
{
	return t->steps > 0 && t->plans > 0 && t->takeovers > 0 &&
	       t->faults > 0 && t->orders > 0 && t->locals > 0 &&
	       t->canaries > 0 && t->moves > 0 && t->deferrals > 0;
}

static void print_totals(unsigned seeds, const struct totals *t)
{
	printf("# %u fleets: %" PRIu64 " steps, %" PRIu64 " faults, %" PRIu64
	       " takeovers, %" PRIu64 " plans, %" PRIu64 " refused as stale\n",
	       seeds, t->steps, t->faults, t->takeovers, t->plans, t->stale);
	printf("# %" PRIu64 " commands, %" PRIu64 " to one node, %" PRIu64
	       " to canaries; %" PRIu64 " rows with one change\n",
	       t->orders, t->locals, t->canaries, t->moves);
	printf("# %" PRIu64 " times an endpoint was deferred in a view\n",
	       t->deferrals);
}

static int run(const struct policy *policy, unsigned from, unsigned seeds,
	       bool trace)
{
	struct totals totals = { 0 }, again = { 0 };
	uint64_t first = 0, second, digest;
	unsigned failed = 0;
	bool same;

	for (unsigned i = 0; i < seeds; i++) {
		failed += !run_fleet(policy, (uint64_t)from + i, trace, &totals,
				     &digest);
		first = i == 0 ? digest : first;
	}
	run_fleet(policy, from, false, &again, &second);
	same = first == second;
	print_totals(seeds, &totals);
	printf("# digest of seed %u: %016" PRIx64 "\n", from, first);
	printf("1..3\n%s 1 - invariants hold in %u fleets\n",
	       failed == 0 ? "ok" : "not ok", seeds);
	printf("%s 2 - the same seed is the same fleet\n",
	       same ? "ok" : "not ok");
	if (seeds == 1)
		printf("ok 3 - things happened # SKIP one fleet\n");
	else
		printf("%s 3 - things happened\n",
		       eventful(&totals) ? "ok" : "not ok");
	return failed == 0 && same && (seeds == 1 || eventful(&totals)) ? 0 : 1;
}

int main(int argc, char **argv)
{
	unsigned seeds = SEEDS_USUAL, from = 1, only = 0;
	bool trace = false;
	const struct option_row rows[] = {
		{ "seeds", OPTION_NUMBER, &seeds, "N", "", 1, 10000000 },
		{ "from", OPTION_NUMBER, &from, "SEED", "", 0, UINT32_MAX },
		{ "seed", OPTION_NUMBER, &only, "SEED", "", 1, UINT32_MAX },
		{ "trace", OPTION_FLAG, &trace, NULL, "", 0, 0 },
	};
	const char *operands[16];
	struct policy *policy;
	struct error err;
	int result;

	if (argc > 16 || option_parse(rows, 4, argc, argv, operands, &err) < 0)
		return 2;
	policy = load();
	if (policy == NULL)
		return 99;
	if (only != 0) {
		from = only;
		seeds = 1;
	}
	result = run(policy, from, seeds, trace);
	policy_free(policy);
	return result;
}
