/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim -- runs fleets from seeds and checks the invariants after every step.
 *
 *   sim [--seeds N] [--from SEED] [--stop]   N fleets, or up to one that fails
 *   sim --seed SEED [--trace]                one fleet again, and what happens
 *   sim --splits N [--from SEED]             N times a leader is paused for
 *                                            longer than its lease
 *
 * TAP on standard output; a failing fleet says how to run it again.  See
 * tests/sim/README.md.
 */
#include "figures.h"
#include "fleet.h"

#include "policy/base/error.h"
#include "policy/base/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEEDS_USUAL = 40, SEEDS_EVENTFUL = 20, SPLITS_USUAL = 20 };

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
	to->rollbacks += t->rollbacks;
	to->promotions += t->promotions;
	to->moves += t->moves;
	to->deferrals += t->deferrals;
	to->panics += t->panics;
	to->behind += t->behind;
	to->settled += t->settled;
	to->unsettled += t->unsettled;
	to->splits += t->splits;
	to->late += t->late;
	to->late_stored += t->late_stored;
	to->steps_of_clocks += t->steps_of_clocks;
	to->mistrusts += t->mistrusts;
	to->flaps += t->flaps;
	to->lies += t->lies;
	to->latencies += t->latencies;
	to->held += t->held;
	to->approved += t->approved;
	to->lapsed += t->lapsed;
	to->samples += t->samples;
	to->lying += t->lying;
	to->told += t->told;
	to->moved += t->moved;
	to->ordered += t->ordered;
	to->pinned += t->pinned;
	to->asked_for += t->asked_for;
	to->floods += t->floods;
	to->reckoned += t->reckoned;
	to->spilled += t->spilled;
	to->carried += t->carried;
}

/* What is run, and what came of it. */
struct campaign {
	const struct policy *policy;
	struct roster *roster;
	struct totals totals;
	struct figures figures;
	bool stop;   /* at the first fleet that fails */
	bool splits; /* fleets whose leaders are paused */
};

static bool run_fleet(struct campaign *c, uint64_t seed, bool trace,
		      uint64_t *digest)
{
	static struct fleet f; /* too large for a stack; one at a time */
	const struct fleet_setup setup = { c->policy, c->roster, seed, trace,
					   c->splits };
	bool ok = true;

	fleet_init(&f, &setup);
	while (ok && fleet_step(&f))
		ok = invariants_hold(&f);
	ok = ok && invariants_converged(&f);
	if (!ok)
		printf("# seed %" PRIu64 ", at %" PRId64 " ms: %s\n"
		       "# replay: tests/sim/sim --seed %" PRIu64 " --trace\n",
		       seed, f.now_ms, f.trouble, seed);
	add(&c->totals, &f.totals);
	if (ok)
		figures_take(&c->figures, &f);
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
	       t->canaries > 0 && t->rollbacks > 0 && t->promotions > 0 &&
	       t->moves > 0 && t->deferrals > 0 && t->panics > 0 &&
	       t->mistrusts > 0 && t->flaps > 0 && t->lies > 0 &&
	       t->latencies > 0 && t->lying > 0 && t->told > 0 &&
	       t->moved > 0 && t->ordered > 0 && t->approved > 0 &&
	       t->lapsed > 0 && t->pinned > 0 && t->floods > 0 &&
	       t->reckoned > 0 && t->spilled > 0 && t->carried > 0;
}

static void print_totals(unsigned seeds, const struct totals *t)
{
	printf("# %u fleets: %" PRIu64 " steps, %" PRIu64 " faults, %" PRIu64
	       " takeovers, %" PRIu64 " plans, %" PRIu64 " refused as stale\n",
	       seeds, t->steps, t->faults, t->takeovers, t->plans, t->stale);
	printf("# %" PRIu64 " commands, %" PRIu64 " to one node, %" PRIu64
	       " to canaries, which went %" PRIu64
	       " steps by themselves, %" PRIu64 " times back; %" PRIu64
	       " rows with one change\n",
	       t->orders, t->locals, t->canaries, t->promotions, t->rollbacks,
	       t->moves);
	printf("# %" PRIu64 " times an endpoint was deferred in a view\n",
	       t->deferrals);
	printf("# %" PRIu64 " times panic began\n", t->panics);
	printf("# %" PRIu64 " plans were refused as made from an older one; "
	       "of those that nobody answered, %" PRIu64 " were settled, "
	       "%" PRIu64 " could not be\n",
	       t->behind, t->settled, t->unsettled);
	printf("# %" PRIu64 " endpoints flapped, %" PRIu64 " vantages lied, "
	       "%" PRIu64 " mistrusted themselves, %" PRIu64 " latencies "
	       "moved\n",
	       t->flaps, t->lies, t->mistrusts, t->latencies);
	printf("# %" PRIu64 " commands waited for a second person, %" PRIu64
	       " were approved, %" PRIu64 " times one was given up\n",
	       t->held, t->approved, t->lapsed);
	printf("# users measured %" PRIu64 " times, of which %" PRIu64
	       " were lies; %" PRIu64 " values were told, %" PRIu64
	       " moved; %" PRIu64 " rows were in their order\n",
	       t->samples, t->lying, t->told, t->moved, t->ordered);
	printf("# %" PRIu64 " rows were those of clients who are pinned\n",
	       t->pinned);
	printf("# %" PRIu64 " queries, %" PRIu64 " floods; %" PRIu64
	       " times demand was looked at, %" PRIu64
	       " plans moved clients by it, %" PRIu64 " fleets had room\n",
	       t->asked_for, t->floods, t->reckoned, t->spilled, t->carried);
}

static int run(struct campaign *c, unsigned from, unsigned seeds, bool trace)
{
	struct campaign again = { .policy = c->policy, .roster = c->roster };
	uint64_t first = 0, second, digest;
	unsigned failed = 0;
	bool same, things = true;

	for (unsigned i = 0; i < seeds && !(c->stop && failed > 0); i++) {
		failed += !run_fleet(c, (uint64_t)from + i, trace, &digest);
		first = i == 0 ? digest : first;
	}
	run_fleet(&again, from, false, &second);
	figures_fini(&again.figures);
	same = first == second;
	print_totals(seeds, &c->totals);
	figures_print(&c->figures);
	figures_fini(&c->figures);
	printf("# digest of seed %u: %016" PRIx64 "\n", from, first);
	printf("%s 1 - invariants hold in %u fleets\n",
	       failed == 0 ? "ok" : "not ok", seeds);
	printf("%s 2 - the same seed is the same fleet\n",
	       same ? "ok" : "not ok");
	if (seeds >= SEEDS_EVENTFUL)
		things = eventful(&c->totals);
	printf("%s 3 - things happened%s\n", things ? "ok" : "not ok",
	       seeds < SEEDS_EVENTFUL ? " # SKIP few fleets" : "");
	return failed == 0 && same && things ? 0 : 1;
}

/* As many fleets as it takes. */
static int run_splits(struct campaign *c, unsigned from, unsigned splits,
		      bool trace)
{
	unsigned seed = from, failed = 0;
	uint64_t digest;

	c->splits = true;
	while (c->totals.splits < splits && failed == 0 && seed < from + splits)
		failed += !run_fleet(c, seed++, trace, &digest);
	printf("# %" PRIu64 " times a leader was paused for longer than its "
	       "lease while another led, in %u fleets, and %" PRIu64
	       " times a clock was wrong\n"
	       "# %" PRIu64 " plans of old leaders came to the store, %" PRIu64
	       " of them were stored\n"
	       "# %" PRIu64 " plans were refused since an earlier one of the "
	       "same leader was stored late\n",
	       c->totals.splits, seed - from, c->totals.steps_of_clocks,
	       c->totals.late, c->totals.late_stored, c->totals.behind);
	figures_print(&c->figures);
	figures_fini(&c->figures);
	failed += c->totals.splits < splits || c->totals.late == 0 ||
		  c->totals.behind == 0 || c->totals.late_stored > 0;
	printf("%s - nothing of an old leader is followed\n",
	       failed == 0 ? "ok" : "not ok");
	return failed == 0 ? 0 : 1;
}

/* Fleets, splits: none of both is the usual number of both. */
static int run_both(const struct campaign *c, unsigned from,
		    const unsigned counts[2], bool trace)
{
	bool usual = counts[0] == 0 && counts[1] == 0;
	unsigned seeds = usual ? SEEDS_USUAL : counts[0];
	unsigned splits = usual ? SPLITS_USUAL : counts[1];
	struct campaign fleets = *c, split = *c;
	int result = 0;

	printf("1..%d\n", (seeds > 0 ? 3 : 0) + (splits > 0 ? 1 : 0));
	if (seeds > 0)
		result |= run(&fleets, from, seeds, trace);
	if (splits > 0)
		result |= run_splits(&split, from, splits, trace);
	return result;
}

int main(int argc, char **argv)
{
	unsigned seeds = 0, from = 1, only = 0, splits = 0;
	bool trace = false;
	struct campaign campaign = { .stop = false };
	const struct option_row rows[] = {
		{ "seeds", OPTION_NUMBER, &seeds, "N", "", 1, 10000000 },
		{ "from", OPTION_NUMBER, &from, "SEED", "", 0, UINT32_MAX },
		{ "seed", OPTION_NUMBER, &only, "SEED", "", 1, UINT32_MAX },
		{ "trace", OPTION_FLAG, &trace, NULL, "", 0, 0 },
		{ "stop", OPTION_FLAG, &campaign.stop, NULL, "", 0, 0 },
		{ "splits", OPTION_NUMBER, &splits, "N", "", 1, 100000 },
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	const char *operands[16];
	struct policy *policy;
	struct error err;
	int result;

	if (argc > 16 ||
	    option_parse(rows, ROWS, argc, argv, operands, &err) < 0)
		return 2;
	/* A campaign is long: whoever waits sees what is found. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	policy = load();
	if (policy == NULL)
		return 99;
	campaign.policy = policy;
	campaign.roster = roster_new(policy);
	if (campaign.roster == NULL)
		return 99;
	if (only != 0) {
		from = only;
		seeds = splits == 0;
	}
	result = run_both(&campaign, from, (unsigned[2]){ seeds, splits },
			  trace);
	roster_free(campaign.roster);
	policy_free(policy);
	return result;
}
