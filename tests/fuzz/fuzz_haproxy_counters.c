/* SPDX-License-Identifier: Apache-2.0 */
/* HAProxy's counters: whatever it answers, no more requests fail than there
 * were, and nothing grows when it answers the same again. */
#include "policy/base/error.h"
#include "steering/edge/haproxy_counters.h"
#include "steering/edge/ledger.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check_counters(const struct haproxy_counters *counters)
{
	static const struct haproxy_route route = { "www", NULL, "b" };
	static const struct haproxy_counters none = { 0 };
	const struct haproxy_routes routes = { &route, 1 };
	struct ledger ledger;

	for (size_t i = 0; i < counters->count; i++) {
		const struct haproxy_counted *c = &counters->list[i];
		struct served_count all = haproxy_growth(NULL, c);
		struct served_count more = haproxy_growth(c, c);

		if (all.errors > all.requests || more.requests != 0)
			abort();
	}
	ledger_init(&ledger, "edge", 1);
	haproxy_counters_enter(&none, counters, &routes, NULL, &ledger);
	if (ledger.served.count > counters->count)
		abort();
	ledger_fini(&ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct haproxy_counters counters;
	struct error err;

	if (!haproxy_counters_parse((const char *)octets, len, &counters, &err))
		return 0;
	check_counters(&counters);
	haproxy_counters_fini(&counters);
	return 0;
}
