/* SPDX-License-Identifier: Apache-2.0 */
#include "health/evidence.h"

#include "health/roster.h"
#include "policy/bus/served.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one edge saw of one job. */
struct sample {
	bool known;                /* it has a row for it */
	uint64_t requests, errors; /* gathered since begun_ms */
	int64_t begun_ms;
	uint64_t judged, judged_errors; /* the last judgement; 0: none stands */
	int64_t judged_ms;
	bool failed; /* that was it */
	bool fresh;  /* it came in this second */
};

struct edge {
	struct served *last; /* owned */
	int64_t heard_ms;
	struct sample *samples; /* owned; by nth job */
	uint32_t judged, failing;
	bool believed; /* heard lately, and not failing at large */
};

/* An endpoint, and the job that it is of. */
struct spot {
	const char *service, *endpoint; /* the policy's */
	size_t nth;
};

struct job {
	size_t number; /* the roster's */
	const struct policy_check *check;
};

struct evidence {
	struct edge edges[EVIDENCE_EDGES_MAX];
	size_t edge_count;
	struct spot *spots; /* by service, endpoint */
	size_t spot_count;
	struct job *jobs;
	size_t job_count;
};

struct evidence *evidence_new(void)
{
	return calloc(1, sizeof(struct evidence));
}

static void edge_fini(struct edge *edge)
{
	served_free(edge->last);
	free(edge->samples);
}

void evidence_free(struct evidence *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->edge_count; i++)
		edge_fini(&e->edges[i]);
	free(e->spots);
	free(e->jobs);
	free(e);
}

static int compare_spots(const void *a, const void *b)
{
	const struct spot *x = a, *y = b;
	int order = strcmp(x->service, y->service);

	return order != 0 ? order : strcmp(x->endpoint, y->endpoint);
}

static bool is_passive(const struct roster *roster, size_t job)
{
	return roster->jobs[job].spec.users != NULL;
}

/* Jobs are numbered in the roster's order; nth of each, where passive. */
static void list_jobs(struct evidence *e, const struct roster *roster,
		      size_t *nth)
{
	for (size_t i = 0; i < roster->job_count; i++) {
		nth[i] = e->job_count;
		if (is_passive(roster, i))
			e->jobs[e->job_count++] = (struct job){
				.number = i,
				.check = roster->jobs[i].spec.check,
			};
	}
}

/* The job that is told of a target's users: of several checks the first that is
 * passive.  NULL: none is. */
static const size_t *passive_job(const struct roster *roster,
				 const struct roster_target *target)
{
	size_t count;
	const size_t *jobs = roster_jobs(target, &count);

	for (size_t i = 0; i < count; i++)
		if (is_passive(roster, jobs[i]))
			return &jobs[i];
	return NULL;
}

static void list_spots(struct evidence *e, const struct roster *roster,
		       const size_t *nth)
{
	for (size_t i = 0; i < roster->target_count; i++) {
		const struct roster_target *t = &roster->targets[i];
		const size_t *job = passive_job(roster, t);

		if (job != NULL)
			e->spots[e->spot_count++] = (struct spot){
				.service = t->service->name,
				.endpoint = t->endpoint->name,
				.nth = nth[*job],
			};
	}
	if (e->spot_count > 1)
		qsort(e->spots, e->spot_count, sizeof(*e->spots),
		      compare_spots);
}

/* Room for the edges' samples; false when memory runs out. */
static bool make_samples(const struct evidence *e, size_t jobs,
			 struct sample *samples[EVIDENCE_EDGES_MAX])
{
	for (size_t i = 0; i < e->edge_count; i++) {
		samples[i] = calloc(jobs + 1, sizeof(struct sample));
		if (samples[i] != NULL)
			continue;
		while (i > 0)
			free(samples[--i]);
		return false;
	}
	return true;
}

bool evidence_turn(struct evidence *e, const struct roster *roster)
{
	struct sample *samples[EVIDENCE_EDGES_MAX];
	struct evidence next = {
		.spots = calloc(roster->target_count + 1, sizeof(struct spot)),
		.jobs = calloc(roster->job_count + 1, sizeof(struct job)),
	};
	size_t *nth = calloc(roster->job_count + 1, sizeof(*nth));
	bool ok = next.spots != NULL && next.jobs != NULL && nth != NULL;

	if (ok) {
		list_jobs(&next, roster, nth);
		list_spots(&next, roster, nth);
		ok = make_samples(e, next.job_count, samples);
	}
	free(nth);
	free(e->spots);
	free(e->jobs);
	e->spots = next.spots;
	e->jobs = next.jobs;
	e->spot_count = ok ? next.spot_count : 0;
	e->job_count = ok ? next.job_count : 0;
	for (size_t i = 0; ok && i < e->edge_count; i++) {
		free(e->edges[i].samples);
		e->edges[i].samples = samples[i];
	}
	return ok;
}

/* NULL: the row is of no job of ours. */
static struct sample *sample_of(const struct evidence *e, struct edge *edge,
				const struct served_row *row)
{
	char name[2 * SERVED_NAME_SIZE];
	const struct spot key = { .service = row->service, .endpoint = name };
	const struct spot *spot;

	/* As the policy calls a canary's endpoint. */
	snprintf(name, sizeof(name), "%s%s%s", row->canary,
		 row->canary[0] == '\0' ? "" : "/", row->endpoint);
	spot = e->spot_count == 0 ? NULL
				  : bsearch(&key, e->spots, e->spot_count,
					    sizeof(*e->spots), compare_spots);
	return spot == NULL ? NULL : &edge->samples[spot->nth];
}

/* The document before, if there is one to compare with. */
static const struct served *compared_with(const struct edge *edge,
					  const struct served *now)
{
	return edge->last != NULL && served_follows(now, edge->last)
		       ? edge->last
		       : NULL;
}

static void gather(struct evidence *e, struct edge *edge,
		   const struct served *now, int64_t now_ms)
{
	const struct served *before = compared_with(edge, now);

	for (size_t i = 0; i < now->count; i++) {
		const struct served_row *row = &now->rows[i];
		struct sample *s = sample_of(e, edge, row);
		struct served_count grown;

		if (s == NULL)
			continue;
		s->known = true;
		if (before == NULL || !served_since(before, row, &grown) ||
		    grown.requests == 0)
			continue;
		if (s->requests == 0)
			s->begun_ms = now_ms;
		s->requests += grown.requests;
		s->errors += grown.errors;
	}
}

static struct edge *find_edge(struct evidence *e, const char *node)
{
	for (size_t i = 0; i < e->edge_count; i++)
		if (strcmp(e->edges[i].last->node, node) == 0)
			return &e->edges[i];
	return NULL;
}

/* Room for one more, if need be that of one that is gone. */
static struct edge *new_edge(struct evidence *e, int64_t now_ms)
{
	struct sample *samples = calloc(e->job_count + 1, sizeof(*samples));
	struct edge *edge = NULL;

	if (samples != NULL && e->edge_count < EVIDENCE_EDGES_MAX)
		edge = &e->edges[e->edge_count++];
	for (size_t i = 0; samples != NULL && edge == NULL && i < e->edge_count;
	     i++)
		if (now_ms - e->edges[i].heard_ms > SERVED_TTL_MS) {
			edge = &e->edges[i];
			edge_fini(edge);
		}
	if (edge == NULL) {
		free(samples);
		return NULL;
	}
	*edge = (struct edge){ .samples = samples };
	return edge;
}

enum evidence_taken evidence_take(struct evidence *e, struct served *served,
				  int64_t now_ms)
{
	struct edge *edge = find_edge(e, served->node);

	/* One that was silent for so long may have set its clock back. */
	if (edge != NULL && served->sequence <= edge->last->sequence &&
	    now_ms - edge->heard_ms <= SERVED_TTL_MS) {
		served_free(served);
		return EVIDENCE_OLD;
	}
	if (edge == NULL)
		edge = new_edge(e, now_ms);
	if (edge == NULL) {
		served_free(served);
		return EVIDENCE_CROWDED;
	}
	gather(e, edge, served, now_ms);
	served_free(edge->last);
	edge->last = served;
	edge->heard_ms = now_ms;
	return EVIDENCE_TAKEN;
}

static bool is_failing(uint64_t requests, uint64_t errors,
		       const struct policy_passive *limits)
{
	/* In floating point: a count may be as large as 2^53. */
	return errors > 0 &&
	       (double)errors * 100 >=
		       (double)requests * limits->failure_rate_pct;
}

static int64_t kept_ms(const struct policy_check *check)
{
	return check->breaker.window_ms > 0 ? check->breaker.window_ms
					    : EVIDENCE_KEEP_MS;
}

static void judge(struct sample *s, const struct policy_check *check,
		  int64_t now_ms)
{
	s->fresh = s->requests >= check->passive.min_requests;
	if (s->fresh) {
		s->judged = s->requests;
		s->judged_errors = s->errors;
		s->judged_ms = now_ms;
		s->failed = is_failing(s->requests, s->errors, &check->passive);
	} else if (now_ms - s->judged_ms > kept_ms(check)) {
		s->judged = 0;
	}
	if (s->fresh || now_ms - s->begun_ms > kept_ms(check))
		s->requests = s->errors = 0;
}

void evidence_judge(struct evidence *e, int64_t now_ms)
{
	for (size_t i = 0; i < e->edge_count; i++) {
		struct edge *edge = &e->edges[i];

		edge->judged = edge->failing = 0;
		for (size_t j = 0; j < e->job_count; j++) {
			struct sample *s = &edge->samples[j];

			judge(s, e->jobs[j].check, now_ms);
			edge->judged += s->judged > 0;
			edge->failing += s->judged > 0 && s->failed;
		}
		edge->believed =
			now_ms - edge->heard_ms <= SERVED_STALE_MS &&
			(edge->judged < 2 || 2 * edge->failing <= edge->judged);
	}
}

size_t evidence_count(const struct evidence *e)
{
	return e->job_count;
}

size_t evidence_job(const struct evidence *e, size_t nth)
{
	return e->jobs[nth].number;
}

size_t evidence_spots(const struct evidence *e)
{
	return e->spot_count;
}

struct evidence_spot evidence_spot(const struct evidence *e, size_t i)
{
	const struct spot *spot = &e->spots[i];

	return (struct evidence_spot){
		.service = spot->service,
		.endpoint = spot->endpoint,
		.check = e->jobs[spot->nth].check,
	};
}

/* What the edges say of one job together. */
struct poll {
	uint32_t users; /* edges that had some, enough to judge or not */
	uint32_t voters, failing;
	bool fresh;
};

static void name_edge(struct evidence_word *word, const char *name)
{
	size_t len = strlen(word->edges);

	if (len + strlen(name) + sizeof(", ") <= sizeof(word->edges))
		snprintf(word->edges + len, sizeof(word->edges) - len, "%s%s",
			 len == 0 ? "" : ", ", name);
}

static void poll_edge(const struct edge *edge, size_t nth, struct poll *poll,
		      struct evidence_word *word)
{
	const struct sample *s = &edge->samples[nth];

	if (!edge->believed || !s->known)
		return;
	word->users.watched = true;
	word->users.requests += s->requests;
	word->users.errors += s->errors;
	poll->users += s->requests > 0 || s->judged > 0;
	poll->fresh |= s->fresh;
	poll->voters += s->judged > 0;
	if (s->judged == 0 || !s->failed)
		return;
	poll->failing++;
	word->requests += s->judged;
	word->errors += s->judged_errors;
	name_edge(word, edge->last->node);
}

struct evidence_word evidence_word(const struct evidence *e, size_t nth)
{
	const struct policy_passive *limits = &e->jobs[nth].check->passive;
	struct evidence_word word = {
		.event = BREAKER_TICK,
		.users = { .weight = limits->weight,
			   .failure_rate_pct = limits->failure_rate_pct },
	};
	struct poll poll = { 0 };

	for (size_t i = 0; i < e->edge_count; i++)
		poll_edge(&e->edges[i], nth, &poll, &word);
	/* The first to have seen enough does not speak for those that follow:
	 * one word of users ends a trial. */
	if (!poll.fresh || 2 * poll.voters < poll.users)
		return word;
	if (2 * poll.failing < poll.voters)
		word.event = BREAKER_USERS_PASS;
	else if (2 * poll.failing > poll.voters &&
		 poll.failing >= limits->edges)
		word.event = BREAKER_USERS_FAIL;
	return word;
}

void evidence_forget(struct evidence *e, size_t nth)
{
	for (size_t i = 0; i < e->edge_count; i++) {
		struct sample *s = &e->edges[i].samples[nth];

		*s = (struct sample){ .known = s->known };
	}
}

size_t evidence_edges(const struct evidence *e, int64_t now_ms,
		      struct evidence_edge edges[EVIDENCE_EDGES_MAX])
{
	for (size_t i = 0; i < e->edge_count; i++) {
		const struct edge *edge = &e->edges[i];

		edges[i] = (struct evidence_edge){
			.name = edge->last->node,
			.silence_ms = now_ms - edge->heard_ms,
			.judged = edge->judged,
			.failing = edge->failing,
			.believed = edge->believed,
		};
	}
	return e->edge_count;
}
