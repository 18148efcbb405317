/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: what parses is written and parses to the same. */
#include "policy/base/error.h"
#include "policy/bus/command.h"
#include "policy/bus/member.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check_round_trip(const struct command *command)
{
	struct error err;
	struct command again;
	json_t *json = command_write(command);

	if (json == NULL || !command_parse(json, &again, &err) ||
	    memcmp(command, &again, sizeof(again)) != 0)
		abort();
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct error err = { .text = "" };
	json_t *json = member_load("command", octets, len, 1 << 16, &err);
	struct command command;

	if (json != NULL && command_parse(json, &command, &err))
		check_round_trip(&command);
	else if (err.text[0] == '\0')
		abort();
	json_decref(json);
	return 0;
}
