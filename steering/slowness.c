/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/slowness.h"

#include <math.h>
#include <string.h>

uint64_t latencies_total(const struct latencies *l)
{
	uint64_t total = 0;

	for (size_t i = 0; i < l->count; i++)
		total += l->requests[i];
	return total;
}

double latencies_quantile(const struct latencies *l, double share)
{
	double rank = share * (double)latencies_total(l);
	double below = 0, from_s = 0;

	for (size_t i = 0; i < l->count; i++) {
		double here = (double)l->requests[i];

		if (here > 0 && below + here >= rank) {
			/* Nobody knows where within it: say its beginning. */
			if (isinf(l->upto_s[i]))
				return i == 0 ? l->upto_s[i] : from_s;
			return from_s +
			       (l->upto_s[i] - from_s) * (rank - below) / here;
		}
		below += here;
		from_s = l->upto_s[i];
	}
	return 0;
}

double slowness_chance(const struct latencies *canary,
		       const struct latencies *stable)
{
	double n_canary = (double)latencies_total(canary);
	double n_stable = (double)latencies_total(stable);
	double n = n_canary + n_stable;
	double below = 0, u = 0, ties = 0, variance;

	if (n_canary <= 0 || n_stable <= 0)
		return 1;
	for (size_t i = 0; i < canary->count; i++) {
		double c = (double)canary->requests[i];
		double s = (double)stable->requests[i];
		double t = c + s;

		u += c * (below + s / 2);
		below += s;
		ties += t * t * t - t;
	}
	variance = n_canary * n_stable / 12 * (n + 1 - ties / (n * (n - 1)));
	if (variance <= 0) /* all are ties */
		return 1;
	return erfc((u - n_canary * n_stable / 2) / sqrt(2 * variance)) / 2;
}

/* Are the bounds of both the same? */
static bool same_buckets(const struct latencies *a, const struct latencies *b)
{
	return a->count == b->count &&
	       memcmp(a->upto_s, b->upto_s, a->count * sizeof(*a->upto_s)) == 0;
}

static void add(struct latencies *to, const struct latencies *from)
{
	for (size_t i = 0; i < to->count; i++)
		to->requests[i] += from->requests[i];
}

bool slowness_add(struct slowness *s, const struct latencies *canary,
		  const struct latencies *stable)
{
	if (!same_buckets(canary, stable) ||
	    (s->canary.count > 0 && !same_buckets(&s->canary, canary))) {
		*s = (struct slowness){ .looks = s->looks };
		return false;
	}
	if (s->canary.count == 0) {
		s->canary = *canary;
		s->stable = *stable;
		return true;
	}
	add(&s->canary, canary);
	add(&s->stable, stable);
	return true;
}

static double ratio_at(const struct slowness *s, double share)
{
	double of_stable = latencies_quantile(&s->stable, share);

	return of_stable > 0 ? latencies_quantile(&s->canary, share) / of_stable
			     : 0;
}

bool slowness_found(struct slowness *s, double ratio, double alpha)
{
	uint64_t canary = latencies_total(&s->canary);
	uint64_t stable = latencies_total(&s->stable);
	uint64_t least = canary < stable ? canary : stable;
	double looks;

	if (least < SLOWNESS_REQUESTS_MIN || least < s->tested + s->tested / 4)
		return false;
	looks = (double)++s->looks;
	s->tested = least;
	s->median_ratio = ratio_at(s, 0.5);
	s->p95_ratio = ratio_at(s, 0.95);
	return (s->median_ratio >= ratio || s->p95_ratio >= ratio) &&
	       slowness_chance(&s->canary, &s->stable) <=
		       alpha / (looks * (looks + 1));
}
