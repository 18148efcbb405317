/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_followers -- how far one Redis carries plans and acknowledgements.
 *
 *   bench_followers --bus URL [--followers N] [--publications N] [--shares N]
 *                   [--verify]
 *
 * N followers, each a real bus of its own (two connections) on one event loop,
 * put their record every second and at once after a new plan, as responders do.
 * One more bus is the agent: it holds the lease, publishes signed plans one
 * after the other, hears every record, and counts who has which plan.
 *
 * A follower reads a plan's sequence without judging it, for this process has
 * one core where a fleet has thousands; with --verify it checks the signature
 * and parses, and what is measured is that.
 *
 * Prints, for each quantile, microseconds from the publication to a follower's
 * having the plan, and to the agent's having heard the last record that says
 * so.  tests/bench/followers.py starts the Redis and measures it.
 */
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/option.h"
#include "policy/base/process.h"
#include "policy/bus/bus.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"
#include "tests/bench/latencies.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

enum {
	JOIN_AT_ONCE = 20, /* followers that connect in one tick */
	TICK_MS = 10,
	NODE_MS = 1000,
	NODE_TTL_MS = 10000,
	PAUSE_TICKS = 20, /* between publications */
	FOLLOWERS_MAX = 4095,
};

struct follower {
	struct bench *bench;
	struct bus *bus;
	char name[NODE_NAME_SIZE];
	uint64_t sequence; /* of the plan it has */
	uint64_t acked;    /* as the agent heard */
	bool synced;
};

struct settings {
	const char *bus;
	unsigned followers, publications, shares;
	bool verify;
};

struct bench {
	struct settings settings;
	struct event_base *loop;
	struct event *tick;
	struct sealer *key;
	struct verifier *trusted;
	struct bus *agent;
	struct plan plan;
	bool agent_synced;
	struct follower *followers;
	size_t joined, synced, told;
	size_t acks;        /* of the plan on its way */
	uint64_t epoch;     /* of the lease */
	int64_t due_ms;     /* when the lease is asked for again */
	int64_t begun_ns;   /* the publication; 0: none is on its way */
	unsigned rest;      /* ticks to the next one */
	unsigned published; /* and acknowledged by all */
	struct latencies heard, acked;
	uint64_t refused; /* plans that could not be read, or not stored */
};

static void put_node(struct follower *f)
{
	struct node node = node_of(NODE_DNS, f->name, clock_wall_ms());
	size_t len = 0;
	char *text;

	node.plan_epoch = f->bench->epoch;
	node.plan_sequence = f->sequence;
	text = node_write(&node, &len);
	if (text != NULL)
		bus_put(f->bus, BUS_NODES, f->name, text, len, NODE_TTL_MS);
	free(text);
}

/* 0: it is no plan. */
static uint64_t sequence_of(const struct bench *b, const char *octets,
			    size_t len)
{
	static const char member[] = "\"sequence\":";
	const char *at = memmem(octets, len, member, sizeof(member) - 1);
	const char *payload;
	struct error err;
	struct plan *plan;
	uint64_t sequence;

	if (!b->settings.verify)
		return at == NULL ? 0
				  : strtoull(at + sizeof(member) - 1, NULL, 10);
	if (!sign_unwrap(b->trusted, SIGN_PLAN, octets, len, &payload, &len,
			 &err))
		return 0;
	plan = plan_parse(payload, len, &err);
	sequence = plan == NULL ? 0 : plan->sequence;
	plan_free(plan);
	return sequence;
}

static void on_plan(void *arg, enum bus_topic topic, const char *key,
		    const void *octets, size_t len)
{
	struct follower *f = arg;
	struct bench *b = f->bench;
	uint64_t sequence = sequence_of(b, octets, len);

	(void)topic, (void)key;
	if (sequence == 0)
		b->refused++;
	if (sequence <= f->sequence)
		return;
	f->sequence = sequence;
	if (b->begun_ns != 0)
		latencies_add(&b->heard, clock_now_ns() - b->begun_ns);
	put_node(f);
}

static void on_follower_synced(void *arg)
{
	struct follower *f = arg;

	if (!f->synced)
		f->bench->synced++;
	f->synced = true;
}

/* Everyone has the plan on its way. */
static void conclude(struct bench *b)
{
	latencies_add(&b->acked, clock_now_ns() - b->begun_ns);
	b->begun_ns = 0;
	b->rest = PAUSE_TICKS;
	if (++b->published == b->settings.publications)
		event_base_loopbreak(b->loop);
}

static void on_node(void *arg, enum bus_topic topic, const char *key,
		    const void *octets, size_t len)
{
	struct bench *b = arg;
	struct follower *f;
	struct error err;
	struct node node;
	size_t nth;

	if (topic != BUS_NODES || !node_parse(octets, len, &node, &err) ||
	    sscanf(key, "dns-%zu", &nth) != 1 || nth >= b->joined)
		return;
	f = &b->followers[nth];
	if (node.plan_sequence <= f->acked)
		return;
	f->acked = node.plan_sequence;
	if (b->begun_ns != 0 && f->acked == b->plan.sequence &&
	    ++b->acks == b->settings.followers)
		conclude(b);
}

static void on_agent_synced(void *arg)
{
	((struct bench *)arg)->agent_synced = true;
}

static void on_lease(void *arg, uint64_t epoch)
{
	if (epoch != 0)
		((struct bench *)arg)->epoch = epoch;
}

static void on_commit(void *arg, enum bus_commit result)
{
	struct bench *b = arg;

	if (result == BUS_COMMITTED)
		return;
	b->refused++;
	b->begun_ns = 0;
}

static void publish(struct bench *b)
{
	struct error err;
	size_t len, sealed_len;
	char *text, *sealed = NULL;

	b->plan.epoch = b->epoch;
	b->plan.sequence++;
	b->acks = 0;
	text = plan_write(&b->plan, &len);
	if (text != NULL)
		sealed = sign_wrap(b->key, SIGN_PLAN, text, len, &sealed_len,
				   &err);
	if (sealed != NULL) {
		b->begun_ns = clock_now_ns();
		bus_commit_plan(b->agent,
				(struct bus_place){ b->epoch,
						    b->plan.sequence },
				(struct bus_place){ b->epoch,
						    b->plan.sequence - 1 },
				sealed, sealed_len, on_commit, b);
	}
	free(sealed);
	free(text);
}

static bool join(struct bench *b)
{
	const struct redis_config redis = { .url = b->settings.bus };
	struct follower *f = &b->followers[b->joined];
	const struct bus_follower reader = {
		.topics = BUS_PLAN,
		.on_value = on_plan,
		.on_synced = on_follower_synced,
		.arg = f,
	};
	struct error err;

	f->bench = b;
	snprintf(f->name, sizeof(f->name), "dns-%zu", b->joined);
	f->bus = redis_bus_new(b->loop, &redis, &err);
	if (f->bus == NULL) {
		fprintf(stderr, "%s\n", err.text);
		return false;
	}
	bus_follow(f->bus, &reader);
	b->joined++;
	return true;
}

/* The next ones' turn to say how they are: all of them in a second. */
static void tell_some(struct bench *b)
{
	size_t some = b->joined * TICK_MS / NODE_MS + 1;

	for (size_t i = 0; i < some && b->joined > 0; i++)
		put_node(&b->followers[b->told++ % b->joined]);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct bench *b = arg;
	size_t all = b->settings.followers;

	(void)fd, (void)what;
	for (int i = 0; i < JOIN_AT_ONCE && b->joined < all; i++)
		if (!join(b))
			event_base_loopbreak(b->loop);
	tell_some(b);
	if (b->agent_synced && clock_now_ms() >= b->due_ms) {
		b->due_ms = clock_now_ms() + NODE_MS;
		bus_lease(b->agent, "bench", 10 * NODE_MS, 0, on_lease, b);
	}
	if (b->rest > 0)
		b->rest--;
	else if (b->synced == all && b->epoch != 0 && b->begun_ns == 0)
		publish(b);
}

static bool prepare(struct bench *b, struct error *err)
{
	const struct redis_config redis = { .url = b->settings.bus };
	const struct bus_follower agent = {
		.topics = BUS_NODES,
		.on_value = on_node,
		.on_synced = on_agent_synced,
		.arg = b,
	};
	const struct timeval tick = { 0, TICK_MS * 1000 };

	b->loop = event_base_new();
	b->key = sealer_new(err);
	b->trusted = verifier_new();
	b->followers = calloc(b->settings.followers, sizeof(*b->followers));
	b->plan.shares =
		calloc(b->settings.shares + 1, sizeof(*b->plan.shares));
	if (b->key == NULL || b->trusted == NULL || b->followers == NULL ||
	    b->plan.shares == NULL ||
	    !verifier_add_sealer(b->trusted, b->key, err))
		return false;
	b->plan.share_count = b->settings.shares;
	for (unsigned i = 0; i < b->settings.shares; i++) {
		struct plan_share *s = &b->plan.shares[i];

		*s = (struct plan_share){ .share = 0.25, .weight = -1 };
		snprintf(s->service, sizeof(s->service), "service-%05u", i);
		strcpy(s->endpoint, "eu-central");
	}
	b->agent = redis_bus_new(b->loop, &redis, err);
	if (b->agent == NULL)
		return false;
	bus_follow(b->agent, &agent);
	b->tick = event_new(b->loop, -1, EV_PERSIST, on_tick, b);
	event_add(b->tick, &tick);
	return true;
}

static void print_quantiles(const char *what, const struct latencies *l)
{
	printf("%s: p50 %.0f us, p99 %.0f us, p99.9 %.0f us, of %" PRIu64 "\n",
	       what, latencies_quantile_us(l, 0.50),
	       latencies_quantile_us(l, 0.99), latencies_quantile_us(l, 0.999),
	       l->total);
}

static void print_sums(const struct bench *b)
{
	struct bus_counters sum = bus_counters(b->agent);

	for (size_t i = 0; i < b->joined; i++) {
		struct bus_counters c = bus_counters(b->followers[i].bus);

		sum.links += c.links;
		sum.errors += c.errors;
		sum.dropped += c.dropped;
		sum.missed += c.missed;
	}
	printf("buses: %zu followers, links %" PRIu64 ", errors %" PRIu64
	       ", dropped %" PRIu64 ", notices missed %" PRIu64
	       ", plans refused %" PRIu64 "\n",
	       b->joined, sum.links, sum.errors, sum.dropped, sum.missed,
	       b->refused);
}

static void finish(struct bench *b)
{
	for (size_t i = 0; b->followers != NULL && i < b->joined; i++)
		bus_free(b->followers[i].bus);
	bus_free(b->agent);
	if (b->tick != NULL)
		event_free(b->tick);
	verifier_free(b->trusted);
	sealer_free(b->key);
	free(b->followers);
	free(b->plan.shares);
	event_base_free(b->loop);
}

static bool read_settings(struct settings *s, int argc, char **argv,
			  struct error *err)
{
	const struct option_row rows[] = {
		{ "bus", OPTION_TEXT, &s->bus, "URL", "redis://...", 0, 0 },
		{ "followers", OPTION_NUMBER, &s->followers, "N",
		  "how many follow (default 2000)", 1, FOLLOWERS_MAX },
		{ "publications", OPTION_NUMBER, &s->publications, "N",
		  "plans (default 100)", 1, 100000 },
		{ "shares", OPTION_NUMBER, &s->shares, "N",
		  "of which a plan tells (default 200)", 0, PLAN_SHARES_MAX },
		{ "verify", OPTION_FLAG, &s->verify, NULL,
		  "followers judge what they read", 0, 0 },
	};
	const char *operands[64];

	if (argc > 64 || option_parse(rows, sizeof(rows) / sizeof(rows[0]),
				      argc, argv, operands, err) != 0)
		return false;
	if (s->bus == NULL)
		error_set(err, "--bus is needed");
	return s->bus != NULL;
}

int main(int argc, char **argv)
{
	static struct bench b = { .settings = { .followers = 2000,
						.publications = 100,
						.shares = 200 } };
	struct error err = { .text = "usage: see followers.c" };
	bool ok = read_settings(&b.settings, argc, argv, &err);

	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	process_raise_descriptors();
	if (!ok || !prepare(&b, &err)) {
		fprintf(stderr, "bench_followers: %s\n", err.text);
		return 2;
	}
	event_base_dispatch(b.loop);
	print_quantiles("publication to a follower", &b.heard);
	print_quantiles("publication to the last acknowledgement", &b.acked);
	print_sums(&b);
	ok = b.published == b.settings.publications;
	finish(&b);
	return ok ? 0 : 1;
}
