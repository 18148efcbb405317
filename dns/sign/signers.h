/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signers -- a signer for each signed zone, by its name, kept from load to
 * load with the signatures it has made.
 *
 * One thread at a time.  Pure but for the key files.
 */
#ifndef DNS_SIGN_SIGNERS_H
#define DNS_SIGN_SIGNERS_H

#include "dns/sign/signer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct errors;
struct keyring;
struct policy;
struct signers;

/* What is told of one signed zone. */
struct signed_zone {
	struct keyring *keys; /* without secrets; its zone is the name */
	struct sign_span span;
};

/* Of all signed zones at the end of a build; immutable. */
struct signed_zones {
	struct signed_zone *list;
	size_t count;
	uint64_t made; /* signatures, since the start */
};

/* NULL when memory runs out.  The caller owns it. */
struct signers *signers_new(void);

/* Accepts NULL. */
void signers_free(struct signers *signers);

/*
 * Of all key files of policy; another number when one changed.  To be taken
 * before they are read, so that none that changes meanwhile is missed.
 */
uint64_t signers_stamp(const struct policy *policy);

/*
 * Begins a build of every zone of policy that is signed.  False with errs
 * filled when keys of one cannot be used, or when one that was signed is not
 * to be any more and has not asked its parent to remove the DS; nothing has
 * begun then.
 */
bool signers_begin(struct signers *signers, const struct policy *policy,
		   int64_t now_s, struct errors *errs);

/*
 * The same, but a zone whose keys cannot be used any more goes on with those
 * it had; errs then has errors, and the result is true all the same.
 */
bool signers_renew(struct signers *signers, const struct policy *policy,
		   int64_t now_s, struct errors *errs);

/* By zone of that policy, NULL for those that are not signed; borrowed. */
struct signer *const *signers_list(const struct signers *signers);

/*
 * Ends the build: forgets what it did not use, and zones that are no more.
 * Returns when the next has to be; INT64_MAX: no zone is signed.
 */
int64_t signers_end(struct signers *signers);

/* Ends a build that failed: nothing is forgotten. */
void signers_abandon(struct signers *signers);

/* As of the last end.  NULL when memory runs out; the caller owns it. */
struct signed_zones *signers_show(const struct signers *signers);

/* Accepts NULL. */
void signed_zones_free(struct signed_zones *zones);

#endif
