/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/site.h"

#include "dns/responder.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/bus/memory.h"
#include "policy/bus/plan.h"
#include "policy/bus/sign.h"
#include "tests/unit/loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

/* Endpoint a, 192.0.2.first, is preferred to b, 198.51.100.200. */
void site_write_policy(const struct site *s, unsigned first)
{
	char text[900];
	struct error err;

	snprintf(text, sizeof(text),
		 "zone: {name: gslb.example.com, nameservers: ns.example.net}\n"
		 "regions:\n"
		 "  a: {location: [0, 0], jurisdictions: x}\n"
		 "  b: {location: [9, 9], jurisdictions: x}\n"
		 "vantages:\n"
		 "  v: {location: [0, 0]}\n"
		 "checks:\n"
		 "  up: {type: tcp, port: 80, interval: 1s, timeout: 500ms,\n"
		 "       quorum: 1}\n"
		 "services:\n"
		 "  www:\n"
		 "    steer: failover\n"
		 "    check: up\n"
		 "    endpoints:\n"
		 "      a: {A: 192.0.2.%u}\n"
		 "      b: {A: 198.51.100.%d}\n",
		 first, SITE_OTHER);
	assert_true(file_replace(s->policy, text, strlen(text), &err));
}

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct site *s = arg;
	struct error err;

	(void)topic;
	assert_string_equal(key, "ns1");
	assert_true(node_parse(octets, len, &s->node, &err));
	s->has_node = true;
}

static void on_lease(void *arg, uint64_t epoch)
{
	struct site *s = arg;

	s->epoch = epoch;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

/* Turns the loop until done(s), or fails the test by its patience. */
void site_turn_until(struct site *s, bool (*done)(struct site *s))
{
	const struct timeval tick = { .tv_usec = 5000 };
	struct event *ticker =
		event_new(s->loop, -1, EV_PERSIST, on_tick, NULL);
	int64_t until_ms = clock_now_ms() + LOOPBACK_PATIENCE_MS;

	event_add(ticker, &tick);
	while (!done(s)) {
		assert_true(clock_now_ms() < until_ms);
		event_base_loop(s->loop, EVLOOP_ONCE);
	}
	event_free(ticker);
}

static bool has_epoch(struct site *s)
{
	return s->epoch > 0;
}

static bool has_node(struct site *s)
{
	return s->has_node;
}

void site_start_responder(struct site *s, bool with_bus)
{
	const char *listen[] = { s->listen };
	const struct responder_config config = {
		.policy_path = s->policy,
		.transports = {
			.listen = listen,
			.listen_count = 1,
			.workers = 2,
		},
		.name = "ns1",
		.keep_path = s->keep,
		.control_path = s->control,
		.bus = with_bus ? s->theirs : NULL,
		.trusted = s->trusted,
		.bundles = s->bundles,
	};
	struct error err = { 0 };

	s->responder = responder_start(s->loop, &config, &err);
	if (s->responder == NULL)
		print_message("# %s\n", err.text);
	assert_non_null(s->responder);
}

static void make_paths(struct site *s)
{
	strcpy(s->dir, "responder-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->policy, sizeof(s->policy), "%s/policy.yaml", s->dir);
	snprintf(s->keep, sizeof(s->keep), "%s/keep", s->dir);
	snprintf(s->control, sizeof(s->control), "%s/control", s->dir);
	s->port = loopback_port();
	snprintf(s->listen, sizeof(s->listen), "127.0.0.1:%u",
		 (unsigned)s->port);
}

int site_set_up(void **state)
{
	struct site *s = calloc(1, sizeof(*s));
	struct error err;

	make_paths(s);
	s->loop = event_base_new();
	s->hub = memory_hub_new(s->loop);
	s->ours = memory_bus_new(s->hub);
	s->theirs = memory_bus_new(s->hub);
	s->signer = sealer_new(&err);
	s->stranger = sealer_new(&err);
	s->trusted = verifier_new();
	verifier_add_sealer(s->trusted, s->signer, &err);
	bus_follow(s->ours, &(struct bus_follower){ .topics = BUS_NODES,
						    .on_value = on_value,
						    .arg = s });
	bus_lease(s->ours, "test", 600000, 0, on_lease, s);
	site_turn_until(s, has_epoch);
	site_write_policy(s, SITE_FIRST);
	site_start_responder(s, true);
	site_turn_until(s, has_node);
	*state = s;
	return 0;
}

int site_tear_down(void **state)
{
	static const char *const endings[] = { "", ".1", ".tries", ".damaged",
					       ".geo" };
	struct site *s = *state;
	char path[128];

	responder_stop(s->responder);
	bus_free(s->ours);
	bus_free(s->theirs);
	memory_hub_free(s->hub);
	event_base_free(s->loop);
	verifier_free(s->trusted);
	sealer_free(s->signer);
	sealer_free(s->stranger);
	unlink(s->policy);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", s->keep, endings[i]);
		unlink(path);
	}
	rmdir(s->dir);
	free(s);
	return 0;
}

/* The last octet of the address that www has; 0 when no answer came. */
unsigned site_ask_on(int fd, uint16_t id)
{
	uint8_t query[64], answer[512];
	size_t len = loopback_query(query, id, "www.gslb.example.com", 1);
	ssize_t got;

	if (!loopback_write(fd, query, len))
		return 0;
	got = recv(fd, answer, sizeof(answer), 0);
	/* NOERROR, one answer, and nothing behind it. */
	if (got < (ssize_t)len || answer[0] != id >> 8 ||
	    answer[1] != (id & 0xff) || (answer[3] & 15) != 0 || answer[7] != 1)
		return 0;
	return answer[got - 1];
}

unsigned site_ask(const struct site *s)
{
	int fd = loopback_udp("127.0.0.1", s->port);
	unsigned last = site_ask_on(fd, 77);

	close(fd);
	return last;
}

bool site_gives_other(struct site *s)
{
	return site_ask(s) == SITE_OTHER;
}

bool site_gives_first(struct site *s)
{
	return site_ask(s) == SITE_FIRST;
}

bool site_gives_expected(struct site *s)
{
	return site_ask(s) == s->expected;
}

static void on_committed(void *arg, enum bus_commit result)
{
	struct site *s = arg;

	s->committed = result;
	s->commit_done = true;
}

static bool is_committed(struct site *s)
{
	return s->commit_done;
}

/* Publishes a plan in which a and b take these shares. */
void site_publish(struct site *s, const struct sealer *signer,
		  uint64_t sequence, const double shares[2])
{
	struct plan_share rows[2] = {
		{ "www", "a", shares[0], -1, PLAN_RAMP, "", 0, 0 },
		{ "www", "b", shares[1], -1, PLAN_RAMP, "", 0, 0 },
	};
	struct plan plan = { .epoch = s->epoch,
			     .sequence = sequence,
			     .agent = "test",
			     .wall_made_ms = clock_wall_ms(),
			     .shares = rows,
			     .share_count = 2 };
	struct error err;
	size_t len, wrapped_len;
	char *text, *wrapped;

	strcpy(plan.policy_digest, s->node.policy_digest);
	if (s->release != NULL)
		plan.release = *s->release;
	text = plan_write(&plan, &len);
	wrapped = sign_wrap(signer, SIGN_PLAN, text, len, &wrapped_len, &err);
	s->commit_done = false;
	bus_commit_plan(s->ours, (struct bus_place){ s->epoch, sequence },
			(struct bus_place){ s->epoch, sequence - 1 }, wrapped,
			wrapped_len, on_committed, s);
	site_turn_until(s, is_committed);
	assert_int_equal(s->committed, BUS_COMMITTED);
	free(text);
	free(wrapped);
}

void site_report_first(struct site *s, enum report_state said)
{
	int64_t wall_ms = clock_wall_ms();
	struct report_entry entries[2] = {
		{ .service = "www",
		  .endpoint = "a",
		  .state = said,
		  .wall_since_ms = wall_ms,
		  .wall_probed_ms = wall_ms },
		{ .service = "www",
		  .endpoint = "b",
		  .state = REPORT_CLOSED,
		  .wall_since_ms = wall_ms,
		  .wall_probed_ms = wall_ms },
	};
	struct report report = { .vantage = "v",
				 .sequence = (uint64_t)clock_now_ns(),
				 .wall_made_ms = wall_ms,
				 .entries = entries,
				 .count = 2 };
	size_t len;
	char *text = report_write(&report, &len);

	bus_put(s->ours, BUS_REPORTS, "v", text, len, 60000);
	free(text);
}
