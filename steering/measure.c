/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/measure.h"

#include <string.h>

const char *arm_name(enum arm arm)
{
	return arm == ARM_CANARY ? "canary" : "stable";
}

static bool latencies_between(const struct latencies *from,
			      const struct latencies *to, struct latencies *out)
{
	*out = *to;
	if (from->count != to->count ||
	    memcmp(from->upto_s, to->upto_s,
		   to->count * sizeof(to->upto_s[0])) != 0)
		return false;
	for (size_t i = 0; i < to->count; i++) {
		if (to->requests[i] < from->requests[i])
			return false;
		out->requests[i] -= from->requests[i];
	}
	return true;
}

bool measure_between(const struct measure_arm *from,
		     const struct measure_arm *to, struct measure_arm *out)
{
	struct measure_arm between = { .outcome = MEASURE_OK };

	if (to->total.requests < from->total.requests ||
	    to->total.failures < from->total.failures ||
	    !latencies_between(&from->latencies, &to->latencies,
			       &between.latencies))
		return false;
	between.total.requests = to->total.requests - from->total.requests;
	between.total.failures = to->total.failures - from->total.failures;
	/* Two counters are not read at the very same instant. */
	if (between.total.failures > between.total.requests)
		between.total.failures = between.total.requests;
	*out = between;
	return true;
}
