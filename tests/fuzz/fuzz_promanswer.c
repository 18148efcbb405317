/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_promanswer: whatever a server says, what is taken is within bounds. */
#include "policy/bus/promanswer.h"

#include "steering/prombuckets.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check_detail(const char *detail)
{
	if (strnlen(detail, MEASURE_DETAIL_SIZE) == MEASURE_DETAIL_SIZE)
		abort();
	for (; *detail != '\0'; detail++)
		if (*detail < ' ' || *detail > '~')
			abort();
}

static void check_buckets(const struct latencies *l)
{
	if (l->count < 2 || l->count > SLOWNESS_BUCKETS_MAX)
		abort();
	for (size_t i = 1; i < l->count; i++)
		if (!(l->upto_s[i] > l->upto_s[i - 1]))
			abort();
	if (latencies_total(l) > UINT64_C(1) << 53)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	static const unsigned statuses[] = { 200, 400, 422, 503, 502 };
	char detail[MEASURE_DETAIL_SIZE];
	struct latencies buckets;
	uint64_t count = 0;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		const struct promanswer a = { statuses[i], octets, len };
		enum measure_outcome is = promanswer_count(&a, &count, detail);

		check_detail(detail);
		if (is == MEASURE_OK &&
		    (statuses[i] != 200 || count > UINT64_C(1) << 53))
			abort();
		if (prombuckets_read(&a, &buckets, detail) == MEASURE_OK)
			check_buckets(&buckets);
		check_detail(detail);
	}
	return 0;
}
