/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frozen -- the freezes in force, as a view has them: of all, of a service with
 * its canaries, of one canary.
 *
 * They keep the agent from moving something (steering/freeze), and no decision
 * looks at them: a view has them so that whoever asks why a service stands
 * still can be told.  Pure.
 */
#ifndef POLICY_DECIDE_FROZEN_H
#define POLICY_DECIDE_FROZEN_H

#include <stdbool.h>
#include <stddef.h>

struct command;
struct view;

/* Does a freeze name this canary of a service, or its service?  canary NULL:
 * the service's endpoints. */
bool frozen_covers(const struct command *freeze, const char *service,
		   const char *canary);

/*
 * Those of the commands that are freezes into view, which copies them.  False
 * when memory runs out.
 */
bool frozen_fill(struct view *view, const struct command *commands,
		 size_t count);

/*
 * The next freeze in force at view's time, which whoever asks may have moved
 * (policy/decide/opening), behind `after` (NULL: the first), that keeps
 * something of a service where it is; NULL: there is none.
 */
const struct command *frozen_next(const struct view *view, size_t service,
				  const struct command *after);

#endif
