/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/excess.h"

#include <math.h>

/* Requests of the canary after which an older one counts half in the guess: a
 * fault that begins late is not hidden behind a thousand good requests. */
#define HALF_LIFE 128.0

/* Failure probabilities of both versions. */
struct pair {
	double canary, stable;
};

/* The guess of Krichevsky and Trofimov: never 0 or 1. */
static double guess(const struct excess_recent *r)
{
	return (r->failures + 0.5) / (r->requests + 1);
}

/*
 * The pair on the null's edge, p_canary = ratio x p_stable, that is nearest to
 * a pair outside of it: least sum of requests x relative entropy.  Where the
 * derivative by p_stable is 0 it is the smaller root of
 *
 *   ratio N x^2 - ((F_c + F_s)(1 + ratio) + G_c ratio + G_s) x + F_c + F_s
 *
 * with F the expected failures, G the rest of the requests and N their sum.
 */
static struct pair nearest_null(struct pair p, double ratio, double canary,
				double stable)
{
	double failures = canary * p.canary + stable * p.stable;
	double a = ratio * (canary + stable);
	double b = failures * (1 + ratio) + canary * (1 - p.canary) * ratio +
		   stable * (1 - p.stable);
	double inside = b * b - 4 * a * failures;
	double root = 2 * failures / (b + sqrt(inside > 0 ? inside : 0));

	return (struct pair){ ratio * root, root };
}

/* How much better than q does p explain t? */
static double log_factor(const struct trials *t, double p, double q)
{
	double failures = (double)t->failures;
	double others = (double)(t->requests - t->failures);

	return (failures > 0 ? failures * log(p / q) : 0) +
	       (others > 0 ? others * log((1 - p) / (1 - q)) : 0);
}

static void count(struct trials *all, struct excess_recent *recent,
		  const struct trials *more, double fade)
{
	all->requests += more->requests;
	all->failures += more->failures;
	recent->requests = recent->requests * fade + (double)more->requests;
	recent->failures = recent->failures * fade + (double)more->failures;
}

void excess_add(struct excess *x, double ratio, struct trials canary,
		struct trials stable)
{
	double fade = exp2(-(double)canary.requests / HALF_LIFE);
	struct pair p = { guess(&x->recent_canary), guess(&x->recent_stable) };
	struct pair q;

	/* Without one of them nothing can be said of the other: the nearest
	 * pair is p itself. */
	if (canary.requests > 0 && stable.requests > 0 &&
	    x->recent_canary.failures >= 1 && p.canary > ratio * p.stable) {
		q = nearest_null(p, ratio, (double)canary.requests,
				 (double)stable.requests);
		x->log_e += log_factor(&canary, p.canary, q.canary) +
			    log_factor(&stable, p.stable, q.stable);
	}
	count(&x->canary, &x->recent_canary, &canary, fade);
	count(&x->stable, &x->recent_stable, &stable, fade);
}

/* As many as are remembered in the long run, at most. */
static struct excess_recent recent_of(const struct trials *t, double most)
{
	double requests = (double)t->requests;
	double part = requests > most ? most / requests : 1;

	return (struct excess_recent){ part * requests,
				       part * (double)t->failures };
}

struct excess excess_adopt(struct trials canary, struct trials stable,
			   double log_e)
{
	double most = HALF_LIFE / log(2);
	double per_canary =
		canary.requests == 0
			? 1
			: (double)stable.requests / (double)canary.requests;

	return (struct excess){
		.canary = canary,
		.stable = stable,
		.log_e = log_e,
		.recent_canary = recent_of(&canary, most),
		.recent_stable = recent_of(&stable, most * per_canary),
	};
}

bool excess_suspected(const struct excess *x, double ratio)
{
	double of_canary =
		(double)x->canary.failures * (double)x->stable.requests;
	double of_stable =
		(double)x->stable.failures * (double)x->canary.requests;

	return x->canary.failures >= EXCESS_FAILURES_MIN &&
	       x->canary.requests >= EXCESS_REQUESTS_MIN &&
	       of_canary > ratio * of_stable;
}

bool excess_found(const struct excess *x, double ratio, double alpha)
{
	return excess_suspected(x, ratio) && x->log_e >= -log(alpha);
}
