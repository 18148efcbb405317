/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rights -- what each role's user of a Redis server must be allowed to do:
 * contrib/redis/users.acl, as commands to try.  Pure.
 */
#ifndef STEERING_RUNBOOK_RIGHTS_H
#define STEERING_RUNBOOK_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

enum { RIGHT_ARGS_MAX = 8, RIGHT_ARG_SIZE = 200 };

/* A command, whole. */
struct right {
	int argc;
	char argv[RIGHT_ARGS_MAX][RIGHT_ARG_SIZE];
};

/*
 * The nth command that this user needs in this environment, from 0.  The role
 * is told by the name, "dns", "steer", "edge", "operator" or "health-VANTAGE",
 * and anything behind "dns-" and so on.  False: there are no more, or the name
 * is no role's.
 */
bool right_of(const char *user, const char *env, size_t nth,
	      struct right *right);

#endif
