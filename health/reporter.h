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

struct bus;
struct error;
struct event_base;
struct json_t;
struct policy;
struct reporter;
struct roster;
struct rounds;
struct sealer;
struct verify;

enum {
	REPORTER_EVERY_MS = 1000,
	REPORTER_PAUSE_MS = 100,
	REPORTER_TTL_MS = 15000,
	/* Targets in a status: what a line of the control socket can hold. */
	REPORTER_SHOWN_MAX = 1000,
};

struct reporter_config {
	struct event_base *loop;
	struct bus *bus;     /* borrowed, outlives it */
	const char *vantage; /* borrowed, outlives it; so is name */
	const char *name;
	const struct sealer *key;    /* borrowed: signs reports; NULL: plain */
	const struct verify *verify; /* borrowed: its alarms are told,
				      * too; NULL: there are none */
};

/* What there is to tell; all borrowed until the next reporter_turn(). */
struct reporter_subject {
	const struct policy *policy;
	const struct roster *roster;
	const struct rounds *rounds;
	struct whole *wholes; /* one a target of roster */
	const char *trouble;  /* "" when all is well */
};

/* Silent until it is turned to something.  NULL with err set. */
struct reporter *reporter_start(const struct reporter_config *config,
				struct error *err);

/* From now on tells of subject (copied). */
void reporter_turn(struct reporter *r, const struct reporter_subject *subject);

/* Something changed that others wait for. */
void reporter_hurry(struct reporter *r);

/*
 * The node's record, "load" and "targets", one object each, as the control
 * socket answers.  Of more than REPORTER_SHOWN_MAX targets those that are
 * plainly up are left out, and what is too much still; "left_out" counts them;
 * a new reference, NULL when memory runs out.
 */
struct json_t *reporter_status(const struct reporter *r);

/* Accepts NULL. */
void reporter_stop(struct reporter *r);

#endif
