/* SPDX-License-Identifier: Apache-2.0 */
#include "health/whole.h"

#include "health/watch.h"
#include "policy/decide/ballot.h"

#include <stdio.h>

/* What the parts are, a bit each; in none: not known. */
struct sight {
	uint64_t up, down, on_trial, failing;
	uint64_t with_users; /* of those on trial: with some of them */
};

static enum report_state part_state(const struct whole_parts *parts, size_t i,
				    int64_t now_ms)
{
	const struct policy_check *check =
		&parts->checks[parts->expression->checks[i]];
	const struct watch *w = parts->watches[i];
	const struct policy_terms terms = {
		.interval_ms = check->interval_ms,
		.rest_ms = check->breaker.max_open_for_ms,
	};

	if (w->wall_probed_ms == 0 ||
	    !ballot_is_fresh(&terms, watch_state(w), now_ms - w->probed_ms, 0))
		return REPORT_UNKNOWN;
	return watch_state(w);
}

static struct sight look(const struct whole_parts *parts, int64_t now_ms)
{
	struct sight seen = { 0 };

	for (size_t i = 0; i < parts->expression->check_count; i++) {
		enum report_state state = part_state(parts, i, now_ms);
		uint64_t bit = UINT64_C(1) << i;

		if (state == REPORT_CLOSED)
			seen.up |= bit;
		else if (state != REPORT_UNKNOWN)
			seen.down |= bit;
		if (state == REPORT_HALF_OPEN)
			seen.on_trial |= bit;
		if (state == REPORT_HALF_OPEN &&
		    parts->watches[i]->breaker.state == BREAKER_TRICKLE)
			seen.with_users |= bit;
		if (parts->watches[i]->failing)
			seen.failing |= bit;
	}
	return seen;
}

static enum report_state state_of(const struct whole_parts *parts,
				  int64_t now_ms)
{
	const struct policy_expression *x = parts->expression;
	const struct sight seen = look(parts, now_ms);

	/* All in shadow: measured, and reported, as one check in shadow is. */
	if (x->counted == 0)
		return watch_state(parts->first);
	if (expression_holds(x, seen.up))
		return REPORT_CLOSED;
	if (expression_holds(x, ~seen.down))
		return REPORT_UNKNOWN;
	return expression_holds(x, ~seen.down | seen.on_trial)
		       ? REPORT_HALF_OPEN
		       : REPORT_OPEN;
}

bool whole_step(struct whole *w, const struct whole_parts *parts,
		int64_t now_ms, int64_t wall_ms)
{
	enum report_state state = state_of(parts, now_ms);
	bool changed = state != w->state;

	if (changed || w->wall_since_ms == 0)
		w->wall_since_ms = wall_ms;
	if (state == REPORT_CLOSED) {
		w->down = false;
	} else if (state != REPORT_UNKNOWN && !w->down) {
		w->down = true;
		w->down_since_ms = now_ms;
	}
	w->state = state;
	return changed;
}

/* Whose last failure is told: of what made it go down, or soon may. */
static const struct watch *culprit(const struct whole_parts *parts,
				   const struct sight *seen)
{
	uint64_t counted = parts->expression->counted;
	uint64_t found = seen->down & counted;

	if (found == 0)
		found = seen->failing & counted;
	return found == 0 ? parts->first
			  : parts->watches[__builtin_ctzll(found)];
}

/* Of which part it is told what users have to do with the state: of the first
 * that they opened, or else that was closed without their word. */
static const struct watch *met_by_users(const struct whole_parts *parts)
{
	const struct watch *unjudged = parts->first;

	for (uint64_t rest = parts->expression->counted; rest != 0;
	     rest &= rest - 1) {
		const struct watch *w = parts->watches[__builtin_ctzll(rest)];

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
	watch_report_users(met_by_users(parts), entry);
	/* Users are let in where nothing else keeps them out. */
	entry->trickle = w->state == REPORT_HALF_OPEN &&
			 expression_holds(parts->expression,
					  seen->up | seen->with_users);
	entry->by_users &=
		w->state == REPORT_OPEN || w->state == REPORT_HALF_OPEN;
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
	const struct policy_expression *x = parts->expression;
	const struct sight seen = look(parts, now_ms);

	watch_report(parts->first, now_ms, entry);
	entry->state = w->state;
	entry->wall_since_ms = w->wall_since_ms;
	entry->down_ms = w->down ? now_ms - w->down_since_ms : 0;
	if (x->counted != 0) {
		entry->failing = !expression_holds(x, ~seen.failing);
		report_users(w, parts, &seen, entry);
	}
	for (uint64_t rest = x->counted; rest != 0; rest &= rest - 1)
		add_part(parts->watches[__builtin_ctzll(rest)], entry);
	/* One part that is kept out keeps nobody out by itself. */
	entry->damped &= w->state != REPORT_CLOSED;
	snprintf(entry->failure, sizeof(entry->failure), "%s",
		 culprit(parts, &seen)->failure);
}

void whole_report_parts(const struct whole_parts *parts, int64_t now_ms,
			struct report_part *out)
{
	for (size_t i = 0; i < parts->expression->check_count; i++) {
		const struct watch *w = parts->watches[i];
		struct report_part *part = &out[i];

		*part = (struct report_part){
			.state = part_state(parts, i, now_ms),
			.failing = w->failing,
		};
		snprintf(part->check, sizeof(part->check), "%s",
			 parts->checks[parts->expression->checks[i]].name);
		if (part->failing || part->state != REPORT_CLOSED)
			snprintf(part->failure, sizeof(part->failure), "%s",
				 w->failure);
	}
}
