/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_greeting -- what is said first on a connection, and whether what comes
 * back lets the link be up.
 *
 *   AUTH      when there is a password
 *   READONLY  to a replica: a cluster's would send us to its master
 *   EVAL      touches a key of ours: a node of a cluster that does not hold it
 *             names the one that does (MOVED), which may be its master
 *   ROLE      when the server must be a master or a replica
 *   PING      a connection proves nothing: the kernel of a stopped server
 *             accepts too
 *
 * EVAL is what every user of contrib/redis/users.acl may do, and may do with
 * this key.  Shell.
 */
#ifndef POLICY_BUS_REDIS_GREETING_H
#define POLICY_BUS_REDIS_GREETING_H

#include "policy/bus/redis_command.h"
#include "policy/bus/redis_target.h"

#include <stdbool.h>

struct redisReply;

enum redis_step {
	REDIS_STEP_AUTH,
	REDIS_STEP_READONLY,
	REDIS_STEP_KEYS,
	REDIS_STEP_ROLE,
	REDIS_STEP_PING,
	REDIS_STEPS,
};

/* The first step from here on that this target wants; REDIS_STEPS: none. */
enum redis_step redis_greeting_next(const struct redis_target *t,
				    enum redis_step from);

/* The step's command; it borrows from t. */
void redis_greeting_write(const struct redis_target *t, enum redis_step step,
			  struct redis_command *out);

/*
 * NULL when reply is good enough, else why not, in an operator's words
 * (constant).
 */
const char *redis_greeting_judge(const struct redis_target *t,
				 enum redis_step step,
				 const struct redisReply *reply);

#endif
