/* SPDX-License-Identifier: Apache-2.0 */
/* runbook_render: what a person reads of an answer to `windrose status`. */
#include "steering/runbook/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

/* clang-format off */
static const struct status_row {
	const char *title, *answer, *expected;
} rows[] = {
	{ "a prober in an outage",
	  "{\"name\":\"health-dub\",\"role\":\"health\","
	  "\"policy_digest\":\"56dd343820c9\",\"wall_made_ms\":99000,"
	  "\"ok\":true,\"vantage\":\"dub\",\"abstains\":false,"
	  "\"load\":{\"probes\":3,\"in_flight\":2,\"in_flight_max\":512,"
	  "\"waiting\":1,\"late_p50_ms\":0.5,\"late_p99_ms\":9},\"targets\":["
	  "{\"service\":\"www\",\"endpoint\":\"hall\",\"state\":\"closed\","
	  "\"wall_since_ms\":10000,\"last\":\"ok\",\"ewma_ms\":3.25,"
	  "\"p95_ms\":4.0,\"certificate_left_s\":864000},"
	  "{\"service\":\"www\",\"endpoint\":\"barn\",\"state\":\"open\","
	  "\"wall_since_ms\":97000,\"last\":\"connect-refused\",\"forced_ms\":90000,"
	  "\"ewma_ms\":0.0,\"p95_ms\":0.0},"
	  "{\"service\":\"www\",\"endpoint\":\"shed\",\"state\":\"half-open\","
	  "\"wall_since_ms\":97000,\"last\":\"ok\",\"damped\":true,"
	  "\"failure\":\"timeout\",\"wall_failed_ms\":35000,"
	  "\"shadow\":true}],\"left_out\":7}",
	  "node health-dub       health  policy 56dd3438 plan 0.0, 1s old\n"
	  "3 probes, 2 under way (at most 512), 1 waiting, started 0.5 ms late "
	  "(p99 9.0 ms)\n"
	  "  www/hall                        closed    for 1m 30s   "
	  "3.2 ms (p95 4.0 ms)  last probe: ok, certificate for 240 h\n"
	  "  www/barn                        open      for 3s      "
	  " forced for 1m 30s  last probe: connect-refused\n"
	  "  www/shed                        half-open for 3s      "
	  " in shadow, not counted  last probe: ok, last failure: timeout "
	  "1m 5s ago  (damped: it flapped)\n"
	  "  and 7 more, most of them up\n" },
	{ "a prober that mistrusts itself",
	  "{\"name\":\"h\",\"role\":\"health\",\"policy_digest\":\"56dd3438\","
	  "\"wall_made_ms\":100000,\"abstains\":true,\"mistrusts\":true,"
	  "\"trouble\":\"mistrusts itself\",\"targets\":[]}",
	  "node h                health  policy 56dd3438 plan 0.0, 0s old"
	  "  trouble: mistrusts itself\n"
	  "abstains: the fault may be here\n" },
	{ "a prober that has just begun",
	  "{\"name\":\"h\",\"role\":\"health\",\"policy_digest\":\"56dd3438\","
	  "\"wall_made_ms\":100000,\"abstains\":true,\"targets\":[]}",
	  "node h                health  policy 56dd3438 plan 0.0, 0s old\n"
	  "abstains: not every endpoint was probed yet\n" },
	{ "an agent and its fleet",
	  "{\"node\":{\"name\":\"s\"},\"fleet\":{\"nodes\":3,"
	  "\"followers\":2,\"have\":1,\"last\":\"d2\",\"lag_ms\":65000,"
	  "\"versions\":{\"0.2.0\":2,\"unknown\":1}},\"nodes\":["
	  "{\"name\":\"d2\",\"role\":\"dns\",\"version\":\"0.2.0\","
	  "\"policy_digest\":\"56dd3438\",\"wall_made_ms\":99000,"
	  "\"plan_epoch\":2,\"plan_sequence\":7,\"lag_ms\":65000,"
	  "\"trouble\":\"t\"}]}",
	  "fleet: 1 of 2 nodes that follow plans have the newest; longest "
	  "behind: d2, 1m 5s; software 0.2.0 on 2, unknown on 1\n"
	  "node d2               dns     policy 56dd3438 plan 2.7, 1s old, "
	  "version 0.2.0, behind for 1m 5s  trouble: t\n" },
	{ "an agent that leads nobody",
	  "{\"fleet\":{\"versions\":{}},\"nodes\":[]}",
	  "fleet: 0 of 0 nodes that follow plans have the newest\n" },
	{ "a responder",
	  "{\"node\":{\"name\":\"d\",\"role\":\"dns\","
	  "\"policy_digest\":\"56dd3438\",\"wall_made_ms\":100000,"
	  "\"plan_epoch\":2,\"plan_sequence\":7},\"services\":["
	  "{\"service\":\"www\",\"unmonitored\":\"no check\","
	  "\"panic\":true,\"healthy_pct\":33,\"spill\":{\"demand\":900.0,"
	  "\"passed_pct\":12.5,\"most\":\"barn\",\"use_pct\":112.0,"
	  "\"overloaded\":true},"
	  "\"endpoints\":[{\"endpoint\":\"hall\","
	  "\"region\":\"hall\",\"verdict\":\"up\",\"share\":0.25,"
	  "\"cause\":\"command\",\"ref\":\"c1\"},"
	  "{\"endpoint\":\"barn\",\"region\":\"barn\",\"verdict\":\"up\","
	  "\"vetoed\":true,\"down_by\":[\"dub\",\"iad\"],\"share\":1.0},"
	  "{\"endpoint\":\"shed\",\"region\":\"shed\",\"verdict\":\"down\","
	  "\"damped\":2,\"forced\":1,"
	  "\"deferred\":true,\"down_by\":[\"dub\"],\"down_ms\":65000,"
	  "\"share\":1.0}]}]}",
	  "node d                dns     policy 56dd3438 plan 2.7, 0s old\n"
	  "service www, unmonitored: it has no check\n"
	  "  OVERLOAD: demand is 900, more than can be carried; barn is used to "
	  "112 %\n"
	  "  capacity passes on 12.5 % of a demand of 900\n"
	  "  PANIC: 33 % of the capacity is healthy, so health is not obeyed; "
	  "ramps and canaries are paused\n"
	  "  hall                 hall         up         25.0 %  command c1\n"
	  "  barn                 barn         up        100.0 %"
	  "  down by dub, iad  held up by a veto\n"
	  "  shed                 shed         down     (damped) (forced)  100.0 %"
	  "  down by dub for 1m 5s  STILL SERVED: more is down than health may take out, "
	  "drain it to take it out\n" },
};
/* clang-format on */

static void test_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *answer = json_loads(rows[i].answer, 0, NULL);
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		if (answer == NULL || out == NULL)
			fail_msg("%s: no JSON", rows[i].title);
		render_status(answer, 100000, out);
		fclose(out);
		print_message("%s\n", rows[i].title);
		assert_string_equal(text, rows[i].expected);
		free(text);
		json_decref(answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests_name("runbook_render", tests, NULL, NULL);
}
