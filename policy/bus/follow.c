/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/follow.h"

#include "policy/bus/plan.h"
#include "policy/bus/sign.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

void follow_fini(struct follow *follow)
{
	plan_free(follow->plan);
	plan_release_fini(&follow->release);
	*follow = (struct follow){ 0 };
}

/* The plan inside a good envelope, or NULL with err set. */
static struct plan *open_plan(const struct verifier *trusted,
			      const void *octets, size_t len, struct error *err)
{
	const char *payload;
	size_t payload_len;

	if (trusted == NULL) {
		error_set(err, "a plan came, but no key is trusted (--trust)");
		return NULL;
	}
	if (len > PLAN_OCTETS_MAX) {
		error_set(err, "the plan is larger than %d octets",
			  PLAN_OCTETS_MAX);
		return NULL;
	}
	if (!sign_unwrap(trusted, SIGN_PLAN, octets, len, &payload,
			 &payload_len, err))
		return NULL;
	return plan_parse(payload, payload_len, err);
}

static bool same_plan(const struct plan *a, const struct plan *b)
{
	return b != NULL && a->epoch == b->epoch && a->sequence == b->sequence;
}

/* Nobody goes back: a lower (epoch, sequence) is a store that lost writes. */
static bool may_take(const struct follow *follow, const struct plan *plan,
		     const struct policy *policy, struct error *err)
{
	if (plan_newer(plan, follow->plan))
		return plan_check(plan, policy, err);
	error_set(err,
		  "the plan on the bus (%" PRIu64 ", %" PRIu64
		  ") is older than the one in force (%" PRIu64 ", %" PRIu64 ")",
		  plan->epoch, plan->sequence, follow->plan->epoch,
		  follow->plan->sequence);
	return false;
}

/* Out of memory it stays as it was: the next plan comes in some seconds. */
static void hear_release(struct follow *follow, const struct plan *plan)
{
	struct plan_release release;

	if (plan->epoch < follow->release_epoch ||
	    (plan->epoch == follow->release_epoch &&
	     plan->sequence <= follow->release_sequence) ||
	    !plan_release_copy(&plan->release, &release))
		return;
	plan_release_fini(&follow->release);
	follow->release = release;
	follow->release_epoch = plan->epoch;
	follow->release_sequence = plan->sequence;
}

enum follow_result follow_take(struct follow *follow,
			       const struct verifier *trusted,
			       const struct policy *policy, const void *octets,
			       size_t len)
{
	struct error err = { 0 };
	struct plan *plan = open_plan(trusted, octets, len, &err);

	if (plan != NULL)
		hear_release(follow, plan);
	if (plan != NULL && same_plan(plan, follow->plan)) {
		plan_free(plan);
		follow->refusal.text[0] = '\0';
		return FOLLOW_SAME;
	}
	if (plan == NULL || !may_take(follow, plan, policy, &err)) {
		bool again = strcmp(err.text, follow->refusal.text) == 0;

		plan_free(plan);
		follow->refusal = err;
		follow->refused++;
		return again ? FOLLOW_REFUSED_AGAIN : FOLLOW_REFUSED;
	}
	plan_free(follow->plan);
	follow->plan = plan;
	follow->refusal.text[0] = '\0';
	return FOLLOW_TAKEN;
}
