/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held -- commands that wait for a second person.
 *
 * A command is held when the policy says so for its kind (safety.confirm), or
 * when a rule that two people may set aside refuses it and its sender asked for
 * that (COMMAND's approval).  It goes through when a second key signs an
 * approval under another name within safety.approval_within, counted from when
 * it was held; then its own time begins.  Who leads keeps them, and tells them
 * in its plans: who takes over goes on with those.
 *
 * A person is a key of --people, which one has to himself; names are what
 * senders say.  What came over an open control socket has no key, so it can
 * ask, and cannot approve.
 *
 * Pure: the caller passes the time in.
 */
#ifndef STEERING_HELD_H
#define STEERING_HELD_H

#include "policy/bus/plan.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;

/* Zeroed memory holds nothing. */
struct held {
	struct plan_held list[PLAN_HELD_MAX]; /* the oldest first */
	size_t count;
};

/* Does the policy want a second person for commands of this kind? */
bool held_wanted(const struct policy *policy, enum command_kind kind);

/* So long the first of two people who publish a policy is waited for; 0: the
 * policy in force wants one. */
int64_t held_publish_ms(const struct policy *policy);

/* False with err set: one of that id is held, or too many are. */
bool held_add(struct held *held, const struct policy *policy,
	      const struct plan_held *command, int64_t wall_ms,
	      struct error *err);

/*
 * The command that an approval is for, as of now; key is the approval's.  NULL
 * with err set: there is none, or the second person is the first.  Borrowed
 * until the next change.
 */
const struct plan_held *held_find(const struct held *held,
				  const struct command *approval,
				  const char *key, struct error *err);

/* The command with its time beginning now. */
struct command held_renew(const struct plan_held *h, int64_t wall_ms);

/* Goes on with what a plan holds; NULL: with nothing. */
void held_adopt(struct held *held, const struct plan *plan);

/*
 * Goes back to what a plan holds, for that is what is stored, but for what has
 * come since: takes back those of it that were let go, by an approval whose
 * plan did not get there or by time, and lets go those that it has in force.
 * NULL: nothing changes.
 */
void held_restore(struct held *held, const struct plan *plan);

void held_remove(struct held *held, const char *id);

/* Takes out one whose time is over; false: none is. */
bool held_expire(struct held *held, int64_t wall_ms, struct plan_held *out);

/* An array for the status; a new reference, NULL when memory runs out. */
struct json_t *held_write(const struct held *held);

#endif
