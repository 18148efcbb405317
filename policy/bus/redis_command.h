/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_command -- a command for a Redis server, put together word by word.
 * Pure.
 */
#ifndef POLICY_BUS_REDIS_COMMAND_H
#define POLICY_BUS_REDIS_COMMAND_H

#include <stddef.h>
#include <stdint.h>

enum { REDIS_ARGS_MAX = 16 };

/* Zero-initialised is empty.  Octets are borrowed until it is sent. */
struct redis_command {
	int argc;
	const char *argv[REDIS_ARGS_MAX];
	size_t lens[REDIS_ARGS_MAX];
	char numbers[REDIS_ARGS_MAX][24];
};

void redis_command_add(struct redis_command *c, const void *octets, size_t len);
void redis_command_text(struct redis_command *c, const char *text);
void redis_command_number(struct redis_command *c, uint64_t number);

/* The first key or channel that it names, cut to size; "" for none. */
void redis_command_about(const struct redis_command *c, char *out, size_t size);

#endif
