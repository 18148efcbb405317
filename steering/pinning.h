/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pinning -- may clients be pinned (policy/decide/pin): would every responder
 * do it, and would it do anything?
 *
 * Shares say nothing of pins.  So a responder of a version before them would
 * not obey one and not say so either.  Pure.
 */
#ifndef STEERING_PINNING_H
#define STEERING_PINNING_H

#include "policy/decide/pin.h"
#include "steering/guard.h"

#include <stdbool.h>
#include <stddef.h>

struct command;
struct error;
struct registry;

/* False with err set: it is a pin, and a responder that was heard of lately is
 * too old for it.  registry NULL: nobody is known. */
bool pinning_understood(const struct command *command,
			const struct registry *registry, struct error *err);

/*
 * Does each pin of a service that begins with the change name an endpoint that
 * is neither down nor drained, and that residency leaves to some client of the
 * set?  False with err set.
 */
bool pinning_works(const struct guard_case *c, size_t service,
		   struct error *err);

/* Those of their clients to whom residency leaves nothing of it. */
void pinning_warn(const struct guard_case *c, size_t service,
		  struct guard_warnings *out);

/* The pins of a service among commands, borrowed, newest first, into list, for
 * which there is room for POLICY_SETS_MAX; how many. */
size_t pinning_of(struct commands commands, const struct policy *policy,
		  size_t service, struct pin *list);

#endif
