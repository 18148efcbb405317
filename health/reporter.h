/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reporter -- tells the bus what this vantage sees, and that it lives.
 *
 * The whole report and the node's record go out every second, whether or not
 * anything changed, and soon after a change: at once, but never twice within
 * REPORTER_PAUSE_MS, so that a thousand changes at a time make one report.
 * The report abstains before the first round is through and while the vantage
 * mistrusts itself.
 *
 * Shell: owns two timers and reads the clock.
 */
#ifndef HEALTH_REPORTER_H
#define HEALTH_REPORTER_H

struct account;
struct bus;
struct error;
struct event_base;
struct reporter;
struct sealer;

enum {
	REPORTER_EVERY_MS = 1000,
	REPORTER_PAUSE_MS = 100,
	REPORTER_TTL_MS = 15000,
};

struct reporter_config {
	struct event_base *loop;
	struct bus *bus;          /* borrowed, outlives it */
	const struct sealer *key; /* borrowed: signs reports; NULL: plain */
};

/* Silent until it is turned to something.  NULL with err set. */
struct reporter *reporter_start(const struct reporter_config *config,
				struct error *err);

/* From now on tells of subject (copied), which is borrowed until the next
 * turn. */
void reporter_turn(struct reporter *r, const struct account *subject);

/* Something changed that others wait for. */
void reporter_hurry(struct reporter *r);

/* The stretch that is reported; 0: none yet. */
double reporter_stretch(const struct reporter *r);

/* Accepts NULL. */
void reporter_stop(struct reporter *r);

#endif
