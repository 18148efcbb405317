/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What proxies tell an edge without being asked: a line of nginx's log, the
 * question of an agent-check.  What is found is one that is served.
 */
#include "policy/base/error.h"
#include "steering/edge/agent_check.h"
#include "steering/edge/nginx_log.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct serving *s = malloc(sizeof(*s));
	struct agent_check_place at;
	struct nginx_logged logged;
	struct error err;

	if (s == NULL)
		return 0;
	check(serving_parse("www=us,eu,v2/us", s, &err));
	if (nginx_log_parse((const char *)octets, len, s, 1, &logged) == 1)
		check(logged.serving == 0 && logged.part < s->portions.count &&
		      logged.count.requests == 1 && logged.count.errors <= 1);
	if (agent_check_find(s, 1, (const char *)octets, len, &at) == 1)
		check(at.serving == 0 && at.part < s->portions.count);
	free(s);
	return 0;
}
