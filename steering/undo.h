/* SPDX-License-Identifier: Apache-2.0 */
/*
 * undo -- what a change did to a state, and the way back.
 *
 *   a command that came      goes
 *   one that went            is in force again, until the end that it had
 *   a canary that moved      stands, paused, where it stood; one that was
 *                            started is aborted
 *   a pause, a resume        the other
 *   an endpoint released     waits again, as after an outage
 *
 * It is refused, with the reason, where later changes have made it senseless:
 * what came has ended, another has taken the place of what went, the canary has
 * moved on.  An aborted canary is not brought back: every node has been told
 * that it takes nobody.  An undo is a change, so undoing it is doing it again.
 *
 * The state keeps the newest PLAN_CHANGES_MAX changes, of the agent's own at
 * most half of them, so that an outage does not crowd out what people did.
 * Pure.
 */
#ifndef STEERING_UNDO_H
#define STEERING_UNDO_H

#include "steering/state.h"

#include <stdbool.h>

struct error;

/* The newest change that a person made. */
#define UNDO_LAST "last"

/*
 * Notes in after what became of before.  change has who, what and when; the
 * rest is filled in.  What changed nothing that can be undone is not noted.
 */
void undo_note(struct state *after, const struct state *before,
	       struct plan_change *change);

/* Notes what the agent did by itself, of which the event tells; change has what
 * it did, and gets who and when.  The event gets the id that it is kept by. */
void undo_note_machine(struct state *state, struct audit_event *event,
		       struct plan_change *change);

/* By id, or UNDO_LAST.  NULL with err set: it is not kept.  Borrowed until the
 * next change of the state. */
const struct plan_change *undo_find(const struct state *state, const char *id,
				    struct error *err);

/* Takes the change that target names back.  False with err set, the state
 * undefined: it cannot be. */
bool undo_apply(struct state *state, const char *target, struct ramp_now now,
		struct error *err);

#endif
