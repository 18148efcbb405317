/* SPDX-License-Identifier: Apache-2.0 */
#include "health/counters.h"

#include "health/evidence.h"
#include "policy/bus/member.h"
#include "policy/bus/promanswer.h"
#include "policy/bus/served.h"
#include "policy/language/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of two series with the same hash, one would be taken for the other: of 10,000
 * that is one chance in 10^11. */
struct series {
	uint64_t id, count;
	size_t row;
};

struct vector {
	struct series *list; /* owned; by id */
	size_t count;
};

/* An endpoint. */
struct row {
	const char *service, *endpoint; /* borrowed */
	bool told;                      /* there was ever a sample */
	uint64_t grown[COUNTERS_QUERIES];
	struct served_count sum;
};

struct counters {
	struct row *rows; /* by service, endpoint */
	size_t count;
	struct vector last[COUNTERS_QUERIES], next[COUNTERS_QUERIES];
	int64_t wall_start_ms;
	int64_t last_ms; /* when last was said; monotonic */
};

const char *counters_query_name(enum counters_query query)
{
	return query == COUNTERS_REQUESTS ? "requests" : "errors";
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool counters_same(const struct policy_counting *a,
		   const struct policy_counting *b)
{
	return same_text(a->url, b->url) &&
	       same_text(a->requests, b->requests) &&
	       same_text(a->errors, b->errors) &&
	       a->interval_ms == b->interval_ms &&
	       a->timeout_ms == b->timeout_ms;
}

struct counters *counters_new(const struct policy_counting *asked,
			      const struct evidence *e, int64_t wall_ms)
{
	struct counters *c = calloc(1, sizeof(*c));

	if (c != NULL)
		c->rows = calloc(evidence_spots(e) + 1, sizeof(*c->rows));
	if (c == NULL || c->rows == NULL) {
		free(c);
		return NULL;
	}
	c->wall_start_ms = wall_ms;
	for (size_t i = 0; i < evidence_spots(e); i++) {
		struct evidence_spot spot = evidence_spot(e, i);

		if (counters_same(&spot.check->passive.prometheus, asked))
			c->rows[c->count++] = (struct row){
				.service = spot.service,
				.endpoint = spot.endpoint,
			};
	}
	return c;
}

static void vector_fini(struct vector *v)
{
	free(v->list);
	*v = (struct vector){ .list = NULL };
}

void counters_free(struct counters *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < COUNTERS_QUERIES; i++) {
		vector_fini(&c->last[i]);
		vector_fini(&c->next[i]);
	}
	free(c->rows);
	free(c);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = strcmp(x->service, y->service);

	return order != 0 ? order : strcmp(x->endpoint, y->endpoint);
}

static int compare_series(const void *a, const void *b)
{
	const struct series *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The endpoint that a sample is of; NULL: none that is asked for. */
static struct row *row_of(const struct counters *c, const struct promresult *r,
			  size_t sample)
{
	const struct row key = {
		.service = promresult_label(r, sample, "service"),
		.endpoint = promresult_label(r, sample, "endpoint"),
	};

	return c->count == 0 ? NULL
			     : bsearch(&key, c->rows, c->count,
				       sizeof(*c->rows), compare_rows);
}

static enum measure_outcome read_samples(const struct counters *c,
					 const struct promresult *r,
					 struct vector *out, char *detail)
{
	for (size_t i = 0; i < r->count; i++) {
		struct row *row = row_of(c, r, i);
		double value = 0;
		enum measure_outcome outcome =
			promresult_value(r, i, &value, detail);

		if (outcome == MEASURE_MALFORMED)
			return outcome;
		if (row == NULL || outcome != MEASURE_OK)
			continue;
		row->told = true;
		out->list[out->count++] = (struct series){
			.id = promresult_series(r, i),
			.count = (uint64_t)(value + 0.5),
			.row = (size_t)(row - c->rows),
		};
	}
	detail[0] = '\0';
	if (out->count > 1)
		qsort(out->list, out->count, sizeof(*out->list),
		      compare_series);
	return MEASURE_OK;
}

enum measure_outcome counters_read(struct counters *c,
				   enum counters_query query,
				   const struct promanswer *answer,
				   char detail[MEASURE_DETAIL_SIZE])
{
	struct vector *v = &c->next[query];
	struct promresult r;
	enum measure_outcome outcome = promresult_open(&r, answer, detail);

	vector_fini(v);
	if (outcome == MEASURE_OK) {
		v->list = calloc(r.count, sizeof(*v->list));
		outcome = v->list == NULL ? measure_fail(detail, MEASURE_LARGE,
							 "out of memory")
					  : read_samples(c, &r, v, detail);
	}
	promresult_close(&r);
	if (query == COUNTERS_ERRORS && outcome == MEASURE_EMPTY)
		return MEASURE_OK;
	if (query == COUNTERS_REQUESTS && outcome == MEASURE_OK &&
	    v->count == 0)
		return measure_fail(detail, MEASURE_EMPTY,
				    "no sample's service and endpoint are in "
				    "the policy with this query");
	return outcome;
}

/* However much there is, it is not more than a counter can say. */
static void add(uint64_t *sum, uint64_t more)
{
	*sum += more;
	if (*sum > MEMBER_EXACT_MAX)
		*sum = MEMBER_EXACT_MAX;
}

/* What each endpoint's series grew by, from one answer to the next. */
static void grow(const struct counters *c, enum counters_query query)
{
	const struct vector *last = &c->last[query], *next = &c->next[query];
	size_t before = 0;

	for (size_t i = 0; i < next->count; i++) {
		const struct series *s = &next->list[i];

		while (before < last->count && last->list[before].id < s->id)
			before++;
		if (before < last->count && last->list[before].id == s->id &&
		    last->list[before].count <= s->count)
			add(&c->rows[s->row].grown[query],
			    s->count - last->list[before].count);
	}
}

/* A failure whose request was not seen to be counted is none: the answers are
 * of one instant, but not of the same series. */
static void add_grown(struct row *row)
{
	uint64_t requests = row->grown[COUNTERS_REQUESTS],
		 errors = row->grown[COUNTERS_ERRORS];

	row->sum.requests += requests;
	row->sum.errors += errors < requests ? errors : requests;
}

static struct served *write_rows(const struct counters *c, int64_t wall_ms)
{
	struct served *served = calloc(1, sizeof(*served));

	if (served == NULL)
		return NULL;
	served->rows = calloc(c->count + 1, sizeof(*served->rows));
	if (served->rows == NULL) {
		served_free(served);
		return NULL;
	}
	served->wall_made_ms = wall_ms;
	served->wall_start_ms = c->wall_start_ms;
	for (size_t i = 0; i < c->count; i++) {
		const struct row *from = &c->rows[i];
		struct served_row *row = &served->rows[served->count];

		if (!from->told)
			continue;
		snprintf(row->service, sizeof(row->service), "%s",
			 from->service);
		snprintf(row->endpoint, sizeof(row->endpoint), "%s",
			 from->endpoint);
		row->count = from->sum;
		served->count++;
	}
	served_sort(served);
	return served;
}

struct served *counters_add(struct counters *c, int64_t now_ms, int64_t wall_ms)
{
	bool follows = now_ms - c->last_ms <= SERVED_STALE_MS;

	for (size_t i = 0; i < c->count; i++)
		memset(c->rows[i].grown, 0, sizeof(c->rows[i].grown));
	for (int q = 0; q < COUNTERS_QUERIES; q++) {
		if (follows)
			grow(c, (enum counters_query)q);
		vector_fini(&c->last[q]);
		c->last[q] = c->next[q];
		c->next[q] = (struct vector){ .list = NULL };
	}
	for (size_t i = 0; i < c->count; i++)
		add_grown(&c->rows[i]);
	c->last_ms = now_ms;
	return write_rows(c, wall_ms);
}
