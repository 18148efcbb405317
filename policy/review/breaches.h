/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breaches -- what cannot be proved of one policy and could of another.
 *
 * Failures of two proofs are one when the same is said of them: service, rule,
 * what a test wants, name.  How it comes to them, `windrose prove` shows.  Of
 * services that fail alike one is told.  Pure.
 */
#ifndef POLICY_REVIEW_BREACHES_H
#define POLICY_REVIEW_BREACHES_H

#include "policy/review/proof.h"

#include <stddef.h>

enum { BREACH_TEXT_SIZE = 300 };

/* Zero-initialised is before the first. */
struct breaches_walk {
	size_t next;
	char text[BREACH_TEXT_SIZE];
};

/* What is said of the next failure of in that other has not, valid until the
 * next call; NULL: no more. */
const char *breaches_next(struct breaches_walk *walk, const struct proof *in,
			  const struct proof *other);

/* "www: residency gdpr", into buf, which is returned. */
const char *breach_text(const struct proof *in,
			const struct proof_failure *failure,
			char buf[BREACH_TEXT_SIZE]);

#endif
