/* SPDX-License-Identifier: Apache-2.0 */
/* invariants -- what must hold in every world at every step. */
#include "world.h"

#include "policy/decide/chain.h"
#include "policy/decide/share.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static bool broken(struct world *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool broken(struct world *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->trouble, sizeof(w->trouble), fmt, ap);
	va_end(ap);
	return false;
}

/* Bit per stable endpoint of the service that residency allows the class. */
static uint64_t allowed(const struct world *w, size_t service,
			const struct client_class *class)
{
	const struct policy_service *s = &w->policy->services[service];
	uint64_t set = 0;

	for (size_t e = 0; e < s->endpoint_count; e++)
		if (class->regions >> s->endpoints[e].region & 1)
			set |= UINT64_C(1) << e;
	return set;
}

/* 1: residency is a hard wall.  2: never empty by accident. */
static bool check_row(struct world *w, size_t r, size_t service, size_t c)
{
	const struct client_class *class = &w->classes[c];
	struct row row = chain_row(w->policy, w->responders[r].view, service,
				   class, NULL);
	uint64_t possible = share_possible(&row, 1);
	uint64_t inside = allowed(w, service, class);

	if ((possible & ~inside) != 0)
		return broken(
			w,
			"residency: responder %zu, service %s, class %zu: "
			"may answer %" PRIx64 ", allowed %" PRIx64,
			r, w->policy->services[service].name, c, possible,
			inside);
	if (inside != 0 && possible == 0 && row.note != ROW_WITHHELD)
		return broken(w, "empty: responder %zu, service %s, class %zu",
			      r, w->policy->services[service].name, c);
	if (row.note == ROW_WITHHELD &&
	    class->none_healthy != NONE_HEALTHY_NO_ANSWER)
		return broken(w, "withheld from class %zu, which no rule asks",
			      c);
	return true;
}

/* 3: never backwards, not even over a restart. */
static bool check_order(struct world *w, size_t i)
{
	struct responder *r = &w->responders[i];

	if (r->plan == NULL)
		return r->highest_epoch == 0 ||
		       broken(w, "backwards: responder %zu lost its plan", i);
	if (r->plan->epoch < r->highest_epoch ||
	    (r->plan->epoch == r->highest_epoch &&
	     r->plan->sequence < r->highest_sequence))
		return broken(w,
			      "backwards: responder %zu went from %" PRIu64
			      ".%" PRIu64 " to %" PRIu64 ".%" PRIu64,
			      i, r->highest_epoch, r->highest_sequence,
			      r->plan->epoch, r->plan->sequence);
	r->highest_epoch = r->plan->epoch;
	r->highest_sequence = r->plan->sequence;
	return true;
}

bool world_check(struct world *w)
{
	if (w->trouble[0] != '\0')
		return false;
	for (size_t r = 0; r < WORLD_RESPONDERS; r++) {
		if (!w->alive[r])
			continue;
		if (!check_order(w, r))
			return false;
		for (size_t s = 0; s < w->policy->service_count; s++)
			for (size_t c = 0; c < WORLD_CLASSES; c++)
				if (!check_row(w, r, s, c))
					return false;
	}
	return true;
}

static bool check_truth(struct world *w, size_t r, size_t target)
{
	const struct view_service *s =
		&w->responders[r].view->services[w->target_service[target]];
	enum verdict verdict =
		s->endpoints[w->target_endpoint[target]].health.verdict;
	enum verdict truth = w->endpoint_up[target] ? VERDICT_UP : VERDICT_DOWN;

	return verdict == truth ||
	       broken(w, "responder %zu takes target %zu for %s; it is %s", r,
		      target, verdict_name(verdict), verdict_name(truth));
}

bool world_check_converged(struct world *w)
{
	const struct plan *first = w->responders[0].plan;

	if (first == NULL)
		return broken(w, "no plan at the end");
	for (size_t r = 0; r < WORLD_RESPONDERS; r++) {
		const struct plan *plan = w->responders[r].plan;

		if (plan == NULL || plan->epoch != first->epoch)
			return broken(w,
				      "responders 0 and %zu follow plans of "
				      "different epochs at the end",
				      r);
		for (size_t t = 0; t < w->target_count; t++)
			if (!check_truth(w, r, t))
				return false;
	}
	return true;
}
