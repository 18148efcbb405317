/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local -- break-glass commands in force on this node alone.
 *
 * They come over the control socket when nothing else can be reached, hold
 * until they expire or are ended here, and show in the node's record.  Pure.
 */
#ifndef POLICY_BUS_LOCAL_H
#define POLICY_BUS_LOCAL_H

#include "policy/bus/command.h"
#include "policy/bus/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;
struct policy;

struct local {
	struct command commands[NODE_LOCAL_MAX];
	size_t count;
};

/*
 * Adds a drain, failover, weight or pin, or ends what an undrain (by its
 * target) or a cancel (by id) names.  False with err set, local untouched:
 * already there, nothing to end, too many, or a command that only the agent can
 * carry out.
 */
bool local_apply(struct local *local, const struct command *command,
		 struct error *err);

/* Forgets what has expired; how many that were. */
size_t local_expire(struct local *local, int64_t wall_ms);

/* When the next one expires; INT64_MAX when none does. */
int64_t local_next_expiry_ms(const struct local *local);

/* Forgets what the policy does not know any more; how many that were. */
size_t local_adopt(struct local *local, const struct policy *policy,
		   int64_t wall_ms);

/* A new reference to an array of commands, or NULL when memory runs out. */
struct json_t *local_write(const struct local *local);

/* Reads what local_write() wrote; what does not parse is left out. */
void local_parse(const struct json_t *json, struct local *out);

/* One command in words, cut to NODE_TEXT_SIZE octets in buf. */
const char *local_text(const struct command *command, char *buf);

#endif
