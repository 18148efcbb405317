/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/replay/stage.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 1000 };

static size_t count_endpoints(const struct policy *policy)
{
	size_t count = 0;

	for (size_t s = 0; s < policy->service_count; s++)
		count += policy->services[s].endpoint_count;
	return count;
}

static void fill_report(const struct policy *policy, size_t vantage,
			struct report *r)
{
	size_t count = count_endpoints(policy), at = 0;

	snprintf(r->vantage, sizeof(r->vantage), "%s",
		 policy->vantages[vantage].name);
	r->entries = calloc(count, sizeof(*r->entries));
	if (r->entries == NULL)
		abort();
	r->count = count;
	for (size_t s = 0; s < policy->service_count; s++) {
		const struct policy_service *service = &policy->services[s];

		for (size_t e = 0; e < service->endpoint_count; e++, at++) {
			struct report_entry *entry = &r->entries[at];

			snprintf(entry->service, sizeof(entry->service), "%s",
				 service->name);
			snprintf(entry->endpoint, sizeof(entry->endpoint), "%s",
				 service->endpoints[e].name);
			entry->state = REPORT_CLOSED;
		}
	}
}

/* As of a probe just now. */
static void date_entry(struct report_entry *e, int64_t wall_ms)
{
	bool down = e->state == REPORT_OPEN || e->state == REPORT_HALF_OPEN;

	if (!down && e->down_ms > 0) {
		e->outage_ms = e->down_ms;
		e->up_ms = 0;
	} else if (!down && e->outage_ms > 0) {
		e->up_ms += wall_ms - e->wall_probed_ms;
	}
	if (down || e->up_ms >= REPORT_OUTAGE_MS)
		e->up_ms = e->outage_ms = 0;
	e->wall_probed_ms = wall_ms;
	if (!down)
		e->wall_since_ms = wall_ms;
	e->down_ms = wall_ms - e->wall_since_ms;
}

/* What was heard is a copy: a vantage that falls silent changes nothing. */
static void publish(struct stage *s, size_t vantage)
{
	struct stage_vantage *v = &s->vantages[vantage];
	struct report *copy = &s->heard_copies[vantage];
	size_t size = v->report.count * sizeof(struct report_entry);

	v->report.sequence++;
	v->report.wall_made_ms = STAGE_WALL_MS + s->now_ms;
	if (v->post != NULL)
		post_report(v->post, s->now_ms, &v->report);
	for (size_t i = 0; i < v->report.count && v->post == NULL; i++)
		date_entry(&v->report.entries[i], v->report.wall_made_ms);
	if (copy->entries == NULL)
		copy->entries = malloc(size);
	if (copy->entries == NULL)
		abort();
	memcpy(copy->entries, v->report.entries, size);
	copy->wall_made_ms = v->report.wall_made_ms;
	copy->abstains = v->report.abstains;
	copy->count = v->report.count;
	s->heard[vantage] =
		(struct heard_report){ .report = copy, .heard_ms = s->now_ms };
}

static void count_turns(struct stage *s, const struct view *before)
{
	size_t at = 0;

	for (size_t i = 0; i < s->policy->service_count; i++)
		for (size_t e = 0; e < s->policy->services[i].endpoint_count;
		     e++, at++)
			s->turns[at] += before != NULL &&
					before->services[i]
							.endpoints[e]
							.health.verdict !=
						s->view->services[i]
							.endpoints[e]
							.health.verdict;
}

static void reduce(struct stage *s)
{
	struct view *before = s->view;

	s->view = view_reduce(s->policy,
			      &(struct view_input){
				      .reports = s->heard,
				      .plan = &s->plan,
				      .local = s->commands,
				      .local_count = s->command_count,
				      .previous = before,
				      .now_ms = s->now_ms,
				      .wall_ms = STAGE_WALL_MS + s->now_ms,
			      });
	if (s->view == NULL)
		abort();
	count_turns(s, before);
	view_free(before);
}

void stage_refresh(struct stage *s)
{
	for (size_t v = 0; v < s->policy->vantage_count; v++) {
		if (s->vantages[v].post != NULL)
			post_run(s->vantages[v].post, s->truths, s->now_ms);
		if (!s->vantages[v].silent)
			publish(s, v);
	}
	reduce(s);
}

void stage_run(struct stage *s, int64_t at_ms)
{
	while (s->now_ms < at_ms) {
		int64_t left_ms = at_ms - s->now_ms;

		s->now_ms += left_ms < TICK_MS ? left_ms : TICK_MS;
		stage_refresh(s);
	}
}

bool stage_open(struct stage *s, const char *policy_path)
{
	struct errors errs = { .list = NULL };

	memset(s, 0, sizeof(*s));
	s->policy = policy_load(policy_path, &errs);
	if (s->policy == NULL) {
		errors_print(&errs, stderr);
		errors_fini(&errs);
		return false;
	}
	errors_fini(&errs);
	s->plan = (struct plan){
		.epoch = 1,
		.sequence = 1,
		.shares = s->shares,
	};
	s->truths = calloc(count_endpoints(s->policy), sizeof(s->truths[0]));
	s->turns = calloc(count_endpoints(s->policy), sizeof(s->turns[0]));
	if (s->truths == NULL || s->turns == NULL)
		abort();
	for (size_t v = 0; v < s->policy->vantage_count; v++)
		fill_report(s->policy, v, &s->vantages[v].report);
	stage_refresh(s);
	return true;
}

void stage_free(struct stage *s)
{
	for (size_t v = 0; v < POLICY_VANTAGES_MAX; v++) {
		free(s->vantages[v].report.entries);
		post_free(s->vantages[v].post);
		free(s->heard_copies[v].entries);
	}
	view_free(s->view);
	policy_free(s->policy);
	free(s->mark);
	free(s->truths);
	free(s->turns);
	memset(s, 0, sizeof(*s));
}

struct report_entry *stage_entry(struct stage *s, size_t vantage,
				 const char *service, const char *endpoint)
{
	struct report *r = &s->vantages[vantage].report;

	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->entries[i].service, service) == 0 &&
		    strcmp(r->entries[i].endpoint, endpoint) == 0)
			return &r->entries[i];
	return NULL;
}

size_t stage_number(const struct stage *s, int service, int endpoint)
{
	size_t number = (size_t)endpoint;

	for (int i = 0; i < service; i++)
		number += s->policy->services[i].endpoint_count;
	return number;
}

void stage_probe(struct stage *s, size_t vantage)
{
	post_free(s->vantages[vantage].post);
	s->vantages[vantage].post = post_new(s->policy, vantage, s->now_ms);
}

const struct stage_client *stage_client(const struct stage *s, const char *name)
{
	for (size_t i = 0; i < s->client_count; i++)
		if (strcmp(s->clients[i].name, name) == 0)
			return &s->clients[i];
	return NULL;
}

struct row stage_row(const struct stage *s, int service,
		     const struct stage_client *client)
{
	return chain_row(s->policy, s->view, (size_t)service, &client->class,
			 NULL);
}

unsigned stage_pick(const struct stage *s, int service,
		    const struct stage_client *client,
		    uint8_t picks[POLICY_ENDPOINTS_MAX])
{
	const struct policy_service *declared = &s->policy->services[service];
	struct row row = stage_row(s, service, client);
	struct share_key keys[POLICY_ENDPOINTS_MAX];
	unsigned bits = client->addr.family == NET_V4
				? declared->sticky_v4_bits
				: declared->sticky_v6_bits;

	share_keys(s->policy, (size_t)service, keys);
	return share_pick(&row, keys, hash_client(&client->addr, bits),
			  declared->answers, picks);
}

void stage_crowd(const struct stage *s, int service,
		 const struct stage_client *client, uint8_t *picks)
{
	struct row row = stage_row(s, service, client);
	struct share_key keys[POLICY_ENDPOINTS_MAX];
	uint8_t one[POLICY_ENDPOINTS_MAX];

	share_keys(s->policy, (size_t)service, keys);
	for (uint32_t i = 0; i < STAGE_CROWD; i++) {
		struct net_addr addr = net_from_v4((10u << 24) + (i << 8));
		unsigned count =
			share_pick(&row, keys, hash_client(&addr, 24), 1, one);

		picks[i] = count == 0 ? ROW_NONE : one[0];
	}
}
