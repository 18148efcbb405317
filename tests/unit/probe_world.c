/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/probe_world.h"

#include "health/probe_http.h"
#include "health/probe_tcp.h"
#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

static struct status_range success = { 200, 299 };

static const struct policy_check usual = {
	.name = "web",
	.type = CHECK_HTTP,
	.path = "/healthz",
	.statuses = &success,
	.status_count = 1,
	.timeout_ms = PROBE_WORLD_TIMEOUT_MS,
};

int probe_world_setup(void **state)
{
	struct probe_world *w = calloc(1, sizeof(*w));
	struct error err;

	w->loop = event_base_new();
	w->http = probe_http_pool_new(w->loop, NULL, "here", &err);
	w->canned = canned_start(w->loop, "127.0.0.1");
	w->check = usual;
	w->spec.check = &w->check;
	w->spec.host = "www.example.test";
	w->spec.port = canned_port(w->canned);
	net_addr_parse("127.0.0.1", &w->spec.addr);
	*state = w;
	return w->http == NULL || w->canned == NULL;
}

int probe_world_teardown(void **state)
{
	struct probe_world *w = *state;

	probe_http_pool_free(w->http);
	canned_stop(w->canned);
	event_base_free(w->loop);
	free(w);
	return 0;
}

void probe_world_done(void *arg, const struct observation *seen)
{
	struct probe_ending *e = arg;

	e->count++;
	e->seen = *seen;
	event_base_loopbreak(e->world->loop);
}

struct observation probe_world_run(struct probe_world *w)
{
	const struct timeval deadline = { .tv_sec = 10 };
	struct probe_ending e = { .world = w };
	struct probe *p = w->check.type == CHECK_TCP
				  ? probe_tcp_start(w->loop, &w->spec,
						    probe_world_done, &e)
				  : probe_http_start(w->http, &w->spec,
						     probe_world_done, &e);

	assert_non_null(p);
	assert_int_equal(e.count, 0);
	event_base_loopexit(w->loop, &deadline);
	event_base_dispatch(w->loop);
	assert_int_equal(e.count, 1);
	return e.seen;
}

void probe_world_say(struct probe_world *w, const char *text, int delay_ms)
{
	const struct canned_say say = {
		.octets = text,
		.len = strlen(text),
		.stays = true,
		.delay_ms = delay_ms,
	};

	canned_set(w->canned, &say);
}
