/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory -- the bus inside one process.
 *
 * A hub is the store; each part of the process has its own struct bus on it.
 * Deliveries are deferred to the next turn of the loop, so that nobody is
 * called back inside its own call.  Shell.
 */
#ifndef POLICY_BUS_MEMORY_H
#define POLICY_BUS_MEMORY_H

#include <stddef.h>

struct bus;
struct event_base;
struct memory_hub;

/* NULL when memory runs out.  The caller owns it; it outlives its buses. */
struct memory_hub *memory_hub_new(struct event_base *loop);
void memory_hub_free(struct memory_hub *hub);

/* NULL when memory runs out. */
struct bus *memory_bus_new(struct memory_hub *hub);

/* The audit, oldest first: the last BUS_AUDIT_KEPT entries. */
void memory_hub_each_audit(const struct memory_hub *hub,
			   void (*each)(void *arg, const char *octets,
					size_t len),
			   void *arg);

#endif
