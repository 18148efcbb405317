/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence -- what users met at edges (policy/bus/served), as outcomes for the
 * breakers of one vantage.
 *
 * A Prometheus that a check names is one more edge (health/counters makes its
 * document).
 *
 * Counters become requests by differences of two documents of one edge, so each
 * request is counted once, however often a document comes; of the first one,
 * and of the first after an edge's restart, nothing is counted.
 *
 * An edge judges an endpoint when it has seen passive.min_requests of its users
 * since it judged it last: they failed when passive.failure_rate of the
 * requests did.  A judgement stands for the breaker's window_time, and so long
 * requests are gathered for one.  In each second in which an edge has judged,
 * the edges are asked together, when half of those that saw any users there
 * have a judgement: users failed when more than half of those say so, and
 * passive.edges at least; they passed when fewer than half do.  That is one
 * outcome a second at most, however many edges there are and however much they
 * serve.
 *
 * Why votes of edges, and not all of their requests in one sum: the edge that
 * serves most, or one that makes its numbers up, would speak for all.  An edge
 * that sees more than half of what it judges fail, and judges two endpoints at
 * least, says more of itself (its own uplink, its own configuration) than of
 * them, as a vantage does in that case (health/suspicion): it is not believed
 * until that is over.
 *
 * What this means for those who decide.  All vantages hear the same edges, so
 * all breakers open at the same time, and the quorum of vantages, which is
 * there so that one vantage's own uplink takes nothing out, is met by one
 * source.  That is right when the source is the majority of the edges, for
 * they are the independent witnesses here; where they are few it is up to
 * passive.edges how many it takes.  What is left is that all edges err, or are
 * one: then the budget of policy/decide/budget, which looks at verdicts
 * whatever they came from, keeps half of each service's capacity in, and lets
 * one region go in five minutes; and the trial after it ends in the probes'
 * word when the edges fall silent.  Suspicion of this vantage is not fed by
 * users, for it is about this vantage's own probes; nor does a vantage that
 * mistrusts itself leave out what others saw: its report abstains anyway.
 *
 * Pure: time is passed in.
 */
#ifndef HEALTH_EVIDENCE_H
#define HEALTH_EVIDENCE_H

#include "health/breaker.h"
#include "policy/bus/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evidence;
struct roster;
struct served;

enum {
	EVIDENCE_EDGES_MAX = 64,
	EVIDENCE_EVERY_MS = 1000, /* how often to judge */
	EVIDENCE_KEEP_MS = 60000, /* where window_time has no bound */
};

/* NULL when memory runs out. */
struct evidence *evidence_new(void);
/* Accepts NULL. */
void evidence_free(struct evidence *evidence);

/*
 * From now on gathers for the jobs of roster whose check is passive; borrows
 * it until the next turn.  What edges judged before is forgotten, but not how
 * far they had counted.  False when memory runs out; then it gathers for none.
 */
bool evidence_turn(struct evidence *evidence, const struct roster *roster);

enum evidence_taken {
	EVIDENCE_TAKEN,
	EVIDENCE_OLD,     /* not newer than what is known of this edge */
	EVIDENCE_CROWDED, /* of one edge too many, or no memory */
};

/* An edge's document, verified; takes ownership of it. */
enum evidence_taken evidence_take(struct evidence *evidence,
				  struct served *served, int64_t now_ms);

/* The edges judge: each second. */
void evidence_judge(struct evidence *evidence, int64_t now_ms);

/* Jobs that it gathers for, from 0, and which of the roster's each is. */
size_t evidence_count(const struct evidence *evidence);
size_t evidence_job(const struct evidence *evidence, size_t nth);

/* Endpoints that it gathers for, by service and endpoint (strcmp(3)), each with
 * the check that is told of its users; all borrowed until the next turn. */
struct evidence_spot {
	const char *service, *endpoint;
	const struct policy_check *check;
};
size_t evidence_spots(const struct evidence *evidence);
struct evidence_spot evidence_spot(const struct evidence *evidence, size_t i);

/* What there is to say of one in this second. */
struct evidence_word {
	/* BREAKER_USERS_PASS, BREAKER_USERS_FAIL, or BREAKER_TICK: nothing. */
	enum breaker_event event;
	struct breaker_users users;
	/* Of the edges that say users failed. */
	uint64_t requests, errors;
	char edges[REPORT_EDGES_SIZE]; /* their names, as many as fit */
};
struct evidence_word evidence_word(const struct evidence *evidence, size_t nth);

/* Its breaker is in another state: what was gathered says nothing any more. */
void evidence_forget(struct evidence *evidence, size_t nth);

/* Edges heard of: for people. */
struct evidence_edge {
	const char *name; /* borrowed */
	int64_t silence_ms;
	uint32_t judged, failing; /* endpoints */
	bool believed;
};
size_t evidence_edges(const struct evidence *evidence, int64_t now_ms,
		      struct evidence_edge edges[EVIDENCE_EDGES_MAX]);

#endif
