/* SPDX-License-Identifier: Apache-2.0 */
/*
 * excess -- does a canary fail more than so many times as often as the stable
 * version, or is that chance?  A test that may be looked at at any time.
 *
 * The null hypothesis is p_canary <= ratio x p_stable, p being the probability
 * that a request fails.  Requests come in blocks, one per look.  Before a block
 * is seen, both probabilities are guessed from what went before; the block
 * multiplies e by how much better that guess explains it than the nearest pair
 * of probabilities that the null allows.  Whatever the true pair under the
 * null, the expectation of such a factor is at most 1, for blocks of any size,
 * so the probability that e ever reaches 1 / alpha is at most alpha, at however
 * many looks (Ville's inequality).  Nothing here is asymptotic, and a bad guess
 * costs time, never false alarms.
 *
 * Nothing is guessed against the null while the canary's last requests show no
 * failure or no more than the null allows: e stands still then, so a long
 * healthy time does not use up what a later fault is seen by.
 *
 * Rejected: the mixture SPRT of Johari, Pekelis and Walsh (Always valid
 * inference, Operations Research 70(3), 2022, section 4) treats the difference
 * of two proportions as normal, which it is not at three failures of twenty,
 * and tests equality, not a ratio.  A test of Fisher's kind at each look would
 * sound an alarm at nearly every healthy canary in the end.
 *
 * Limits: requests are taken for independent.  One client that tries again and
 * again after each failure counts each time; a burst of failures of a shared
 * cause that hits one version only is taken for a fault of that version.
 *
 * Sources: R. Turner, A. Ly, P. Gruenwald, Generic E-variables for exact
 * sequential k-sample tests that allow for optional stopping, J. Statistical
 * Planning and Inference 230, 2024 (arXiv 2106.02693), section 2: the factor;
 * R. Turner, P. Gruenwald, Exact anytime-valid confidence intervals for
 * contingency tables and beyond, Statistics & Probability Letters 198, 2023,
 * section 2: nulls other than equality.  R. Krichevsky, V. Trofimov, The
 * performance of universal encoding, IEEE Trans. Information Theory 27(2),
 * 1981: the guess.  J. Ville, Etude critique de la notion de collectif, 1939.
 * Pure.
 */
#ifndef STEERING_EXCESS_H
#define STEERING_EXCESS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	EXCESS_FAILURES_MIN = 3, /* of the canary, before there is an excess */
	EXCESS_REQUESTS_MIN = 20,
};

/* Requests and those of them that failed. */
struct trials {
	uint64_t requests, failures; /* failures <= requests */
};

/* Requests and failures, old ones faded. */
struct excess_recent {
	double requests, failures;
};

/* Zero-initialised has seen nothing. */
struct excess {
	struct trials canary, stable; /* all that was seen */
	double log_e;                 /* natural logarithm */
	struct excess_recent recent_canary, recent_stable;
};

/* Goes on from what was kept of another: its recent requests are then taken to
 * have been like all of them. */
struct excess excess_adopt(struct trials canary, struct trials stable,
			   double log_e);

/* One more block, of what came since the last.  ratio >= 1. */
void excess_add(struct excess *x, double ratio, struct trials canary,
		struct trials stable);

/*
 * Is there an excess, with alpha the probability to say so wrongly ever?
 * Needs the least numbers above, and that what was seen exceeds the ratio, too.
 */
bool excess_found(const struct excess *x, double ratio, double alpha);

/* Does what was seen exceed the ratio, chance or not? */
bool excess_suspected(const struct excess *x, double ratio);

#endif
