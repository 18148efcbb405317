/* SPDX-License-Identifier: Apache-2.0 */
/* probe_world -- a server on loopback and a probe of it, for tests. */
#ifndef TESTS_UNIT_PROBE_WORLD_H
#define TESTS_UNIT_PROBE_WORLD_H

#include "health/probe.h"
#include "tests/unit/canned.h"

struct event_base;
struct probe_http_pool;

enum { PROBE_WORLD_TIMEOUT_MS = 300 };

/* A check of type http for /healthz; tests change it. */
struct probe_world {
	struct event_base *loop;
	struct probe_http_pool *http;
	struct canned *canned;
	struct policy_check check;
	struct probe_spec spec;
};

/* *state is then a struct probe_world. */
int probe_world_setup(void **state);
int probe_world_teardown(void **state);

/* How a probe ended, and how often. */
struct probe_ending {
	struct probe_world *world;
	unsigned count;
	struct observation seen;
};

/* A probe_done; arg is a struct probe_ending.  Ends the loop. */
void probe_world_done(void *arg, const struct observation *seen);

/* Runs one probe to its end; the loop itself ends after ten seconds. */
struct observation probe_world_run(struct probe_world *w);

/* The server says text after delay_ms, and stays. */
void probe_world_say(struct probe_world *w, const char *text, int delay_ms);

#endif
