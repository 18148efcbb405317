/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lastgood -- what this responder last knew, kept on disk so that it can start
 * from there when the bus is gone.
 *
 * Values are the octets as they came: the plan still in its signed envelope,
 * the reports raw; what reads them verifies them as if they came from outside.
 * Written whole in a thread of its own, at most once a second, since fsync(2)
 * can take seconds where a disk is busy.  Shell.
 */
#ifndef DNS_LASTGOOD_H
#define DNS_LASTGOOD_H

#include <stddef.h>

struct error;
struct event_base;
struct lastgood;

enum { LASTGOOD_SAVE_MS = 1000 };

#define LASTGOOD_PLAN "plan"
#define LASTGOOD_REPORT "report:" /* and the vantage */
#define LASTGOOD_LOCAL "local"

/*
 * Reads path; a damaged file is set aside and logged, an absent one is empty.
 * NULL with err set when it cannot run.
 */
struct lastgood *lastgood_start(struct event_base *loop, const char *path,
				struct error *err);

/* Calls each(arg, name, octets, len) for what was read. */
void lastgood_each(const struct lastgood *lastgood,
		   void (*each)(void *arg, const char *name, const char *octets,
				size_t len),
		   void *arg);

/* To be saved soon.  Copies.  Accepts NULL for lastgood: nothing is kept. */
void lastgood_set(struct lastgood *lastgood, const char *name,
		  const void *octets, size_t len);

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
