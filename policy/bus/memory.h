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

struct bus;
struct event_base;
struct memory_hub;

/* NULL when memory runs out.  The caller owns it; it outlives its buses. */
struct memory_hub *memory_hub_new(struct event_base *loop);
void memory_hub_free(struct memory_hub *hub);

struct bus *memory_bus_new(struct memory_hub *hub);

#endif
