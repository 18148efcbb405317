/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: each counter at its name, and the manual knows every name. */
#include "dns/answer.h"
#include "dns/metrics.h"
#include "dns/model.h"
#include "dns/stats.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"
#include "policy/decide/view.h"
#include "policy/language/expression.h"
#include "tests/unit/scraped.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct scene {
	struct world world;
	struct stats *stats;
	struct metrics metrics;
	struct policy_vantage vantage;
	struct policy_check checks[2];
	int order[2];
	struct policy_expression expression;
	struct report_part parts[2];
	struct report_entry entry;
	struct report report;
	struct heard_report heard[POLICY_VANTAGES_MAX];
	struct command commands[2];
	struct plan plan;
};

static void set_up(struct scene *s)
{
	*s = (struct scene){ .world = world_new(), .stats = stats_new(2) };
	s->commands[0].kind = s->commands[1].kind = COMMAND_FREEZE;
	s->plan = (struct plan){ .commands = s->commands, .command_count = 2 };
	s->metrics = (struct metrics){
		.node = { .name = "ns\"1", .plan_epoch = 3, .plan_sequence = 8,
			  .wall_applied_ms = 1500, .trouble = "the bus is down",
			  .local_count = 2, },
		.model = s->world.model,
		.stats = s->stats,
		.load_ms = 250,
		.wall_loaded_ms = 2000,
		.reloads = 5,
		.failed_reloads = 1,
		.tables = 7,
		.lost_copies = 4,
		.has_bus = true,
		.view = s->world.view,
		.plan = &s->plan,
	};
}

static void tear_down(struct scene *s)
{
	stats_free(s->stats);
	world_free(&s->world);
}

static void write_all(void *arg, struct openmetrics *out)
{
	metrics_write(out, arg);
}

/* The first vantage says that of two checks of the first endpoint one is down.
 */
static void several(struct scene *s)
{
	struct policy *policy = s->world.policy;

	s->vantage.name = "dub";
	s->checks[0] = (struct policy_check){ .name = "web", .quorum = 1 };
	s->checks[1] = (struct policy_check){ .name = "db", .quorum = 1 };
	s->order[1] = 1;
	s->expression = (struct policy_expression){ .checks = s->order,
						    .check_count = 2,
						    .counted = 3 };
	s->parts[0] =
		(struct report_part){ .check = "web", .state = REPORT_CLOSED };
	s->parts[1] = (struct report_part){ .check = "db",
					    .state = REPORT_OPEN,
					    .failing = true };
	s->entry = (struct report_entry){ .service = "www",
					  .endpoint = "eu",
					  .part_count = 2 };
	s->report = (struct report){ .entries = &s->entry,
				     .count = 1,
				     .parts = s->parts,
				     .part_count = 2 };
	s->heard[0].report = &s->report;
	s->heard[0].heard_ms = s->world.view->made_ms;
	policy->vantages = &s->vantage;
	policy->vantage_count = 1;
	policy->checks = s->checks;
	policy->check_count = 2;
	policy->services[WORLD_WWW].check = 0;
	policy->services[WORLD_WWW].expression = &s->expression;
	s->metrics.reports = s->heard;
}

static void count(struct scene *s)
{
	const struct answer_outcome in_eu = {
		.service = WORLD_WWW, .region = 0, .home = 1, .ecs = true
	};
	const struct answer_outcome nowhere = { .service = WORLD_WWW,
						.region = -1,
						.home = DEMAND_NOWHERE,
						.dnssec_ok = true };
	const struct answer_outcome missing = { .zone = -1,
						.rcode = 3,
						.service = -1,
						.region = -1,
						.truncated = true };
	struct stats_block *a = stats_block(s->stats, 0);
	struct stats_block *b = stats_block(s->stats, 1);

	several(s);
	for (int i = 0; i < 2; i++)
		s->world.view->services[WORLD_WWW].endpoints[i].health =
			(struct quorum_result){ .verdict = VERDICT_DOWN,
						.down = 3 };
	s->world.view->services[WORLD_WWW].endpoints[1].deferred = true;
	s->world.view->services[WORLD_WWW].panic =
		(struct panic){ .anywhere = true, .lost_pct = 67 };
	stats_count(a, STATS_UDP, &in_eu, 50);
	stats_count(b, STATS_TCP, &in_eu, 50);
	stats_count(b, STATS_DOT, &nowhere, 50);
	stats_count(a, STATS_UDP, &missing, 50);
	stats_count(a, STATS_UDP, &missing, 0);
	stats_count_event(a, STATS_UNSENT, 11);
	stats_count_event(b, STATS_ACCEPTED, 20);
	for (int e = STATS_CLOSED_CLIENT; e <= STATS_CLOSED_STOP; e++)
		stats_count_event(b, (enum stats_event)e,
				  (uint64_t)(e - STATS_CLOSED_CLIENT));
}

/* clang-format off */
static const char *const wanted[] = {
	"windrose_build_info{version=\"" PACKAGE_VERSION "\"} 1",
	"windrose_dns_answers_total{transport=\"udp\",rcode=\"NOERROR\"} 1",
	"windrose_dns_answers_total{transport=\"udp\",rcode=\"NXDOMAIN\"} 1",
	"windrose_dns_answers_total{transport=\"tcp\",rcode=\"NOERROR\"} 1",
	"windrose_dns_answers_total{transport=\"dot\",rcode=\"NOERROR\"} 1",
	"windrose_dns_answers_total{transport=\"dot\",rcode=\"REFUSED\"} 0",
	"windrose_dns_zone_answers_total{zone=\"gslb.example.\"} 3",
	"windrose_dns_service_answers_total{service=\"www\",region=\"eu\"} 2",
	"windrose_dns_service_answers_total{service=\"www\",region=\"us\"} 0",
	"windrose_dns_service_answers_total{service=\"www\",region=\"\"} 1",
	"windrose_dns_service_answers_total{service=\"app\",region=\"\"} 0",
	"windrose_dns_service_queries_total{service=\"www\",home=\"us\"} 2",
	"windrose_dns_service_queries_total{service=\"www\",home=\"\"} 1",
	"windrose_dns_endpoints{service=\"www\",health=\"down\"} 1",
	"windrose_dns_endpoints{service=\"www\",health=\"deferred\"} 1",
	"windrose_dns_endpoints{service=\"www\",health=\"up\"} 0",
	"windrose_dns_down_votes{service=\"www\",endpoint=\"eu\"} 3",
	"windrose_dns_panic{service=\"www\"} 1",
	"windrose_dns_panic{service=\"app\"} 0",
	"windrose_dns_healthy_capacity_percent{service=\"www\"} 33",
	"windrose_dns_healthy_capacity_percent{service=\"app\"} 100",
	"windrose_dns_down_parts{service=\"www\",endpoint=\"eu\",check=\"db\"} 1",
	"windrose_dns_truncated_answers_total 1",
	"windrose_dns_ecs_answers_total 2",
	"windrose_dns_dnssec_ok_answers_total 1",
	"windrose_dns_silent_messages_total 1",
	"windrose_dns_unsent_answers_total 11",
	"windrose_dns_accepted_connections_total 20",
	"windrose_dns_closed_connections_total{cause=\"client\"} 0",
	"windrose_dns_closed_connections_total{cause=\"error\"} 1",
	"windrose_dns_closed_connections_total{cause=\"idle\"} 2",
	"windrose_dns_closed_connections_total{cause=\"unread\"} 3",
	"windrose_dns_closed_connections_total{cause=\"limit\"} 4",
	"windrose_dns_closed_connections_total{cause=\"stop\"} 5",
	"windrose_dns_open_connections 5",
	"windrose_dns_reloads_total{result=\"ok\"} 5",
	"windrose_dns_reloads_total{result=\"failed\"} 1",
	"windrose_dns_policy_load_duration_seconds 0.25",
	"windrose_dns_policy_loaded_timestamp_seconds 2",
	"windrose_dns_plan_epoch 3",
	"windrose_dns_plan_sequence 8",
	"windrose_dns_plan_commands{kind=\"drain\"} 0",
	"windrose_dns_plan_commands{kind=\"freeze\"} 2",
	"windrose_dns_plan_applied_timestamp_seconds 1.5",
	"windrose_dns_published_tables_total 7",
	"windrose_dns_dnstap_lost_messages_total 4",
	"windrose_dns_local_commands 2",
	"windrose_dns_trouble 1",
	"windrose_dns_bus_configured 1",
	"windrose_dns_bus_connected 0",
	"windrose_process_start_time_seconds 1",
	"windrose_process_cpu_seconds_total 0.5",
	"windrose_process_resident_memory_bytes 4096",
	"windrose_process_open_fds 9",
	"windrose_process_max_fds 1024",
	NULL,
};
/* clang-format on */

static void test_samples(void **state)
{
	struct scene s;
	char *text;

	(void)state;
	set_up(&s);
	count(&s);
	text = scraped(OPENMETRICS_1_0, write_all, &s.metrics);
	scraped_has(text, wanted);
	/* A region where the service has nothing, and never had. */
	assert_null(strstr(text, "{service=\"locked\",region=\"us\"}"));
	free(text);
	tear_down(&s);
}

static void test_the_manual_has_all_names_and_no_other(void **state)
{
	struct scene s;
	char *text;

	(void)state;
	set_up(&s);
	text = scraped(PROMETHEUS_0_0_4, write_all, &s.metrics);
	scraped_is_in_manual(text, "windrose-dns.8");
	free(text);
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_the_manual_has_all_names_and_no_other),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
