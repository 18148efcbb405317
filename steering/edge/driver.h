/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver -- one proxy, of whatever kind, that is kept at what the plan says.
 *
 *            apply            settle, well: told, acknowledged
 *   idle ----------> busy -----------------------------------> idle
 *                    | ^ |   settle, in trouble: told; or defer
 *             apply: | | +------------------------------------> idle
 *           remember |_| settle, remembered: begin anew; trouble is told
 *
 * A kind has three functions; what is common to all is here.  An owner applies
 * the same plan again every second: constant work, so that what a proxy has
 * lost is found and mended the same way as what is new.
 *
 * Pure: no clock, no socket; kinds are shells.
 */
#ifndef STEERING_EDGE_DRIVER_H
#define STEERING_EDGE_DRIVER_H

#include "policy/bus/node.h"

#include <stdbool.h>
#include <stdint.h>

struct driver;
struct orders;
struct plan;

struct driver_kind {
	const char *name; /* "haproxy" */
	/*
	 * Begins to bring the proxy to driver->orders, and calls
	 * driver_settle() or driver_defer() once, now or later.  What has
	 * changed in them meanwhile it may use or not: it is begun anew then.
	 */
	void (*begin)(struct driver *driver);
	void (*free)(struct driver *driver);
};

/* What it did since the start. */
struct driver_counters {
	uint64_t applies; /* reconciliations that ended well */
	uint64_t errors;  /* that did not */
	uint64_t changes; /* times that something was written to the proxy */
	uint64_t returns; /* times that the proxy was gone and came back */
};

/* First member of every kind's struct. */
struct driver {
	const struct driver_kind *kind;
	const char *place;           /* the socket or file; borrowed */
	const struct orders *orders; /* borrowed, the newest; NULL: none yet */
	uint64_t serial;             /* of them, when last applied */
	bool busy, again;
	uint64_t epoch, sequence; /* of the plan that it has; 0, 0: none */
	char trouble[NODE_TEXT_SIZE];
	struct driver_counters counters;
	/* The owner's: something above has changed. */
	void (*told)(void *arg);
	void *arg;
};

/*
 * orders are whole, and stay valid until the next apply or the end of the
 * driver; their owner may change them and apply them again.
 */
void driver_apply(struct driver *driver, const struct orders *orders);

/* The proxy was gone and is back: what it has is not known any more. */
void driver_return(struct driver *driver);

/* Something is to be looked at before the owner applies again. */
void driver_again(struct driver *driver);

/* Does it have this plan, and no trouble? */
bool driver_has(const struct driver *driver, const struct plan *plan);

/* Accepts NULL. */
void driver_free(struct driver *driver);

/* For kinds: nothing was done, as it is too early; what was told stands. */
void driver_defer(struct driver *driver);

/* For kinds: trouble is told with the kind and place; "" means that the proxy
 * is at driver->orders. */
void driver_settle(struct driver *driver, const char *trouble);

#endif
