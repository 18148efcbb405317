/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/report.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char *const states[] = { "unknown", "closed", "open",
				      "half-open" };

enum { STATES = sizeof(states) / sizeof(states[0]) };

static_assert(STATES == REPORT_HALF_OPEN + 1, "a word for every state");

/* A day: nothing that takes longer is a latency. */
static const double latency_max_ms = 86400e3;

const char *report_state_name(enum report_state state)
{
	return states[state];
}

const char *report_users_text(const struct report_entry *entry, char *buf)
{
	buf[0] = '\0';
	if (entry != NULL && entry->by_users)
		snprintf(buf, REPORT_USERS_SIZE,
			 "opened by users: %" PRIu64 " of %" PRIu64
			 " requests failed at edges %s%s",
			 entry->user_errors, entry->user_requests,
			 entry->user_edges,
			 entry->trickle ? "; on trial with some of them" : "");
	else if (entry != NULL && entry->unjudged)
		snprintf(buf, REPORT_USERS_SIZE,
			 "closed unjudged: no edge told of its users");
	return buf;
}

const struct report_entry *report_users_more(const struct report_entry *a,
					     const struct report_entry *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	if (a->by_users != b->by_users)
		return a->by_users ? a : b;
	if (a->user_requests != b->user_requests)
		return a->user_requests > b->user_requests ? a : b;
	return b->trickle || b->unjudged ? b : a;
}

static int compare_entries(const void *a, const void *b)
{
	const struct report_entry *x = a, *y = b;
	int order = strcmp(x->service, y->service);

	return order != 0 ? order : strcmp(x->endpoint, y->endpoint);
}

void report_sort(struct report *report)
{
	if (report->count > 1)
		qsort(report->entries, report->count, sizeof(*report->entries),
		      compare_entries);
	report->sorted = true;
}

static float read_ms(struct member_reader *r, const char *name)
{
	return (float)member_number(r, name, 0, latency_max_ms);
}

/* Of the family NET_NONE when there is none. */
static struct net_addr parse_addr(struct member_reader *r)
{
	char text[NET_TEXT_SIZE];
	struct net_addr addr = { 0 };

	member_text(r, "address", text, sizeof(text));
	if (text[0] != '\0' && !net_addr_parse(text, &addr))
		member_fail(r, "address is not one");
	return addr;
}

static void parse_part(struct member_reader *r, struct report_part *part)
{
	member_name(r, "check", part->check, sizeof(part->check));
	part->state =
		(enum report_state)member_word(r, "state", states, STATES);
	member_text(r, "failure", part->failure, sizeof(part->failure));
	part->failing = member_flag(r, "failing");
	part->addr = parse_addr(r);
}

/* Adds them to those of the entries before. */
static bool parse_parts(struct report *report, struct member_reader *entry,
			struct report_entry *e)
{
	const json_t *list = member_array(entry, "parts", REPORT_PARTS_MAX);
	size_t count = json_array_size(list);
	struct report_part *grown;

	if (count == 0)
		return !entry->failed;
	grown = realloc(report->parts,
			(report->part_count + count) * sizeof(*grown));
	if (grown == NULL) {
		member_fail(entry, "out of memory");
		return false;
	}
	report->parts = grown;
	e->part_first = report->part_count;
	for (size_t i = 0; i < count; i++) {
		struct report_part *part = &grown[report->part_count++];
		struct member_reader r =
			member_item(list, i, "report part", entry->err);

		*part = (struct report_part){ .state = REPORT_UNKNOWN };
		parse_part(&r, part);
		if (r.failed)
			return false;
	}
	e->part_count = count;
	return true;
}

static bool parse_entry(struct member_reader *r, struct report_entry *e)
{
	member_name(r, "service", e->service, sizeof(e->service));
	member_name(r, "endpoint", e->endpoint, sizeof(e->endpoint));
	e->state = (enum report_state)member_word(r, "state", states, STATES);
	e->wall_since_ms =
		member_integer(r, "wall_since_ms", 0, MEMBER_EXACT_MAX);
	e->down_ms = member_integer(r, "down_ms", 0, MEMBER_EXACT_MAX);
	e->up_ms = member_integer(r, "up_ms", 0, MEMBER_EXACT_MAX);
	e->outage_ms = member_integer(r, "outage_ms", 0, MEMBER_EXACT_MAX);
	e->wall_probed_ms =
		member_integer(r, "wall_probed_ms", 0, MEMBER_EXACT_MAX);
	member_text(r, "failure", e->failure, sizeof(e->failure));
	e->failing = member_flag(r, "failing");
	e->damped = member_flag(r, "damped");
	e->forced = member_flag(r, "forced");
	e->by_users = member_flag(r, "by_users");
	e->trickle = member_flag(r, "trickle");
	e->unjudged = member_flag(r, "unjudged");
	e->user_requests = (uint64_t)member_integer(r, "user_requests", 0,
						    MEMBER_EXACT_MAX);
	e->user_errors = (uint64_t)member_integer(r, "user_errors", 0,
						  (int64_t)e->user_requests);
	member_text(r, "user_edges", e->user_edges, sizeof(e->user_edges));
	e->samples = (uint32_t)member_integer(r, "samples", 0, UINT32_MAX);
	e->failures = (uint32_t)member_integer(r, "failures", 0, e->samples);
	e->latency_ms = read_ms(r, "latency_ms");
	e->ewma_ms = read_ms(r, "ewma_ms");
	e->p50_ms = read_ms(r, "p50_ms");
	e->p95_ms = read_ms(r, "p95_ms");
	e->resolve_ms = read_ms(r, "resolve_ms");
	e->connect_ms = read_ms(r, "connect_ms");
	e->tls_ms = read_ms(r, "tls_ms");
	e->first_byte_ms = read_ms(r, "first_byte_ms");
	e->certificate_left_s =
		member_integer(r, "certificate_left_s", -MEMBER_EXACT_MAX,
			       MEMBER_EXACT_MAX);
	return !r->failed;
}

static bool parse_entries(struct report *report, const json_t *list,
			  struct error *err)
{
	size_t count = json_array_size(list);

	report->entries = calloc(count + 1, sizeof(*report->entries));
	if (report->entries == NULL) {
		error_set(err, "report: out of memory");
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct member_reader r =
			member_item(list, i, "report entry", err);

		if (!parse_entry(&r, &report->entries[i]) ||
		    !parse_parts(report, &r, &report->entries[i]))
			return false;
	}
	report->count = count;
	report_sort(report);
	for (size_t i = 1; i < count; i++) {
		const struct report_entry *e = &report->entries[i];

		if (compare_entries(e - 1, e) == 0) {
			error_set(err, "report: %s/%s is there twice",
				  e->service, e->endpoint);
			return false;
		}
	}
	return true;
}

static bool parse_report(const json_t *json, struct report *out,
			 struct error *err)
{
	struct member_reader r = {
		.object = json,
		.what = "report",
		.err = err,
	};
	const json_t *list;

	member_name(&r, "vantage", out->vantage, sizeof(out->vantage));
	member_text(&r, "policy_digest", out->policy_digest,
		    sizeof(out->policy_digest));
	out->sequence =
		(uint64_t)member_integer(&r, "sequence", 0, MEMBER_EXACT_MAX);
	out->wall_made_ms =
		member_integer(&r, "wall_made_ms", 0, MEMBER_EXACT_MAX);
	out->abstains = member_flag(&r, "abstains");
	out->mistrusts = member_flag(&r, "mistrusts");
	out->stretch = (float)member_number(&r, "stretch", 0, 100);
	list = member_array(&r, "entries", REPORT_ENTRIES_MAX);
	return !r.failed && parse_entries(out, list, err);
}

struct report *report_parse(const void *octets, size_t len, struct error *err)
{
	json_t *json =
		member_load("report", octets, len, REPORT_OCTETS_MAX, err);
	struct report *report;

	if (json == NULL)
		return NULL;
	report = calloc(1, sizeof(*report));
	if (report == NULL) {
		error_set(err, "report: out of memory");
	} else if (!parse_report(json, report, err)) {
		report_free(report);
		report = NULL;
	}
	json_decref(json);
	return report;
}

/* For people: more digits would make reports larger by a third. */
static double hundredths(float ms)
{
	return round((double)ms * 100) / 100;
}

/* NULL when memory runs out. */
static json_t *write_parts(const struct report *report,
			   const struct report_entry *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->part_count; i++) {
		const struct report_part *part =
			&report->parts[e->part_first + i];
		struct member_writer w = member_begin();
		char address[NET_TEXT_SIZE];

		member_put_text(&w, "check", part->check);
		member_put_text(&w, "state", states[part->state]);
		member_put_text(&w, "failure", part->failure);
		member_put_flag(&w, "failing", part->failing);
		if (part->addr.family != NET_NONE)
			member_put_text(&w, "address",
					net_addr_text(&part->addr, address));
		member_append(&list, member_take(&w));
	}
	return list;
}

static json_t *write_entry(const struct report *report,
			   const struct report_entry *e)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "service", e->service);
	member_put_text(&w, "endpoint", e->endpoint);
	member_put_text(&w, "state", states[e->state]);
	member_put_integer(&w, "wall_since_ms", e->wall_since_ms);
	member_put_integer(&w, "down_ms", e->down_ms);
	member_put_integer(&w, "up_ms", e->up_ms);
	member_put_integer(&w, "outage_ms", e->outage_ms);
	member_put_integer(&w, "wall_probed_ms", e->wall_probed_ms);
	member_put_text(&w, "failure", e->failure);
	member_put_flag(&w, "failing", e->failing);
	member_put_flag(&w, "damped", e->damped);
	member_put_flag(&w, "forced", e->forced);
	member_put_flag(&w, "by_users", e->by_users);
	member_put_flag(&w, "trickle", e->trickle);
	member_put_flag(&w, "unjudged", e->unjudged);
	member_put_integer(&w, "user_requests", (int64_t)e->user_requests);
	member_put_integer(&w, "user_errors", (int64_t)e->user_errors);
	member_put_text(&w, "user_edges", e->user_edges);
	member_put_integer(&w, "samples", e->samples);
	member_put_integer(&w, "failures", e->failures);
	member_put_number(&w, "latency_ms", (double)e->latency_ms);
	member_put_number(&w, "ewma_ms", hundredths(e->ewma_ms));
	member_put_number(&w, "p50_ms", hundredths(e->p50_ms));
	member_put_number(&w, "p95_ms", hundredths(e->p95_ms));
	member_put_number(&w, "resolve_ms", hundredths(e->resolve_ms));
	member_put_number(&w, "connect_ms", hundredths(e->connect_ms));
	member_put_number(&w, "tls_ms", hundredths(e->tls_ms));
	member_put_number(&w, "first_byte_ms", hundredths(e->first_byte_ms));
	member_put_integer(&w, "certificate_left_s", e->certificate_left_s);
	if (e->part_count > 0)
		member_put_json(&w, "parts", write_parts(report, e));
	return member_take(&w);
}

char *report_write(const struct report *report, size_t *len)
{
	struct member_writer w = member_begin();
	json_t *list = json_array();

	for (size_t i = 0; i < report->count; i++)
		if (json_array_append_new(list,
					  write_entry(report,
						      &report->entries[i])))
			w.failed = true;
	member_put_text(&w, "vantage", report->vantage);
	member_put_text(&w, "policy_digest", report->policy_digest);
	member_put_integer(&w, "sequence", (int64_t)report->sequence);
	member_put_integer(&w, "wall_made_ms", report->wall_made_ms);
	member_put_flag(&w, "abstains", report->abstains);
	member_put_flag(&w, "mistrusts", report->mistrusts);
	member_put_number(&w, "stretch", (double)report->stretch);
	member_put_json(&w, "entries", list);
	return member_finish(&w, 9, len);
}

void report_free(struct report *report)
{
	if (report == NULL)
		return;
	free(report->entries);
	free(report->parts);
	free(report);
}

static int compare_name(const struct report_entry *e, const char *service,
			const char *endpoint)
{
	int order = strcmp(e->service, service);

	return order != 0 ? order : strcmp(e->endpoint, endpoint);
}

static const struct report_entry *search_sorted(const struct report *report,
						const char *service,
						const char *endpoint)
{
	size_t low = 0, high = report->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct report_entry *e = &report->entries[middle];
		int order = compare_name(e, service, endpoint);

		if (order == 0)
			return e;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct report_entry *report_find(const struct report *report,
				       const char *service,
				       const char *endpoint)
{
	if (report->sorted)
		return search_sorted(report, service, endpoint);
	for (size_t i = 0; i < report->count; i++)
		if (compare_name(&report->entries[i], service, endpoint) == 0)
			return &report->entries[i];
	return NULL;
}

uint64_t report_follow(uint64_t last, int64_t wall_ms)
{
	return wall_ms > 0 && (uint64_t)wall_ms > last ? (uint64_t)wall_ms
						       : last + 1;
}
