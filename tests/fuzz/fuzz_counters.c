/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_counters: two answers of a Prometheus, a blank line between them; each
 * is said to both queries, in turn and back.  Whatever they are, what is
 * counted only grows, within bounds, with no more errors than requests.
 */
#include "health/counters.h"

#include "health/evidence.h"
#include "health/roster.h"
#include "policy/bus/promanswer.h"
#include "policy/bus/served.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum { TURNS = 4 };

/* A service www with the endpoints x and y. */
struct site {
	struct net_addr addresses[2];
	struct policy_endpoint endpoints[2];
	struct policy_service service;
	struct policy_check check;
	struct policy policy;
	struct roster *roster;
	struct evidence *evidence;
	struct counters *counters;
};

static void site_init(struct site *s)
{
	*s = (struct site){
		.addresses = { { .octets = { 1 } }, { .octets = { 2 } } },
		.endpoints = { { .name = "x", .a_count = 1 },
			       { .name = "y", .a_count = 1 } },
		.check = { .name = "web",
			   .type = CHECK_TCP,
			   .passive = { .weight = 5,
					.prometheus = { "http://p", "r", "e",
							2000, 1000 } } },
	};
	s->endpoints[0].a = &s->addresses[0];
	s->endpoints[1].a = &s->addresses[1];
	s->service = (struct policy_service){ .name = "www",
					      .endpoints = s->endpoints,
					      .endpoint_count = 2 };
	s->policy = (struct policy){ .services = &s->service,
				     .service_count = 1,
				     .checks = &s->check,
				     .check_count = 1 };
	s->roster = roster_new(&s->policy);
	s->evidence = evidence_new();
	if (s->roster == NULL || s->evidence == NULL ||
	    !evidence_turn(s->evidence, s->roster))
		abort();
	s->counters =
		counters_new(&s->check.passive.prometheus, s->evidence, 1);
	if (s->counters == NULL)
		abort();
}

static void site_fini(struct site *s)
{
	counters_free(s->counters);
	evidence_free(s->evidence);
	roster_free(s->roster);
}

static bool is_said(struct site *s, enum counters_query query,
		    const struct promanswer *answer)
{
	char detail[MEASURE_DETAIL_SIZE];
	enum measure_outcome is =
		counters_read(s->counters, query, answer, detail);

	if (strnlen(detail, sizeof(detail)) == sizeof(detail) ||
	    (is == MEASURE_OK && detail[0] != '\0'))
		abort();
	return is == MEASURE_OK;
}

static void check_served(const struct served *now, const struct served *before)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct served_row *row = &now->rows[i];
		struct served_count grown;

		if (strcmp(row->service, "www") != 0 ||
		    row->count.errors > row->count.requests)
			abort();
		if (before != NULL && !served_since(before, row, &grown))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const uint8_t *end = len == 0 ? NULL : memmem(octets, len, "\n\n", 2);
	size_t first = end == NULL ? len : (size_t)(end - octets);
	const struct promanswer answers[] = {
		{ 200, octets, first },
		{ 200, octets + first, len - first },
	};
	struct served *before = NULL;
	struct site s;

	site_init(&s);
	for (int turn = 0; turn < TURNS; turn++) {
		const struct promanswer *a = &answers[turn % 2];
		struct served *now;

		if (!is_said(&s, COUNTERS_REQUESTS, a) ||
		    !is_said(&s, COUNTERS_ERRORS, a))
			continue;
		now = counters_add(s.counters, turn, turn);
		if (now == NULL)
			abort();
		check_served(now, before);
		served_free(before);
		before = now;
	}
	served_free(before);
	site_fini(&s);
	return 0;
}
