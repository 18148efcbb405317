/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_command.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void redis_command_add(struct redis_command *c, const void *octets, size_t len)
{
	assert(c->argc < REDIS_ARGS_MAX);
	c->argv[c->argc] = octets;
	c->lens[c->argc++] = len;
}

void redis_command_text(struct redis_command *c, const char *text)
{
	redis_command_add(c, text, strlen(text));
}

void redis_command_number(struct redis_command *c, uint64_t number)
{
	char *text = c->numbers[c->argc];

	snprintf(text, sizeof(c->numbers[0]), "%" PRIu64, number);
	redis_command_text(c, text);
}

void redis_command_about(const struct redis_command *c, char *out, size_t size)
{
	static const char prefix[] = "windrose:";

	out[0] = '\0';
	for (int i = 1; i < c->argc; i++) {
		if (c->lens[i] < sizeof(prefix) - 1 ||
		    memcmp(c->argv[i], prefix, sizeof(prefix) - 1) != 0)
			continue;
		snprintf(out, size, "%.*s",
			 c->lens[i] < size ? (int)c->lens[i] : (int)size - 1,
			 c->argv[i]);
		return;
	}
}
