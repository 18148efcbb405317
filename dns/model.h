/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model -- everything a responder loads from files, together: the policy, the
 * client classes of its geo databases, the zones of its records.
 *
 * Immutable once loaded; any thread may read it.  References are counted
 * atomically: tables hold one each, so an old model lives until the last table
 * made of it is gone.  A zone is signed again by making another model of the
 * same policy and geo.  Pure: dns/loader reads the files.
 */
#ifndef DNS_MODEL_H
#define DNS_MODEL_H

#include <stdatomic.h>
#include <stdint.h>

struct errors;
struct geo;
struct policy;
struct pool;
struct signer;
struct vicinity;
struct zones;

/* What decisions are made of; models of the same policy share it. */
struct grounds {
	struct policy *policy; /* owned, as are geo and vicinity */
	struct geo *geo;
	struct vicinity *vicinity; /* of geo's classes */
	uint8_t *homes;            /* of each class: demand_home(); owned */
	atomic_uint refs;
};

struct model {
	struct grounds *grounds; /* a reference */
	struct policy *policy;   /* its grounds', as is geo */
	struct geo *geo;
	struct zones *zones; /* owned */
	struct pool *pools;  /* owned, by service */
	atomic_uint refs;
};

/*
 * A model of parts made elsewhere: takes ownership of policy and geo, builds
 * the zones and signs each with its signer, which has begun (signers are by
 * zone; NULL, or one that is NULL: not signed).  NULL when errs has an error;
 * policy and geo are then freed too.
 */
struct model *model_of(struct policy *policy, struct geo *geo,
		       struct signer *const *signers, struct errors *errs);

/*
 * A model of the same grounds as before, which is only read; its zones are
 * built and signed anew.  NULL when errs has an error.
 */
struct model *model_again(const struct model *before,
			  struct signer *const *signers, struct errors *errs);

/* Takes one more reference; returns model. */
struct model *model_ref(struct model *model);

/* Gives one back; the last frees everything.  Accepts NULL. */
void model_unref(struct model *model);

#endif
