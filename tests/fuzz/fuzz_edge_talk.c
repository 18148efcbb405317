/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What proxies tell an edge without being asked: a line of nginx's log or of
 * HAProxy's, the question of an agent-check.  What is found is one that is
 * served.
 */
#include "policy/base/error.h"
#include "steering/edge/agent_check.h"
#include "steering/edge/haproxy_log.h"
#include "steering/edge/nginx_log.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
	struct haproxy_logged timed;
	struct nginx_logged logged;
	struct error err;

	if (s == NULL)
		return 0;
	check(serving_parse("www=us,eu,v2/us", s, &err));
	if (nginx_log_parse((const char *)octets, len, s, 1, &logged) == 1)
		check(logged.serving == 0 && logged.part < s->portions.count &&
		      logged.count.requests == 1 && logged.count.errors <= 1);
	if (haproxy_log_parse((const char *)octets, len, &timed) == 1)
		check(timed.backend[0] != '\0' && timed.server[0] != '\0' &&
		      timed.us < UINT64_C(200000000000));
	if (agent_check_find(s, 1, (const char *)octets, len, &at) == 1)
		check(at.serving == 0 && at.part < s->portions.count);
	free(s);
	return 0;
}
