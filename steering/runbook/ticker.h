/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ticker -- what changed from one status to the next, a line each.
 *
 *   health SERVICE/ENDPOINT      up, down, ...
 *   share SERVICE/ENDPOINT       of its clients, and why; in steps of 10 points
 *                                from 10 on, so that a ramp is ten lines
 *   panic, freeze SERVICE        on
 *   canary NAME                  its state, phase, percent and stage
 *   command ID                   what is in force
 *   held ID                      what waits for a person
 *   leader                       the agent that leads
 *   trouble NODE
 *
 * Reads what is there: a status may be a responder's, or of another version.
 * Pure.
 */
#ifndef STEERING_RUNBOOK_TICKER_H
#define STEERING_RUNBOOK_TICKER_H

struct json_t;

/* All of these, as {"health www/eu": "up", ...}; a new reference, NULL when
 * memory runs out. */
struct json_t *ticker_facts(const struct json_t *status);

/* kind and what are split off a fact's name; before and after are "" where it
 * was not, or is not, there. */
typedef void ticker_tell(void *arg, const char *name, const char *before,
			 const char *after);

/* What differs: what is new or another first, then what is gone. */
void ticker_compare(const struct json_t *before, const struct json_t *after,
		    ticker_tell *tell, void *arg);

#endif
