/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_rum_post: whatever a browser sends, what is taken is within bounds. */
#include "steering/rum_post.h"

#include "policy/base/error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct rum_post post;
	struct error err;

	if (!rum_post_parse(octets, len, &post, &err))
		return 0;
	if (len > RUM_POST_OCTETS_MAX || post.count == 0 ||
	    post.count > POLICY_REGIONS_MAX)
		abort();
	for (size_t i = 0; i < post.count; i++) {
		const struct rum_rtt *rtt = &post.rtts[i];

		if (!(rtt->ms > 0) || !(rtt->ms <= (float)RUM_POST_MS_MAX) ||
		    rtt->region[0] == '\0' ||
		    strnlen(rtt->region, PLAN_NAME_SIZE) == PLAN_NAME_SIZE)
			abort();
	}
	return 0;
}
