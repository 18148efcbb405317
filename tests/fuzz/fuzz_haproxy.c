/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What HAProxy says: the servers, then after an octet 0 the map.  What is read
 * can be commanded, and never leaves a backend without a server.
 */
#include "policy/base/error.h"
#include "policy/bus/plan.h"
#include "steering/edge/haproxy.h"
#include "steering/edge/orders.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Commands are lines that a person could have typed. */
static void check_commands(const char *text)
{
	for (const char *line = text; *line != '\0';) {
		const char *end = strchr(line, '\n');

		check(end != NULL);
		check(strncmp(line, "set server ", 11) == 0 ||
		      strncmp(line, "set map /m www/v2 ", 18) == 0 ||
		      strncmp(line, "add map /m www/v2 ", 18) == 0);
		check(memchr(line, ';', (size_t)(end - line)) == NULL);
		line = end + 1;
	}
}

static void command(const struct haproxy_state *state)
{
	const struct haproxy_route routes[] = { { "www", NULL, "www" },
						{ "www", "v2", "v2" } };
	const struct haproxy_config config = { routes, 2, "/m", false };
	struct plan_share shares[] = {
		{ "www", "us", 0.001, -1, PLAN_RAMP, "", 0, 0 },
		{ "www", "v2/us", 0.3, -1, PLAN_CANARY, "v2", 0, 0 },
	};
	const struct plan plan = { .shares = shares, .share_count = 2 };
	const struct orders orders = { .plan = &plan };
	struct error err;
	char *text = haproxy_commands(state, &orders, &config, &err);
	char *map = haproxy_map_text(state, &config);

	check(text != NULL && map != NULL);
	check_commands(text);
	free(text);
	free(map);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const char *text = (const char *)octets;
	const char *second = len == 0 ? NULL : memchr(text, '\0', len);
	size_t first = second == NULL ? len : (size_t)(second - text);
	struct haproxy_state state;
	struct error err = { .text = "" };

	if (!haproxy_done_parse(text, first, &err))
		check(err.text[0] != '\0');
	if (!haproxy_state_parse(text, first, &state, &err)) {
		check(err.text[0] != '\0');
		return 0;
	}
	if (second != NULL)
		(void)haproxy_map_parse(second + 1, len - first - 1, &state,
					&err);
	command(&state);
	haproxy_state_fini(&state);
	return 0;
}
