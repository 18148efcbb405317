/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freeze -- what the agent leaves alone where a person froze it.
 *
 *   precedence   residency > forced > freeze > breaker > ramp > weights
 *
 * While it is frozen, nothing moves by the agent's own decision: who comes back
 * from an outage waits, a ramp stands where it is, a canary takes no step.  Two
 * things go on, for a freeze is to keep clients where they are well: responders
 * leave out by themselves what is down, which is noted here, so that it does
 * not come back of itself either; and a canary that fails is taken back.  What
 * a person commands is forced, and goes before it, but for what would set a
 * canary in motion.
 *
 * A freeze names all, a service with its canaries, or one canary.  Pure.
 */
#ifndef STEERING_FREEZE_H
#define STEERING_FREEZE_H

#include "policy/decide/quorum.h"
#include "steering/effect.h"
#include "steering/ramp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* The freeze in force then that the endpoints of a service are under; NULL:
 * none. */
const struct command *freeze_of_service(struct commands commands,
					const struct policy *policy,
					size_t service, int64_t wall_ms);

/* The same of a canary: its own, or its service's. */
const struct command *freeze_of_canary(struct commands commands,
				       const struct policy *policy,
				       size_t canary, int64_t wall_ms);

/* The ramp at now, of which passed_ms were frozen: it goes down, and waits, and
 * does not rise. */
struct ramp freeze_ramp(struct ramp ramp, const struct ramp_limits *limits,
			enum verdict verdict, int64_t passed_ms,
			struct ramp_now now);

/* False with err naming the freeze: the command would set a canary in motion.
 */
bool freeze_allows(const struct command *command, struct commands commands,
		   const struct policy *policy, int64_t wall_ms,
		   struct error *err);

#endif
