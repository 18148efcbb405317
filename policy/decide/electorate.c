/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/electorate.h"

static uint64_t bit(size_t i)
{
	return UINT64_C(1) << i;
}

/* The voters of a network. */
static uint64_t voters_in(const struct policy *policy, uint32_t asn)
{
	uint64_t found = 0;

	for (size_t v = 0; v < policy->vantage_count; v++)
		if (policy->vantages[v].vote != VANTAGE_MUTE &&
		    policy->vantages[v].asn == asn)
			found |= bit(v);
	return found;
}

struct electorate electorate_of(const struct policy *policy)
{
	struct electorate e = { .votes = policy_vote_count(policy) };
	uint64_t grouped = 0;

	for (size_t v = 0; v < policy->vantage_count; v++) {
		const struct policy_vantage *vantage = &policy->vantages[v];
		uint64_t network = bit(v);

		if (vantage->vote == VANTAGE_MUTE)
			continue;
		e.voters |= bit(v);
		if (vantage->vote == VANTAGE_VETO)
			e.vetoes |= bit(v);
		if (vantage->asn != 0)
			network = voters_in(policy, vantage->asn);
		if (network == bit(v))
			e.alone |= bit(v);
		else if ((grouped & bit(v)) == 0)
			e.networks[e.network_count++] = network;
		grouped |= network;
	}
	return e;
}
