/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acceptance -- what a policy says about findings: how severe those of a kind
 * are, and which are known and stay, with the reason.
 *
 * Warnings alone can be spoken of: what is an error has no meaning that a
 * program could go by.  What is accepted is a thing of the policy, like
 * services.www, and is found again by where its keys and values stand; or it
 * is a file, for what is found in master files and key files.
 *
 * A warning that was made an error is one for reviews.  Programs that run load
 * the policy all the same: some warnings come with time, as those about keys,
 * and a restart at night must not fail by them.  Pure.
 */
#ifndef POLICY_LANGUAGE_ACCEPTANCE_H
#define POLICY_LANGUAGE_ACCEPTANCE_H

#include "policy/language/draft.h"

/* value_reader of SCHEMA_CODE and SCHEMA_SEVERITIES. */
void acceptance_read(struct draft *d, const struct schema_row *row,
		     struct tree *node, void *target);

/* The list review.accepted. */
void acceptance_read_all(struct draft *d);

/*
 * Gives findings the severity and the reason that the policy says; strict: as
 * in reviews, else none becomes an error.  May be called again when findings
 * were added.  Reasons are borrowed from the policy.
 */
void acceptance_apply(const struct policy_review *review, struct errors *errs,
		      bool strict);

/* Did it accept one of these, by acceptance_apply()? */
bool acceptance_is_used(const struct policy_acceptance *acceptance,
			const struct errors *errs);

#endif
