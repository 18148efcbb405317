/* SPDX-License-Identifier: Apache-2.0 */
#include "health/subject.h"

#include "health/roster.h"
#include "health/whole.h"
#include "policy/base/error.h"
#include "policy/language/policy.h"

#include <stdint.h>
#include <stdlib.h>

void subject_fini(struct subject *s)
{
	rounds_stop(s->rounds);
	roster_free(s->roster);
	free(s->wholes);
	policy_free(s->policy);
	policy_free(s->next);
	*s = (struct subject){ 0 };
}

/* What was known of the same endpoints goes on. */
static bool begin_wholes(struct subject *s, const struct subject *before)
{
	size_t hint = 0;

	s->wholes = calloc(s->roster->target_count + 1, sizeof(*s->wholes));
	if (s->wholes == NULL || before->roster == NULL)
		return s->wholes != NULL;
	for (size_t i = 0; i < s->roster->target_count; i++) {
		size_t at = roster_find_target(before->roster,
					       &s->roster->targets[i], &hint);

		if (at != SIZE_MAX)
			s->wholes[i] = before->wholes[at];
	}
	return true;
}

bool subject_start(struct subject *out, const struct subject_config *config,
		   struct policy *policy, struct policy *next,
		   struct error *err)
{
	struct rounds_config rounds = config->rounds;
	struct subject s = {
		.policy = policy,
		.next = next,
		.roster = roster_of_both(policy, next),
	};

	if (s.roster == NULL || !begin_wholes(&s, config->before)) {
		error_set(err, "out of memory while listing what to probe");
		goto fail;
	}
	rounds.roster = s.roster;
	rounds.vantage =
		&policy->vantages[policy_find_vantage(policy, config->vantage)];
	s.rounds = rounds_start(&rounds, config->before->rounds, err);
	if (s.rounds == NULL)
		goto fail;
	*out = s;
	return true;
fail:
	subject_fini(&s);
	return false;
}
