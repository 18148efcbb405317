/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage -- the world in which a story plays: a real policy, vantages that
 * speak or keep silent, a plan, and time that passes when the story says so.
 *
 * Every virtual second each vantage that speaks publishes its report and the
 * view is reduced from what was heard, by the cores that the daemons run.  A
 * vantage says what the story says, or probes by itself (post.h).
 */
#ifndef TESTS_REPLAY_STAGE_H
#define TESTS_REPLAY_STAGE_H

#include "policy/decide/chain.h"
#include "policy/decide/share.h"
#include "tests/replay/post.h"

enum {
	STAGE_CLIENTS_MAX = 16,
	STAGE_SHARES_MAX = 64,
	STAGE_COMMANDS_MAX = 8,
	STAGE_CROWD = 20000, /* client networks in a sample */
};

struct stage_client {
	char name[64];
	struct net_addr addr;
	struct client_class class;
};

struct stage_vantage {
	struct report report; /* entries: one per endpoint, in policy order */
	bool silent;
	struct post *post; /* NULL: it says what the story says */
};

struct stage {
	struct policy *policy;
	int64_t now_ms; /* since the story began */
	struct stage_client clients[STAGE_CLIENTS_MAX];
	size_t client_count;
	struct stage_vantage vantages[POLICY_VANTAGES_MAX];
	struct heard_report heard[POLICY_VANTAGES_MAX];
	struct report heard_copies[POLICY_VANTAGES_MAX];
	struct plan plan;
	struct plan_share shares[STAGE_SHARES_MAX];
	struct command commands[STAGE_COMMANDS_MAX]; /* break-glass */
	size_t command_count;
	struct post_truth *truths; /* of endpoints, in policy order */
	unsigned *turns; /* how often the verdict of each has changed */
	struct view *view;
	uint8_t *mark; /* the crowd's endpoints at the last mark, or NULL */
};

/* Wall time when a story begins. */
#define STAGE_WALL_MS INT64_C(1770000000000)

/* All vantages speak and say that all is well.  False: it does not load. */
bool stage_open(struct stage *s, const char *policy_path);
void stage_free(struct stage *s);

/* Time passes up to at_ms, second by second. */
void stage_run(struct stage *s, int64_t at_ms);

/* The view after something changed at this very moment. */
void stage_refresh(struct stage *s);

/* The entry of a vantage's report; NULL when there is no such endpoint. */
struct report_entry *stage_entry(struct stage *s, size_t vantage,
				 const char *service, const char *endpoint);

/* The number of an endpoint in policy order. */
size_t stage_number(const struct stage *s, int service, int endpoint);

/* From now on the vantage probes. */
void stage_probe(struct stage *s, size_t vantage);

const struct stage_client *stage_client(const struct stage *s,
					const char *name);

struct row stage_row(const struct stage *s, int service,
		     const struct stage_client *client);
unsigned stage_pick(const struct stage *s, int service,
		    const struct stage_client *client,
		    uint8_t picks[POLICY_ENDPOINTS_MAX]);

/* The first pick of each client network of the crowd, all of one class. */
void stage_crowd(const struct stage *s, int service,
		 const struct stage_client *client, uint8_t *picks);

#endif
