/* SPDX-License-Identifier: Apache-2.0 */
#include "health/canvass.h"

#include "health/counters.h"
#include "health/evidence.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/fetch.h"
#include "policy/base/log.h"
#include "policy/bus/promanswer.h"
#include "policy/bus/promform.h"
#include "policy/bus/served.h"
#include "policy/language/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

struct source;

struct question {
	struct source *source;
	enum counters_query query;
	struct fetch *fetch; /* NULL: it has ended, or never began */
};

/* One Prometheus, and what it is asked. */
struct source {
	struct canvass *canvass;
	const struct policy_counting *asked; /* borrowed, as evidence does */
	struct counters *counters;           /* owned */
	char name[SERVED_NAME_SIZE];
	struct event *every; /* persistent: each interval */
	struct question questions[COUNTERS_QUERIES];
	unsigned open;                /* questions without an answer */
	enum measure_outcome outcome; /* of the pair under way so far */
	char detail[MEASURE_DETAIL_SIZE];
	enum measure_outcome last; /* of the last pair; NONE: not yet */
};

struct canvass {
	struct event_base *loop; /* borrowed */
	struct evidence *evidence;
	struct fetcher *fetcher;
	struct source *sources;
	size_t count;
	uint64_t sequence; /* of all documents */
	uint64_t outcomes[MEASURE_OUTCOMES];
};

static void source_fini(struct source *s)
{
	for (int q = 0; q < COUNTERS_QUERIES; q++)
		fetch_cancel(s->questions[q].fetch);
	if (s->every != NULL)
		event_free(s->every);
	counters_free(s->counters);
}

static void forget(struct canvass *c)
{
	for (size_t i = 0; i < c->count; i++)
		source_fini(&c->sources[i]);
	free(c->sources);
	c->sources = NULL;
	c->count = 0;
}

/* The first failure of a pair is what is told of it. */
static void note(struct source *s, enum counters_query query,
		 enum measure_outcome outcome, const char *detail)
{
	if (outcome == MEASURE_OK || s->outcome != MEASURE_OK)
		return;
	s->outcome = outcome;
	snprintf(s->detail, sizeof(s->detail), "%s%s%.100s",
		 counters_query_name(query), *detail == '\0' ? "" : ": ",
		 detail);
}

static void hand_over(struct source *s)
{
	struct canvass *c = s->canvass;
	int64_t now_ms = clock_now_ms();
	struct served *served =
		counters_add(s->counters, now_ms, clock_wall_ms());

	if (served == NULL) {
		note(s, COUNTERS_REQUESTS, MEASURE_LARGE, "out of memory");
		return;
	}
	snprintf(served->node, sizeof(served->node), "%s", s->name);
	served->sequence = ++c->sequence;
	if (evidence_take(c->evidence, served, now_ms) == EVIDENCE_CROWDED)
		note(s, COUNTERS_REQUESTS, MEASURE_LARGE,
		     "too many edges, or out of memory");
}

/* Where it is, without the user and password that may stand before that. */
static const char *server_of(const char *url)
{
	const char *start = strstr(url, "://") + 3;
	size_t len = strcspn(start, "/");

	for (const char *at = start + len; at-- > start;)
		if (*at == '@')
			return at + 1;
	return start;
}

static void log_change(const struct source *s)
{
	char quoted[2 * MEASURE_DETAIL_SIZE], outcome[40];

	log_event(s->outcome == MEASURE_OK ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  "health", "prometheus",
		  "source=%s server=%s outcome=%s detail=%s", s->name,
		  server_of(s->asked->url),
		  log_quote(measure_outcome_name(s->outcome), outcome,
			    sizeof(outcome)),
		  log_quote(s->detail, quoted, sizeof(quoted)));
}

/* The last answer is in: the pair is whole. */
static void finish(struct source *s)
{
	if (s->open > 0)
		return;
	if (s->outcome == MEASURE_OK)
		hand_over(s);
	s->canvass->outcomes[s->outcome]++;
	if (s->outcome != s->last)
		log_change(s);
	s->last = s->outcome;
}

static void on_answer(void *arg, const struct fetch_answer *answer)
{
	struct question *q = arg;
	struct source *s = q->source;
	const struct promanswer said = { answer->status, answer->octets,
					 answer->len };
	char detail[MEASURE_DETAIL_SIZE] = "";
	enum measure_outcome outcome = measure_outcome_of(answer->outcome);

	q->fetch = NULL;
	if (outcome == MEASURE_OK)
		outcome = counters_read(s->counters, q->query, &said, detail);
	else
		measure_fail(detail, outcome, answer->why);
	note(s, q->query, outcome, detail);
	s->open--;
	finish(s);
}

static void ask(struct question *q, int64_t wall_ms)
{
	struct source *s = q->source;
	const struct policy_counting *asked = s->asked;
	char *form =
		promform_write(q->query == COUNTERS_REQUESTS ? asked->requests
							     : asked->errors,
			       wall_ms, asked->timeout_ms);
	char url[1200];
	const struct fetch_plan plan = {
		.url = url,
		.form = form,
		.timeout_ms = asked->timeout_ms,
		.octets_max = PROMANSWER_OCTETS_MAX,
		.done = on_answer,
		.arg = q,
	};

	snprintf(url, sizeof(url), "%s/api/v1/query", asked->url);
	if (form != NULL)
		q->fetch = fetch_start(s->canvass->fetcher, &plan);
	free(form);
	if (q->fetch != NULL)
		s->open++;
	else
		note(s, q->query, MEASURE_CONNECT, "out of memory");
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct source *s = arg;
	int64_t wall_ms = clock_wall_ms();

	(void)fd, (void)what;
	if (s->open > 0)
		return;
	s->outcome = MEASURE_OK;
	s->detail[0] = '\0';
	for (int q = 0; q < COUNTERS_QUERIES; q++)
		ask(&s->questions[q], wall_ms);
	finish(s);
}

static bool is_asked(const struct canvass *c,
		     const struct policy_counting *asked)
{
	for (size_t i = 0; i < c->count; i++)
		if (counters_same(c->sources[i].asked, asked))
			return true;
	return false;
}

static void name_source(struct source *s, size_t nth)
{
	if (nth == 1)
		snprintf(s->name, sizeof(s->name), "prometheus");
	else
		snprintf(s->name, sizeof(s->name), "prometheus-%zu", nth);
}

static bool begin(struct canvass *c, const struct policy_counting *asked)
{
	struct source *s = &c->sources[c->count++];
	const struct timeval interval = {
		.tv_sec = asked->interval_ms / 1000,
		.tv_usec = asked->interval_ms % 1000 * 1000,
	};

	*s = (struct source){ .canvass = c, .asked = asked };
	name_source(s, c->count);
	for (int q = 0; q < COUNTERS_QUERIES; q++)
		s->questions[q] = (struct question){
			.source = s,
			.query = (enum counters_query)q,
		};
	s->counters = counters_new(asked, c->evidence, clock_wall_ms());
	s->every = event_new(c->loop, -1, EV_PERSIST, on_time, s);
	if (s->counters == NULL || s->every == NULL ||
	    event_add(s->every, &interval) < 0)
		return false;
	event_active(s->every, 0, 0);
	return true;
}

bool canvass_turn(struct canvass *c)
{
	size_t spots = evidence_spots(c->evidence);
	bool ok;

	forget(c);
	c->sources = calloc(EVIDENCE_EDGES_MAX, sizeof(*c->sources));
	ok = c->sources != NULL;
	for (size_t i = 0; ok && i < spots; i++) {
		const struct policy_counting *asked =
			&evidence_spot(c->evidence, i)
				 .check->passive.prometheus;

		if (asked->url != NULL && !is_asked(c, asked))
			ok = c->count < EVIDENCE_EDGES_MAX && begin(c, asked);
	}
	return ok;
}

bool canvass_has(const struct canvass *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->sources[i].name, name) == 0)
			return true;
	return false;
}

const uint64_t *canvass_outcomes(const struct canvass *c)
{
	return c->outcomes;
}

size_t canvass_sources(const struct canvass *c,
		       struct canvass_source sources[EVIDENCE_EDGES_MAX])
{
	for (size_t i = 0; i < c->count; i++)
		sources[i] = (struct canvass_source){
			.name = c->sources[i].name,
			.failing = c->sources[i].last > MEASURE_OK,
		};
	return c->count;
}

struct canvass *canvass_new(struct event_base *loop, struct evidence *evidence,
			    struct error *err)
{
	struct canvass *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		error_set(err, "out of memory while starting the prober");
		return NULL;
	}
	c->loop = loop;
	c->evidence = evidence;
	/* From the wall clock: a restart goes on upwards. */
	c->sequence = (uint64_t)clock_wall_ms();
	c->fetcher = fetcher_new(loop, err);
	if (c->fetcher != NULL)
		return c;
	free(c);
	return NULL;
}

void canvass_free(struct canvass *c)
{
	if (c == NULL)
		return;
	forget(c);
	fetcher_free(c->fetcher);
	free(c);
}
