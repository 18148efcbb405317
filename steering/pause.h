/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pause -- what the agent leaves alone while a service is in panic
 * (policy/decide/panic): nobody comes back step by step, no canary takes more.
 *
 * What is up then has all its clients already, so it has come back; to put it
 * on hold when panic is over would take away what ended it.  Pure.
 */
#ifndef STEERING_PAUSE_H
#define STEERING_PAUSE_H

#include "policy/bus/command.h"
#include "policy/decide/view.h"
#include "steering/ramp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* Is the service in panic?  view NULL, or of another policy: no. */
bool pause_holds(const struct view *view, const struct policy *policy,
		 size_t service);

/* The ramp at now, of which passed_ms have been in panic.  What only a person
 * brings back stays where it is, be it up or down. */
struct ramp pause_ramp(struct ramp ramp, const struct ramp_limits *limits,
		       enum verdict verdict, int64_t passed_ms,
		       struct ramp_now now);

/* Would a command of this kind set a canary in motion? */
bool pause_moves_on(enum command_kind kind);

/* False with err set: the command would move a canary on. */
bool pause_allows(const struct command *command, const struct policy *policy,
		  const struct view *view, struct error *err);

#endif
