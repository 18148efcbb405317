/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renewal -- has the zones signed again when it is due: when signatures or keys
 * come of age, when a key file changed, when the clock was set.
 *
 * What fails is tried again, later each time, and changes nothing: the zones
 * that are served stay as they are, and operators are told.
 *
 * Shell; all calls on the loop's thread.
 */
#ifndef DNS_RENEWAL_H
#define DNS_RENEWAL_H

#include <stdint.h>

struct error;
struct event_base;
struct feed;
struct loaded;
struct loader;
struct renewal;
struct signed_zones;

enum {
	RENEWAL_TICK_MS =
		1000, /* from one look at clock and files to the next */
	RENEWAL_CLOCK_MS = 10000, /* a clock that was set by more is told */
	RENEWAL_RETRY_MS = 10000, /* after the first failure; then twice that */
	RENEWAL_RETRY_MAX_MS = 600000,
};

/* All borrowed, and outlive it. */
struct renewal_config {
	struct event_base *loop;
	struct loader *loader;
	const struct feed *feed;
};

/* NULL with err set. */
struct renewal *renewal_start(const struct renewal_config *config,
			      struct error *err);

/*
 * What a load or a renewal came to, after its model was adopted, if it has
 * one.  Takes loaded->signing.
 */
void renewal_follow(struct renewal *renewal, struct loaded *loaded);

/* "" when all is well; borrowed until the next renewal_follow(). */
const char *renewal_trouble(const struct renewal *renewal);

/* Renewals that failed, or used keys of before, since the start. */
uint64_t renewal_failures(const struct renewal *renewal);

/* Of the model in force; NULL when it is not known.  Borrowed likewise. */
const struct signed_zones *renewal_signing(const struct renewal *renewal);

/* Accepts NULL. */
void renewal_stop(struct renewal *renewal);

#endif
