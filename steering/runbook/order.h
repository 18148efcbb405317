/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order -- a runbook command line as a struct command.
 *
 *   drain REGION|SERVICE/ENDPOINT        undrain ...
 *   failover SERVICE --to REGION         weight SERVICE/ENDPOINT N
 *   pin SERVICE --clients SET --to REGION|ENDPOINT
 *   cancel ID                            approve ID
 *   undo [ID]
 *   drill region-loss REGION [--abort-when errors>PERCENT]
 *   drill abort REGION
 *   freeze all|SERVICE|SERVICE/CANARY    unfreeze ...
 *   rollback plan [EPOCH/SEQUENCE]
 *   canary start|promote|pause|resume|abort NAME
 *
 * Pure: who and when are passed in.
 */
#ifndef STEERING_RUNBOOK_ORDER_H
#define STEERING_RUNBOOK_ORDER_H

#include "policy/base/option.h"
#include "policy/bus/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * What options may say, and what the new command gets; text is borrowed from
 * argv and the environment.
 */
struct order {
	char id[COMMAND_NAME_SIZE]; /* of the command */
	int64_t wall_ms;
	const char *bus, *node, *key; /* where to; see link */
	const char *reason, *author;
	const char *lasting, *over; /* durations: --for, --over */
	const char *to, *clients;
	const char *abort_when; /* drill: errors>1% */
	bool dry_run, yes, json, help, approval, force;
	unsigned wait_s; /* for acknowledgements */
};

enum { ORDER_ROWS = 17 };

/* Fills rows with the options of the runbook commands, over order. */
void order_rows(struct order *order, struct option_row rows[ORDER_ROWS]);

/* What stands behind a verb on the command line, options left out. */
const char *order_usage(const char *verb);

/*
 * verb is argv[0] ("drain"), operands what is left of the line.
 * False with err set when something is missing, malformed
 * or too much; out is untouched then.
 */
struct order_words {
	const char *verb;
	const char *const *operands;
	size_t count;
};
bool order_command(const struct order *order, const struct order_words *words,
		   struct command *out, struct error *err);

#endif
