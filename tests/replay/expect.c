/* SPDX-License-Identifier: Apache-2.0 */
/* expect -- what a story says must be so, one line of TAP each. */
#include "tests/replay/story.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell(struct story *s, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void tell(struct story *s, bool ok, const char *fmt, ...)
{
	const char *slash = strrchr(s->path, '/');
	va_list ap;

	(*s->checked)++;
	printf("%s %u - %s:%u: %s\n", ok ? "ok" : "not ok", *s->checked,
	       slash == NULL ? s->path : slash + 1, s->line, s->text);
	if (ok)
		return;
	(*s->failed)++;
	printf("#   at %.3f s it is ", (double)s->stage.now_ms / 1000);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static void write_names(const struct story *s, int service, uint64_t set,
			char *buf, size_t size)
{
	const struct policy_service *declared =
		&s->stage.policy->services[service];
	size_t len = 0;

	snprintf(buf, size, "none");
	for (size_t i = 0; i < declared->endpoint_count && len < size; i++)
		if (set >> i & 1)
			len += (size_t)snprintf(buf + len, size - len, "%s%s",
						len == 0 ? "" : " ",
						declared->endpoints[i].name);
}

static uint64_t read_names(const struct story *s, int service, unsigned from)
{
	uint64_t set = 0;

	for (unsigned i = from; i < s->count && !story_is(s, from, "none"); i++)
		set |= UINT64_C(1) << story_endpoint(s, service, i);
	return set;
}

/* expect CLIENT SERVICE = ENDPOINT..., and `can` for all it might be */
static void expect_set(struct story *s, int service, uint64_t set)
{
	char names[512];

	write_names(s, service, set, names, sizeof(names));
	tell(s, set == read_names(s, service, 4), "%s", names);
}

static void expect_within(struct story *s, int service, const struct row *row)
{
	const struct policy *policy = s->stage.policy;
	const struct policy_service *declared = &policy->services[service];
	uint64_t possible = share_possible(row, declared->answers), out = 0;
	char names[512];

	for (size_t i = 0; i < declared->endpoint_count; i++) {
		uint64_t carried =
			policy->regions[declared->endpoints[i].region]
				.jurisdictions;
		bool inside = false;

		for (size_t j = 0; j < policy->jurisdiction_count; j++)
			inside |= (carried >> j & 1) &&
				  story_is(s, 4, policy->jurisdictions[j]);
		if (!inside)
			out |= possible & UINT64_C(1) << i;
	}
	write_names(s, service, out, names, sizeof(names));
	tell(s, out == 0 && possible != 0, "%s outside", names);
}

/* expect CLIENT SERVICE moved nobody | moved PERCENT from A to B */
static void expect_moved(struct story *s, int service,
			 const struct stage_client *client)
{
	uint8_t *now = malloc(STAGE_CROWD);
	bool nobody = story_is(s, 4, "nobody");
	uint8_t from = nobody ? 0 : story_endpoint(s, service, 6);
	uint8_t to = nobody ? 0 : story_endpoint(s, service, 8);
	double part = nobody ? 0 : story_percent(s, 4);
	unsigned moved = 0, others = 0;

	if (now == NULL || s->stage.mark == NULL)
		story_broken(s, "nothing is marked");
	stage_crowd(&s->stage, service, client, now);
	for (unsigned i = 0; i < STAGE_CROWD; i++) {
		if (now[i] == s->stage.mark[i])
			continue;
		if (!nobody && now[i] == to && s->stage.mark[i] == from)
			moved++;
		else
			others++;
	}
	free(now);
	/* Four standard deviations of a sample of this size. */
	tell(s,
	     others == 0 && fabs((double)moved / STAGE_CROWD - part) <=
				    4 * sqrt(part * (1 - part) / STAGE_CROWD),
	     "%.2f %% so and %u others", 100.0 * moved / STAGE_CROWD, others);
}

static void expect_client(struct story *s)
{
	const struct stage_client *client = story_client(s, 1);
	int service = story_service(s, 2);
	uint32_t answers = s->stage.policy->services[service].answers;
	struct row row = stage_row(&s->stage, service, client);
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	uint64_t drawn = 0;

	if (story_is(s, 3, "=")) {
		unsigned count = stage_pick(&s->stage, service, client, picks);

		for (unsigned i = 0; i < count; i++)
			drawn |= UINT64_C(1) << picks[i];
		expect_set(s, service, drawn);
	} else if (story_is(s, 3, "can")) {
		expect_set(s, service, share_possible(&row, answers));
	} else if (story_is(s, 3, "within")) {
		expect_within(s, service, &row);
	} else if (story_is(s, 3, "note")) {
		tell(s, story_is(s, 4, row_note_name((enum row_note)row.note)),
		     "%s", row_note_name((enum row_note)row.note));
	} else if (story_is(s, 3, "moved")) {
		expect_moved(s, service, client);
	} else {
		story_broken(s, "expect \"%s\"?", story_word(s, 3));
	}
}

/* expect verdict SERVICE/ENDPOINT up|down|unknown [held|deferred] */
static void expect_verdict(struct story *s)
{
	const struct stage *stage = &s->stage;
	char name[64];
	const char *endpoint = story_target(s, 2, name);
	int service = policy_find_service(stage->policy, name);
	int e = service < 0
			? -1
			: policy_find_endpoint(
				  &stage->policy->services[service], endpoint);
	const struct view_endpoint *seen;
	const struct quorum_result *health;

	if (e < 0)
		story_broken(s, "no endpoint %s", story_word(s, 2));
	seen = &stage->view->services[service].endpoints[e];
	health = &seen->health;
	tell(s,
	     story_is(s, 3, verdict_name(health->verdict)) &&
		     health->held == story_is(s, 4, "held") &&
		     seen->deferred == story_is(s, 4, "deferred"),
	     "%s%s%s", verdict_name(health->verdict),
	     health->held ? " held" : "", seen->deferred ? " deferred" : "");
}

static const struct report *report_of(const struct story *s)
{
	int v = policy_find_vantage(s->stage.policy, story_word(s, 2));

	if (v < 0)
		story_broken(s, "no vantage %s", story_word(s, 2));
	return &s->stage.vantages[v].report;
}

/* expect vantage NAME trusts|mistrusts */
static void expect_vantage(struct story *s)
{
	const char *is = report_of(s)->mistrusts ? "mistrusts" : "trusts";

	tell(s, story_is(s, 3, is), "%s", is);
}

/* expect report VANTAGE SERVICE/ENDPOINT STATE [damped] */
static void expect_report(struct story *s)
{
	const struct report_entry *e =
		&report_of(s)->entries[story_number(s, 3)];
	const char *state = report_state_name(e->state);

	tell(s, story_is(s, 4, state) && e->damped == story_is(s, 5, "damped"),
	     "%s%s", state, e->damped ? " damped" : "");
}

/* expect turns SERVICE/ENDPOINT at most NUMBER: since it was asked before */
static void expect_turns(struct story *s)
{
	unsigned *turns = &s->stage.turns[story_number(s, 2)];

	tell(s, *turns <= strtoul(story_word(s, 5), NULL, 10), "%u", *turns);
	*turns = 0;
}

void story_expect(struct story *s)
{
	static const struct {
		const char *word;
		void (*expect)(struct story *s);
	} rows[] = {
		{ "verdict", expect_verdict },
		{ "vantage", expect_vantage },
		{ "report", expect_report },
		{ "turns", expect_turns },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (story_is(s, 1, rows[i].word)) {
			rows[i].expect(s);
			return;
		}
	if (story_is(s, 1, "ttl")) {
		bool changing =
			s->stage.view->services[story_service(s, 2)].changing;

		tell(s, story_is(s, 3, changing ? "changing" : "steady"), "%s",
		     changing ? "changing" : "steady");
	} else {
		expect_client(s);
	}
}
