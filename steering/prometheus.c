/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/prometheus.h"

#include "policy/base/error.h"
#include "policy/base/fetch.h"
#include "policy/bus/promanswer.h"
#include "policy/bus/promform.h"
#include "policy/language/policy.h"
#include "steering/prombuckets.h"
#include "steering/promquery.h"
#include "steering/rollout.h"

#include <stdio.h>
#include <stdlib.h>

/* Of one number, or the buckets of a histogram. */
enum { ANSWER_OCTETS_MAX = 1 << 20 };

enum { QUERY_ERRORS, QUERY_REQUESTS, QUERY_LATENCY, QUERIES };

static const char *const query_names[] = {
	[QUERY_ERRORS] = "errors",
	[QUERY_REQUESTS] = "requests",
	[QUERY_LATENCY] = "latency",
};

struct round;

/* One query of a round. */
struct question {
	struct round *round;
	struct fetch *fetch; /* NULL: it has ended, or never began */
	enum arm arm;
	unsigned query;
};

/* A canary's measure under way, and the last that is whole. */
struct round {
	struct prometheus *prometheus;
	struct question questions[ARMS][QUERIES];
	unsigned open; /* questions without an answer */
	bool begun;
	int64_t began_ms; /* monotonic */
	struct measure next;
};

struct prometheus {
	struct fetcher *fetcher;
	const struct policy *policy; /* borrowed; NULL: none yet */
	struct round *rounds;        /* of each canary */
	size_t count;                /* of these; the policy may be gone */
	struct measure *measures;    /* borrowed: the last of each */
	uint64_t numbered;
	void (*told)(void *arg);
	void *arg;
};

static void cancel(struct round *r)
{
	for (enum arm arm = 0; arm < ARMS; arm++)
		for (unsigned i = 0; i < QUERIES; i++) {
			fetch_cancel(r->questions[arm][i].fetch);
			r->questions[arm][i].fetch = NULL;
		}
	r->open = 0;
}

static void forget(struct prometheus *p)
{
	for (size_t i = 0; i < p->count; i++)
		cancel(&p->rounds[i]);
	free(p->rounds);
	p->count = 0;
	p->rounds = NULL;
	p->policy = NULL;
}

bool prometheus_adopt(struct prometheus *p, const struct policy *policy,
		      struct measure *measures)
{
	forget(p);
	if (policy == NULL)
		return true;
	p->rounds = calloc(policy->canary_count + 1, sizeof(*p->rounds));
	if (p->rounds == NULL)
		return false;
	for (size_t i = 0; i < policy->canary_count; i++)
		p->rounds[i].prometheus = p;
	p->count = policy->canary_count;
	p->policy = policy;
	p->measures = measures;
	return true;
}

static enum measure_outcome read_answer(struct measure_arm *arm, unsigned query,
					const struct fetch_answer *answer,
					char detail[MEASURE_DETAIL_SIZE])
{
	const struct promanswer said = { answer->status, answer->octets,
					 answer->len };

	if (answer->outcome != FETCH_OK) {
		snprintf(detail, MEASURE_DETAIL_SIZE, "%s", answer->why);
		return measure_outcome_of(answer->outcome);
	}
	switch (query) {
	case QUERY_ERRORS:
		return promanswer_count(&said, &arm->total.failures, detail);
	case QUERY_REQUESTS:
		return promanswer_count(&said, &arm->total.requests, detail);
	default:
		return prombuckets_read(&said, &arm->latencies, detail);
	}
}

/* The first failure of a version is what is told of it. */
static void note(struct round *r, const struct question *q,
		 enum measure_outcome outcome, const char *detail)
{
	struct measure_arm *arm = &r->next.arms[q->arm];

	if (outcome == MEASURE_OK || arm->outcome != MEASURE_OK)
		return;
	arm->outcome = outcome;
	if (r->next.detail[0] == '\0')
		snprintf(r->next.detail, sizeof(r->next.detail), "%s%s%.90s",
			 query_names[q->query], *detail == '\0' ? "" : ": ",
			 detail);
}

/* The last answer is in: the measure is whole. */
static void finish(struct round *r)
{
	struct prometheus *p = r->prometheus;

	if (r->open > 0)
		return;
	r->next.number = ++p->numbered;
	p->measures[r - p->rounds] = r->next;
	p->told(p->arg);
}

static void on_answer(void *arg, const struct fetch_answer *answer)
{
	struct question *q = arg;
	struct round *r = q->round;
	char detail[MEASURE_DETAIL_SIZE] = "";

	q->fetch = NULL;
	note(r, q, read_answer(&r->next.arms[q->arm], q->query, answer, detail),
	     detail);
	r->open--;
	finish(r);
}

static const char *text_of(const struct policy_metrics *m, unsigned query)
{
	switch (query) {
	case QUERY_ERRORS:
		return m->errors;
	case QUERY_REQUESTS:
		return m->requests;
	default:
		return m->latency;
	}
}

static struct fetch *ask(const struct round *r, struct question *q,
			 const struct promquery *what, int64_t wall_ms)
{
	const struct policy_metrics *m =
		&what->policy->canaries[what->canary].metrics;
	char *filled = promquery_fill(what, text_of(m, q->query));
	char *form = filled == NULL
			     ? NULL
			     : promform_write(filled, wall_ms, m->timeout_ms);
	char url[1200];
	struct fetch *fetch = NULL;
	const struct fetch_plan plan = {
		.url = url,
		.form = form,
		.timeout_ms = m->timeout_ms,
		.octets_max = ANSWER_OCTETS_MAX,
		.done = on_answer,
		.arg = q,
	};

	snprintf(url, sizeof(url), "%s/api/v1/query", m->prometheus);
	if (form != NULL)
		fetch = fetch_start(r->prometheus->fetcher, &plan);
	free(filled);
	free(form);
	return fetch;
}

static void begin(struct prometheus *p, size_t canary, uint32_t stage,
		  struct ramp_now now)
{
	const struct policy_metrics *m = &p->policy->canaries[canary].metrics;
	struct round *r = &p->rounds[canary];
	struct promquery what = { p->policy, canary, stage, ARM_CANARY };

	r->begun = true;
	r->began_ms = now.now_ms;
	r->next = (struct measure){ .taken_ms = now.now_ms };
	for (what.arm = 0; what.arm < ARMS; what.arm++) {
		r->next.arms[what.arm].outcome = MEASURE_OK;
		for (unsigned i = 0; i < QUERIES; i++) {
			struct question *q = &r->questions[what.arm][i];

			if (text_of(m, i) == NULL)
				continue;
			*q = (struct question){ .round = r,
						.arm = what.arm,
						.query = i };
			q->fetch = ask(r, q, &what, now.wall_ms);
			if (q->fetch != NULL)
				r->open++;
			else
				note(r, q, MEASURE_CONNECT, "out of memory");
		}
	}
	finish(r);
}

void prometheus_turn(struct prometheus *p, const struct plan_canary *canaries,
		     struct ramp_now now)
{
	for (size_t i = 0; p->policy != NULL && i < p->policy->canary_count;
	     i++) {
		const struct policy_metrics *m =
			&p->policy->canaries[i].metrics;
		struct round *r = &p->rounds[i];

		if (m->prometheus == NULL)
			continue;
		if (canaries == NULL || !rollout_is_watched(&canaries[i])) {
			cancel(r);
			r->begun = false;
			p->measures[i].number = 0;
		} else if (!r->begun ||
			   (r->open == 0 &&
			    now.now_ms - r->began_ms >= m->interval_ms)) {
			begin(p, i, canaries[i].stage, now);
		}
	}
}

struct prometheus *prometheus_start(struct event_base *loop,
				    void (*told)(void *arg), void *arg,
				    struct error *err)
{
	struct prometheus *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		error_set(err, "prometheus: out of memory");
		return NULL;
	}
	p->told = told;
	p->arg = arg;
	p->fetcher = fetcher_new(loop, err);
	if (p->fetcher != NULL)
		return p;
	free(p);
	return NULL;
}

void prometheus_stop(struct prometheus *p)
{
	if (p == NULL)
		return;
	forget(p);
	fetcher_free(p->fetcher);
	free(p);
}
