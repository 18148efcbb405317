/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/locality.h"

#include "policy/language/expression.h"

struct locality locality_of(const struct policy *policy,
			    const struct view *view, size_t service)
{
	const struct policy_service *s = &policy->services[service];
	struct locality l = { .policy = policy,
			      .view = &view->services[service] };

	if (s->check == POLICY_NONE)
		return l;
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (l.view->endpoints[i].health.split)
			l.split |= UINT64_C(1) << i;
	if (l.split == 0)
		return l;
	l.needed = policy_terms(policy, s).quorum;
	l.electorate = electorate_of(policy);
	return l;
}

static uint32_t votes_of(const struct electorate *e, uint64_t voters)
{
	uint32_t votes = (uint32_t)__builtin_popcountll(voters & e->alone);

	for (size_t i = 0; i < e->network_count; i++)
		votes += (voters & e->networks[i]) != 0;
	return votes;
}

/* Do the nearest voters all say down? */
static bool is_away(const struct locality *l, const struct latency_ways *ways,
		    const struct quorum_result *health)
{
	uint64_t agreed = 0;

	for (size_t i = 0; i < l->policy->vantage_count; i++) {
		uint64_t vantage = UINT64_C(1) << ways->vantages[i];

		if (health->up_by & vantage)
			return false;
		agreed |= health->down_by & vantage;
		if (votes_of(&l->electorate, agreed) >= l->needed)
			return true;
	}
	return false;
}

uint64_t locality_away(const struct locality *l,
		       const struct latency_ways *ways)
{
	uint64_t away = 0;

	for (uint64_t rest = l->split; rest != 0; rest &= rest - 1) {
		size_t i = (size_t)__builtin_ctzll(rest);

		if (is_away(l, ways, &l->view->endpoints[i].health))
			away |= UINT64_C(1) << i;
	}
	return away;
}
