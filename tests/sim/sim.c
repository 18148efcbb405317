/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim -- runs worlds from seeds and checks the invariants after every step.
 *
 *   sim [--seeds N] [--from SEED]   N worlds; default 60
 *   sim --seed SEED                 one world again
 *
 * TAP on standard output; a failing world says how to run it again.
 */
#include "world.h"

#include "policy/base/error.h"
#include "policy/base/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct totals {
	uint64_t steps, commits, stale, takeovers, faults, commands;
};

static bool run_world(const struct policy *policy, uint64_t seed,
		      struct totals *totals)
{
	static struct world w; /* too large for a stack; one at a time */
	bool ok = world_init(&w, policy, seed);

	while (ok && world_step(&w))
		ok = world_check(&w);
	ok = ok && world_check_converged(&w);
	if (!ok)
		printf("# seed %" PRIu64 ", at %" PRId64 " ms: %s\n"
		       "# replay: tests/sim/sim --seed %" PRIu64 "\n",
		       seed, w.now_ms, w.trouble, seed);
	totals->steps += w.steps;
	totals->commits += w.commits;
	totals->stale += w.stale_commits;
	totals->takeovers += w.takeovers;
	totals->faults += w.faults;
	totals->commands += w.commands;
	world_fini(&w);
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
	return t->steps > 0 && t->commits > 0 && t->takeovers > 0 &&
	       t->faults > 0 && t->commands > 0;
}

int main(int argc, char **argv)
{
	unsigned seeds = 60, from = 1, only = 0;
	const struct option_row rows[] = {
		{ "seeds", OPTION_NUMBER, &seeds, "N", "", 1, 10000000 },
		{ "from", OPTION_NUMBER, &from, "SEED", "", 0, UINT32_MAX },
		{ "seed", OPTION_NUMBER, &only, "SEED", "", 1, UINT32_MAX },
	};
	const char *operands[16];
	struct totals totals = { 0 };
	struct policy *policy;
	struct error err;
	unsigned failed = 0;

	if (argc > 16 || option_parse(rows, 3, argc, argv, operands, &err) < 0)
		return 2;
	policy = load();
	if (policy == NULL)
		return 99;
	if (only != 0) {
		from = only;
		seeds = 1;
	}
	for (unsigned i = 0; i < seeds; i++)
		failed += !run_world(policy, (uint64_t)from + i, &totals);
	policy_free(policy);
	printf("# %u worlds: %" PRIu64 " steps, %" PRIu64 " plans, %" PRIu64
	       " refused as stale, %" PRIu64 " takeovers, %" PRIu64
	       " faults, %" PRIu64 " commands\n",
	       seeds, totals.steps, totals.commits, totals.stale,
	       totals.takeovers, totals.faults, totals.commands);
	printf("1..2\n%s 1 - invariants hold in %u worlds\n",
	       failed == 0 ? "ok" : "not ok", seeds);
	printf("%s 2 - things happened\n", eventful(&totals) ? "ok" : "not ok");
	return failed == 0 && eventful(&totals) ? 0 : 1;
}
