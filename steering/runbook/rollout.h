/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollout -- windrose rollout: how a published policy goes out, and taking it
 * back.  Shell.
 */
#ifndef STEERING_RUNBOOK_ROLLOUT_H
#define STEERING_RUNBOOK_ROLLOUT_H

#include <stdbool.h>

struct json_t;
struct link;
struct order;

int rollout_run(int argc, char **argv);

/* How it stands, as the agent that leads tells; a new reference.  NULL, and it
 * is told why, with *status. */
struct json_t *rollout_ask(struct link *link, int *status);

/*
 * Sends what a person wants: to publish that digest, or to abort, where it is
 * NULL.  An exit status.
 */
struct rollout_wish {
	const char *digest;
	bool forced, may_silence; /* see steering/release_request */
};
int rollout_send(struct link *link, const struct order *order,
		 const struct rollout_wish *wish);

/*
 * Tells of each step of a policy on its way, and ends with it: 0 all serve it,
 * 3 it was taken back, 7 nobody says.
 */
int rollout_follow(struct link *link, const struct order *order,
		   const char *digest);

#endif
