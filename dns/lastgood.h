/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lastgood -- what this responder last knew, kept on disk so that it can start
 * from there when the bus is gone.
 *
 * A ring of generations (policy/bus/ring) of named values; dns/kept says which
 * values and reads them.  Written whole in a thread of its own, at most once a
 * second, since fsync(2) can take seconds where a disk is busy.  Shell.
 */
#ifndef DNS_LASTGOOD_H
#define DNS_LASTGOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct event_base;
struct lastgood;

struct ring_config;

enum {
	LASTGOOD_SAVE_MS = 1000,
	LASTGOOD_IDLE_MS = 10000, /* saved again though nothing is new */
};

/*
 * Reads what ring has; absent files are empty, damaged ones set aside.  NULL
 * with err set when it cannot run.
 */
struct lastgood *lastgood_start(struct event_base *loop,
				const struct ring_config *ring,
				struct error *err);

/* NULL when there is none; borrowed until the next call that changes it. */
const char *lastgood_get(const struct lastgood *lastgood, const char *name,
			 size_t *len);

/*
 * A value is refused, and why: that of the next older generation, borrowed as
 * the first was; NULL when there is none left.  Nothing is changed by it.
 * Only before the loop's first turn.
 */
const char *lastgood_older(struct lastgood *lastgood, const char *name,
			   const char *why, size_t *len);

/* Calls each(arg, name, octets, len) for what was read. */
void lastgood_each(const struct lastgood *lastgood,
		   void (*each)(void *arg, const char *name, const char *octets,
				size_t len),
		   void *arg);

/* To be saved soon.  Copies.  Accepts NULL for lastgood: nothing is kept. */
void lastgood_set(struct lastgood *lastgood, const char *name,
		  const void *octets, size_t len);

/*
 * Whether what is kept is served, and not merely held: only what was served
 * for long enough becomes a good generation.  Accepts NULL.
 */
void lastgood_doubt(struct lastgood *lastgood, bool doubt);

/* The last save's failure, "" when it went well; borrowed until the next
 * turn of the loop. */
const char *lastgood_trouble(struct lastgood *lastgood);

/*
 * Saves now, and from then on nothing until lastgood_unsettle(): a successor
 * reads the file, and then it is the successor's.  Both accept NULL.
 */
void lastgood_settle(struct lastgood *lastgood);
void lastgood_unsettle(struct lastgood *lastgood);

/* Saves what is not saved yet.  Accepts NULL. */
void lastgood_stop(struct lastgood *lastgood);

#endif
