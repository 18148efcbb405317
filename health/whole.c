/* SPDX-License-Identifier: Apache-2.0 */
#include "health/whole.h"

#include "health/watch.h"
#include "policy/decide/ballot.h"
#include "policy/language/reach.h"

#include <assert.h>
#include <stdio.h>

static_assert((int)EXPRESSION_PARTS_MAX + (int)EXPRESSION_PROBES_MAX <=
		      (int)REPORT_PARTS_MAX,
	      "all parts fit into a report");

/* In place of a check: what all of them make. */
static const size_t together = SIZE_MAX;

/* What the probes are, a bit each; in none: not known. */
struct sight {
	uint64_t up, down, on_trial, failing;
	uint64_t with_users; /* of those on trial: with some of them */
	uint64_t counted;    /* not in shadow */
};

static const struct policy_check *check_of(const struct whole_parts *parts,
					   size_t check)
{
	return reach_check(parts->checks, parts->service, check);
}

static enum report_state probe_state(const struct whole_parts *parts, size_t i,
				     int64_t now_ms)
{
	const struct policy_check *check =
		check_of(parts, parts->probes[i].check);
	const struct watch *w = parts->probes[i].watch;
	const struct policy_terms terms = {
		.interval_ms = check->interval_ms,
		.rest_ms = check->breaker.max_open_for_ms,
	};

	if (w->wall_probed_ms == 0 ||
	    !ballot_is_fresh(&terms, watch_state(w), now_ms - w->probed_ms, 0))
		return REPORT_UNKNOWN;
	return watch_state(w);
}

/* The probe whose state is that of this one: itself, or, where it is not down
 * and users are what keeps its check's first address out, that one. */
static size_t judged_by(const struct whole_parts *parts, size_t i,
			int64_t now_ms)
{
	enum report_state state = probe_state(parts, i, now_ms);
	size_t first = i;

	while (first > 0 &&
	       parts->probes[first - 1].check == parts->probes[i].check)
		first--;
	return (state == REPORT_CLOSED || state == REPORT_UNKNOWN) &&
			       parts->probes[first].watch->breaker.by_users &&
			       !parts->probes[first].watch->failing
		       ? first
		       : i;
}

static struct sight look(const struct whole_parts *parts, int64_t now_ms)
{
	struct sight seen = { 0 };

	for (size_t i = 0; i < parts->count; i++) {
		size_t judge = judged_by(parts, i, now_ms);
		enum report_state state = probe_state(parts, judge, now_ms);
		const struct watch *w = parts->probes[judge].watch;
		uint64_t bit = UINT64_C(1) << i;

		if (state == REPORT_CLOSED)
			seen.up |= bit;
		else if (state != REPORT_UNKNOWN)
			seen.down |= bit;
		if (state == REPORT_HALF_OPEN)
			seen.on_trial |= bit;
		if (state == REPORT_HALF_OPEN &&
		    w->breaker.state == BREAKER_TRICKLE)
			seen.with_users |= bit;
		if (parts->probes[i].watch->failing)
			seen.failing |= bit;
		if (!check_of(parts, parts->probes[i].check)->shadow)
			seen.counted |= bit;
	}
	return seen;
}

/* The checks that are up, a bit each, when the probes of up are, and no others:
 * as many of their addresses as each wants. */
static uint64_t checks_up(const struct whole_parts *parts, uint64_t up)
{
	uint64_t any = 0, all = UINT64_MAX;

	for (size_t i = 0; i < parts->count; i++) {
		size_t check = parts->probes[i].check;
		uint64_t bit = UINT64_C(1) << check;

		if ((up >> i & 1) == 0)
			all &= ~bit;
		else if (check_of(parts, check)->addresses ==
			 CHECK_ADDRESSES_ANY)
			any |= bit;
	}
	return any | all;
}

/* Is a check up, or what they make together? */
static bool holds(const struct whole_parts *parts, size_t check, uint64_t up)
{
	uint64_t checks = checks_up(parts, up);

	if (check != together)
		return checks >> check & 1;
	return parts->service->expression == NULL
		       ? checks & 1
		       : expression_holds(parts->service->expression, checks);
}

static enum report_state state_of(const struct whole_parts *parts, size_t check,
				  const struct sight *seen)
{
	/* All in shadow: measured, and reported, as one check in shadow is. */
	if (check == together && seen->counted == 0)
		return watch_state(parts->first);
	if (holds(parts, check, seen->up))
		return REPORT_CLOSED;
	if (holds(parts, check, ~seen->down))
		return REPORT_UNKNOWN;
	return holds(parts, check, ~seen->down | seen->on_trial)
		       ? REPORT_HALF_OPEN
		       : REPORT_OPEN;
}

/* Does a part tell of an outage that was, or was part of, the whole's?  One
 * that the vantage came to doubt is told by none. */
static bool tells_outage(const struct whole *w, const struct whole_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct watch *part = parts->probes[i].watch;

		if (part->outage_ms > 0 &&
		    part->up_since_ms >= w->down_since_ms)
			return true;
	}
	return false;
}

static void end_outage(struct whole *w, const struct whole_parts *parts,
		       int64_t now_ms)
{
	w->down = false;
	w->up_since_ms = now_ms;
	w->outage_ms = tells_outage(w, parts) ? now_ms - w->down_since_ms : 0;
}

bool whole_step(struct whole *w, const struct whole_parts *parts,
		int64_t now_ms, int64_t wall_ms)
{
	const struct sight seen = look(parts, now_ms);
	enum report_state state = state_of(parts, together, &seen);
	bool changed = state != w->state;

	if (changed || w->wall_since_ms == 0)
		w->wall_since_ms = wall_ms;
	if (state == REPORT_CLOSED && w->down) {
		end_outage(w, parts, now_ms);
	} else if (!w->down &&
		   (state == REPORT_OPEN || state == REPORT_HALF_OPEN)) {
		w->down = true;
		w->down_since_ms = now_ms;
	}
	w->state = state;
	return changed;
}

/* The probes of one check, a bit each. */
static uint64_t probes_of(const struct whole_parts *parts, size_t check)
{
	uint64_t found = 0;

	for (size_t i = 0; i < parts->count; i++)
		if (parts->probes[i].check == check)
			found |= UINT64_C(1) << i;
	return found;
}

/* The first of some; there is one. */
static size_t first_of(uint64_t probes)
{
	return (size_t)__builtin_ctzll(probes);
}

/* Whose last failure is told, of some: of what made it go down, or soon may. */
static const struct watch *culprit(const struct whole_parts *parts,
				   const struct sight *seen, uint64_t among)
{
	uint64_t found = seen->down & among;

	if (found == 0)
		found = seen->failing & among;
	if (found == 0)
		found = among;
	return found == 0 ? parts->first : parts->probes[first_of(found)].watch;
}

/* Which probe's times are the endpoint's. */
static const struct watch *timed_by(const struct whole_parts *parts,
				    const struct sight *seen)
{
	size_t at = 0;
	uint64_t up;

	if (seen->counted == 0)
		return parts->first;
	while (parts->probes[at].watch != parts->first)
		at++;
	up = seen->up & probes_of(parts, parts->probes[at].check);
	return up == 0 ? parts->first : parts->probes[first_of(up)].watch;
}

/* Of which part it is told what users have to do with the state: of the first
 * that they opened, or else that was closed without their word. */
static const struct watch *met_by_users(const struct whole_parts *parts,
					uint64_t counted)
{
	const struct watch *unjudged = parts->first;

	for (uint64_t rest = counted; rest != 0; rest &= rest - 1) {
		const struct watch *w = parts->probes[first_of(rest)].watch;

		if (w->breaker.by_users)
			return w;
		if (w->breaker.unjudged)
			unjudged = w;
	}
	return unjudged;
}

static void report_users(const struct whole *w, const struct whole_parts *parts,
			 const struct sight *seen, struct report_entry *entry)
{
	watch_report_users(met_by_users(parts, seen->counted), entry);
	/* Users are let in where nothing else keeps them out. */
	entry->trickle = w->state == REPORT_HALF_OPEN &&
			 holds(parts, together, seen->up | seen->with_users);
	entry->by_users &=
		w->state == REPORT_OPEN || w->state == REPORT_HALF_OPEN;
}

static void report_outage(const struct whole *w, int64_t now_ms,
			  struct report_entry *entry)
{
	int64_t up_ms = now_ms - w->up_since_ms;
	bool tells = w->outage_ms > 0 && !w->down && up_ms < REPORT_OUTAGE_MS;

	entry->down_ms = w->down ? now_ms - w->down_since_ms : 0;
	entry->up_ms = tells ? up_ms : 0;
	entry->outage_ms = tells ? w->outage_ms : 0;
}

/* What any part is, the whole is in some measure. */
static void add_part(const struct watch *w, struct report_entry *entry)
{
	if (w->wall_probed_ms > entry->wall_probed_ms)
		entry->wall_probed_ms = w->wall_probed_ms;
	if (w->last.certificate_left_s != 0 &&
	    (entry->certificate_left_s == 0 ||
	     w->last.certificate_left_s < entry->certificate_left_s))
		entry->certificate_left_s = w->last.certificate_left_s;
	entry->damped |= w->breaker.damped;
	entry->forced |= watch_forced(w);
}

void whole_report(const struct whole *w, const struct whole_parts *parts,
		  int64_t now_ms, struct report_entry *entry)
{
	const struct sight seen = look(parts, now_ms);

	watch_report(timed_by(parts, &seen), now_ms, entry);
	entry->state = w->state;
	entry->wall_since_ms = w->wall_since_ms;
	report_outage(w, now_ms, entry);
	if (seen.counted != 0) {
		entry->failing = !holds(parts, together, ~seen.failing);
		report_users(w, parts, &seen, entry);
	}
	for (uint64_t rest = seen.counted; rest != 0; rest &= rest - 1)
		add_part(parts->probes[first_of(rest)].watch, entry);
	/* One part that is kept out keeps nobody out by itself. */
	entry->damped &= w->state != REPORT_CLOSED;
	snprintf(entry->failure, sizeof(entry->failure), "%s",
		 culprit(parts, &seen, seen.counted)->failure);
}

static struct report_part part_of(const struct policy_check *check,
				  enum report_state state, bool failing,
				  const char *failure)
{
	struct report_part part = { .state = state, .failing = failing };

	snprintf(part.check, sizeof(part.check), "%s", check->name);
	if (failing || state != REPORT_CLOSED)
		snprintf(part.failure, sizeof(part.failure), "%s", failure);
	return part;
}

/* A check as a whole, and the addresses that it probes. */
static size_t report_check(const struct whole_parts *parts,
			   const struct sight *seen, uint64_t probes,
			   int64_t now_ms, struct report_part *out)
{
	size_t first = first_of(probes), check = parts->probes[first].check;
	const struct policy_check *is = check_of(parts, check);
	size_t count = 0;

	out[count++] = part_of(is, state_of(parts, check, seen),
			       !holds(parts, check, ~seen->failing),
			       culprit(parts, seen, probes)->failure);
	for (size_t i = first;
	     parts->probes[first].addr != NULL && (probes >> i & 1) != 0; i++) {
		const struct watch *w = parts->probes[i].watch;

		out[count] = part_of(is, probe_state(parts, i, now_ms),
				     w->failing, w->failure);
		out[count++].addr = *parts->probes[i].addr;
	}
	return count;
}

size_t whole_report_parts(const struct whole_parts *parts, int64_t now_ms,
			  struct report_part *out)
{
	const struct sight seen = look(parts, now_ms);
	size_t count = 0;

	for (size_t i = 0; i < reach_checks(parts->service); i++)
		count += report_check(parts, &seen, probes_of(parts, i), now_ms,
				      &out[count]);
	return count;
}
