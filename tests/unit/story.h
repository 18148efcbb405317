/* SPDX-License-Identifier: Apache-2.0 */
/*
 * story -- an agent in virtual time, over a steer_world; every plan that it
 * gives out is judged as it comes: plan_check() passes it, and it is newer than
 * the one before.  Expectations that fail end the test.
 */
#ifndef TESTS_UNIT_STORY_H
#define TESTS_UNIT_STORY_H

#include "steer_world.h"

#include <stdbool.h>
#include <stdint.h>

struct story {
	struct steer_world w;
	struct agent *agent;
	struct plan *plan; /* the newest */
	unsigned plans;
};

/* An agent that has given out its first plan. */
void story_begin(struct story *s);
void story_end(struct story *s);

/* The gdpr rule binds nobody. */
void story_without_residency(struct story *s);

void story_tick(struct story *s);
/* Goes on in steps of a quarter second. */
void story_pass(struct story *s, int64_t ms);

/*
 * The leader is gone: another agent, on a machine with another monotonic
 * clock, goes on from its last plan with the next epoch.
 */
void story_succeed(struct story *s);

/* A command that must be accepted, and one made for it. */
void story_say(struct story *s, const struct command *c);
struct command story_order(struct story *s, enum command_kind kind,
			   const char *target);
/* One that must be refused with why in its error, and no new plan. */
void story_refused(struct story *s, const struct command *c, const char *why);

/* What the newest plan leaves an endpoint of www, within 1.2 points. */
void story_has_share(const struct story *s, const char *endpoint, double share);
enum plan_cause story_cause_of(const struct story *s, const char *endpoint);
/* What it leaves api in eu-west. */
double story_api_share(const struct story *s);

bool story_was_told(struct story *s, const char *kind, const char *what);

#endif
