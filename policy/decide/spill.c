/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/spill.h"

#include <math.h>
#include <string.h>

static const double least_accept = 0.001;
static const double rise = 0.02;     /* of bounds, up to 1 */
static const double stride = 1.02;   /* and from there, times */
static const double near = 1e-4;     /* of a bound: as good as there */
static const double leftover = 1e-6; /* of a demand: as good as none */

/* Of eight points, on [0, 1]. */
enum { NODES = 8 };
static const double nodes[NODES] = {
	0.0198550717512319, 0.1016667612931866, 0.2372337950418355,
	0.4082826787521751, 0.5917173212478249, 0.7627662049581645,
	0.8983332387068134, 0.9801449282487681,
};
static const double node_weights[NODES] = {
	0.0506142681451882, 0.1111905172266872, 0.1568533229389437,
	0.1813418916891810, 0.1813418916891810, 0.1568533229389437,
	0.1111905172266872, 0.0506142681451882,
};

/* Where demand goes. */
struct flow {
	double taken[POLICY_ENDPOINTS_MAX];  /* by acceptance */
	double forced[POLICY_ENDPOINTS_MAX]; /* of those whom nobody accepts */
};

/* Entries of one tier. */
struct span {
	const struct row_entry *entries;
	unsigned count;
};

static struct span span_at(const struct row *row, unsigned from)
{
	struct span span = { &row->entries[from], 1 };

	while (from + span.count < row->count &&
	       span.entries[span.count].tier == span.entries[0].tier)
		span.count++;
	return span;
}

static double part_of(const struct row_entry *e, const double *accept)
{
	return accept[e->endpoint] * accept_share(e->accept);
}

/* The chance that entry i rings first of those who accept. */
static double chance(struct span span, unsigned i, const double *accept)
{
	double weight = span.entries[i].weight, sum = 0;

	for (unsigned n = 0; n < NODES && span.count > 1; n++) {
		double others = 1;

		for (unsigned j = 0; j < span.count; j++) {
			const struct row_entry *e = &span.entries[j];
			double rung = 1 - pow(1 - nodes[n], e->weight / weight);

			if (j != i)
				others *= 1 - part_of(e, accept) * rung;
		}
		sum += node_weights[n] * others;
	}
	return part_of(&span.entries[i], accept) * (span.count > 1 ? sum : 1);
}

/* Does anybody in it accept anybody?  Who does not is not in the row that
 * answers: see policy/decide/chain. */
static bool takes(struct span span, const double *accept)
{
	for (unsigned i = 0; i < span.count; i++)
		if (accept[span.entries[i].endpoint] > 0)
			return true;
	return false;
}

/* Whom nobody accepts goes to the first ranked of the last tier. */
static void force(struct span last, double left, const double *accept,
		  struct flow *flow)
{
	bool all = !takes(last, accept);
	double whole = 0;

	for (unsigned i = 0; i < last.count; i++)
		if (all || accept[last.entries[i].endpoint] > 0)
			whole += last.entries[i].weight;
	for (unsigned i = 0; i < last.count; i++)
		if (all || accept[last.entries[i].endpoint] > 0)
			flow->forced[last.entries[i].endpoint] +=
				left * last.entries[i].weight / whole;
}

/* Through one tier.  Returns how much comes past it.  Chances are scaled to
 * what is taken in all, which is exact: nothing is lost by integrating. */
static double flow_tier(struct span span, double left, const double *accept,
			struct flow *flow)
{
	double chances[POLICY_ENDPOINTS_MAX], sum = 0, passed = 1;

	for (unsigned i = 0; i < span.count; i++) {
		chances[i] = chance(span, i, accept);
		sum += chances[i];
		passed *= 1 - part_of(&span.entries[i], accept);
	}
	for (unsigned i = 0; i < span.count && sum > 0; i++)
		flow->taken[span.entries[i].endpoint] +=
			left * (1 - passed) * chances[i] / sum;
	return left * passed;
}

/* Returns how much nobody accepts. */
static double flow_row(const struct spill_load *load, const double *accept,
		       struct flow *flow)
{
	struct span span = { NULL, 0 }, last = { NULL, 0 };
	double left = load->demand;

	for (unsigned at = 0; at < load->row->count; at += span.count) {
		span = span_at(load->row, at);
		left = flow_tier(span, left, accept, flow);
		if (takes(span, accept))
			last = span;
	}
	if (span.count > 0)
		force(last.count > 0 ? last : span, left, accept, flow);
	return left;
}

static struct flow flow_all(const struct spill_case *c, const double *accept)
{
	struct flow flow = { { 0 }, { 0 } };

	for (size_t i = 0; i < c->count; i++)
		flow_row(&c->loads[i], accept, &flow);
	return flow;
}

void spill_loads(const struct spill_case *c, const double *accept, double *load)
{
	struct flow flow = flow_all(c, accept);

	for (size_t e = 0; e < c->endpoint_count; e++)
		load[e] = flow.taken[e] + flow.forced[e];
}

static double limit_of(const struct spill_case *c, const struct spill *s,
		       size_t e)
{
	return s->bound[e] * c->capacity[e];
}

/* Lowers acceptance where the load is beyond the bound; false: nowhere. */
static bool lower(const struct spill_case *c, struct spill *s)
{
	struct flow flow = flow_all(c, s->accept);
	bool lowered = false;

	for (size_t e = 0; e < c->endpoint_count; e++) {
		double limit = limit_of(c, s, e);
		double part = (limit - flow.forced[e]) / flow.taken[e];

		s->load[e] = flow.taken[e] + flow.forced[e];
		if (s->load[e] <= limit * (1 + near) ||
		    s->accept[e] <= least_accept)
			continue;
		s->accept[e] *= part > 0 ? part : 0;
		if (s->accept[e] < least_accept)
			s->accept[e] = least_accept;
		lowered = true;
	}
	return lowered;
}

/* The most that endpoints accept within their bounds. */
static void settle(const struct spill_case *c, struct spill *s)
{
	for (size_t e = 0; e < c->endpoint_count; e++)
		s->accept[e] = 1;
	for (unsigned i = 0; i < SPILL_ROUNDS_MAX && lower(c, s); i++)
		continue;
}

void spill_within(const struct spill_case *c, const double *limit,
		  double *accept)
{
	struct spill_case limited = *c;
	struct spill s = { .overloaded = false };

	limited.capacity = limit;
	for (size_t e = 0; e < c->endpoint_count; e++)
		s.bound[e] = 1;
	settle(&limited, &s);
	memcpy(accept, s.accept, c->endpoint_count * sizeof(*accept));
}

/* The endpoints of all whose clients find none that could take more. */
static uint64_t find_strained(const struct spill_case *c, const struct spill *s)
{
	uint64_t strained = 0;

	for (size_t i = 0; i < c->count; i++) {
		const struct spill_load *load = &c->loads[i];
		struct flow flow = { { 0 }, { 0 } };
		double left = flow_row(load, s->accept, &flow);
		uint64_t all = 0;
		bool beyond = false;

		for (unsigned k = 0; k < load->row->count; k++) {
			size_t e = load->row->entries[k].endpoint;

			all |= UINT64_C(1) << e;
			beyond |= flow.forced[e] > 0 &&
				  s->load[e] >
					  limit_of(c, s, e) * (1 + 10 * near);
		}
		if (beyond && left > leftover * load->demand)
			strained |= all;
	}
	return strained;
}

static void raise_bounds(struct spill *s, uint64_t endpoints)
{
	for (; endpoints != 0; endpoints &= endpoints - 1) {
		double *bound = &s->bound[__builtin_ctzll(endpoints)];

		*bound =
			*bound < 1 - rise / 2 ? *bound + rise : *bound * stride;
	}
}

/* Downwards, so that nobody is loaded more. */
static void round_down(const struct spill_case *c, struct spill *s)
{
	for (size_t e = 0; e < c->endpoint_count; e++) {
		double thousandths = floor(s->accept[e] * 1000 + near);

		s->accept[e] =
			thousandths < 1 ? least_accept : thousandths / 1000;
	}
}

void spill_of(const struct spill_case *c, struct spill *out)
{
	uint64_t strained = 0;

	*out = (struct spill){ .overloaded = false };
	for (size_t e = 0; e < c->endpoint_count; e++)
		out->bound[e] = SPILL_USUAL_PCT / 100.0;
	for (unsigned i = 0; i < SPILL_STEPS_MAX; i++) {
		raise_bounds(out, strained);
		settle(c, out);
		strained = find_strained(c, out);
		if (strained == 0)
			break;
	}
	round_down(c, out);
	spill_loads(c, out->accept, out->load);
	for (size_t e = 0; e < c->endpoint_count; e++)
		out->overloaded |=
			out->load[e] > c->capacity[e] * (1 + 50 * near);
}

void spill_view(struct view *view, size_t service)
{
	const struct policy_service *s = &view->policy->services[service];

	for (size_t i = 0; i < s->endpoint_count; i++) {
		struct view_endpoint *e = &view->services[service].endpoints[i];

		if (s->endpoints[i].canary == POLICY_NONE &&
		    e->accept == ACCEPT_ALL)
			e->accept = ACCEPT_ALL - 1;
	}
}
