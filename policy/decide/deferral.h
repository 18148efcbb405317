/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deferral -- what of a view is down and served all the same.
 *
 * Counted against the budget is what takes clients but for its health: stable
 * endpoints, not those that a command drained (a person takes out what he
 * likes), nor those of weight 0, nor those whose canary has all their clients.
 * Pure.
 */
#ifndef POLICY_DECIDE_DEFERRAL_H
#define POLICY_DECIDE_DEFERRAL_H

#include <stddef.h>

struct view;

/*
 * Works out which endpoints of a service are deferred, from verdicts, shares
 * and down_ms as they stand in view.
 */
void deferral_apply(struct view *view, size_t service);

/* For people: which, and why; "" when there are none.  Returns buf. */
const char *deferral_text(const struct view *view, char *buf, size_t size);

#endif
