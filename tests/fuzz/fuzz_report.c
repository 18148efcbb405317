/* SPDX-License-Identifier: Apache-2.0 */
/* A vantage's report: what is read must come back from what is written. */
#include "policy/base/error.h"
#include "policy/bus/report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check_report(const struct report *report)
{
	size_t len, again_len;
	char *text = report_write(report, &len), *again;
	struct report *back;
	struct error err;

	if (text == NULL)
		abort();
	back = report_parse(text, len, &err);
	if (back == NULL || back->count != report->count)
		abort();
	again = report_write(back, &again_len);
	if (again == NULL || len != again_len || strcmp(text, again) != 0)
		abort();
	for (size_t i = 0; i < report->count; i++) {
		const struct report_entry *e = &report->entries[i];
		const struct report_entry *found =
			report_find(back, e->service, e->endpoint);

		if (found == NULL || found->state != e->state ||
		    found->wall_since_ms != e->wall_since_ms ||
		    found->down_ms != e->down_ms || found->up_ms != e->up_ms ||
		    found->outage_ms != e->outage_ms ||
		    found->samples != e->samples ||
		    found->trickle != e->trickle ||
		    found->user_requests != e->user_requests ||
		    strcmp(found->user_edges, e->user_edges) != 0 ||
		    memcmp(&found->latency_ms, &e->latency_ms,
			   sizeof(e->latency_ms)) != 0)
			abort();
	}
	report_free(back);
	free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct error err;
	struct report *report = report_parse(octets, len, &err);

	if (report != NULL)
		check_report(report);
	report_free(report);
	return 0;
}
