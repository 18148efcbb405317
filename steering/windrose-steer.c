/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windrose-steer -- the steering agent.
 *
 * Parses the command line, builds what the steerer needs, runs the loop.
 * Exit statuses: see the manual, windrose-steer(8).
 */
#include "policy/base/error.h"
#include "policy/base/exporter.h"
#include "policy/base/program.h"
#include "policy/bus/bundles.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"
#include "policy/bus/witness.h"
#include "steering/steerer.h"

#include <string.h>

#include <event2/event.h>

enum { ROW_COUNT = 18, FAREWELL_MS = 300 };

struct settings {
	const char *policy, *name, *bus, *key, *journal, *keep, *control, *rum,
		*metrics, *page, *bundles;
	struct option_list trust, people, vantages, edges, rum_edges;
	bool open_control;
	unsigned keep_soak_s;
	char node[PROGRAM_NODE_SIZE];
};

struct keys {
	struct sealer *own;
	struct verifier *plans, *people;
	struct witnesses *witnesses, *edges;
};

struct daemon {
	struct settings *settings;
	struct event_base *loop;
	struct keys keys;
	struct bus *bus;
	struct bundles *bundles; /* NULL: policies come from files alone */
	struct steerer *steerer;
	struct exporter *exporter;
};

/* clang-format off */
static void fill_rows(struct settings *s, struct option_row rows[ROW_COUNT])
{
	const struct option_row all[ROW_COUNT] = {
		{ "policy", OPTION_TEXT, &s->policy, "DIR",
		  "policy to steer by: a directory or one file", 0, 0 },
		{ "policy-from-bus", OPTION_TEXT, &s->bundles, "DIR",
		  "send published policies out, and steer by what all serve; "
		  "kept here", 0, 0 },
		{ "bus", OPTION_TEXT, &s->bus, "URL",
		  REDIS_URL_HELP, 0, 0 },
		{ "key", OPTION_TEXT, &s->key, "FILE",
		  "Ed25519 private key (PEM) that signs plans", 0, 0 },
		{ "name", OPTION_TEXT, &s->name, "NAME",
		  "this node's name on the bus (default steer-HOST)", 0, 0 },
		{ "trust", OPTION_LIST, &s->trust, "FILE",
		  "public key (PEM) of another agent, whose plans may be taken "
		  "over; may be repeated", 0, 0 },
		{ "people", OPTION_LIST, &s->people, "FILE",
		  "public key (PEM) whose commands are obeyed; may be repeated",
		  0, 0 },
		{ "trust-vantage", OPTION_LIST, &s->vantages, "VANTAGE=FILE",
		  "public key (PEM) of a vantage, whose reports must be signed; "
		  "may be repeated", 0, 0 },
		{ "trust-edge", OPTION_LIST, &s->edges, "NODE=FILE",
		  "public key (PEM) of an edge, whose counts must be signed; "
		  "may be repeated", 0, 0 },
		{ "open-control", OPTION_FLAG, &s->open_control, NULL,
		  "commands on the control socket need no signature", 0, 0 },
		{ "journal", OPTION_TEXT, &s->journal, "FILE",
		  "audit file, JSON lines", 0, 0 },
		{ "keep", OPTION_TEXT, &s->keep, "FILE",
		  "last plan, to go on from when the bus lost it", 0, 0 },
		{ "keep-soak", OPTION_NUMBER, &s->keep_soak_s, "SECONDS",
		  "a plan that was in force for so long is kept as a good "
		  "generation (default 60)", 1, 86400 },
		{ "control", OPTION_TEXT, &s->control, "SOCKET",
		  "unix socket for status, history and commands", 0, 0 },
		{ "metrics", OPTION_TEXT, &s->metrics, "[ADDR:]PORT",
		  "serve GET /metrics and /ready here (ADDR 127.0.0.1)", 0, 0 },
		{ "page", OPTION_TEXT, &s->page, "[ADDR:]PORT",
		  "serve the status page here (ADDR 127.0.0.1)", 0, 0 },
		{ "rum", OPTION_TEXT, &s->rum, "ADDR:PORT",
		  "take measurements of real users: POST /rum", 0, 0 },
		{ "rum-edge", OPTION_LIST, &s->rum_edges, "PREFIX",
		  "network of edges that may post for their clients; may be "
		  "repeated", 0, 0 },
	};

	memcpy(rows, all, sizeof(all));
}
/* clang-format on */

static void free_keys(struct keys *keys)
{
	verifier_free(keys->plans);
	verifier_free(keys->people);
	witnesses_free(keys->witnesses);
	witnesses_free(keys->edges);
	sealer_free(keys->own);
	*keys = (struct keys){ .own = NULL };
}

/* An agent takes its own last plan over after a restart. */
static bool open_keys(const struct settings *s, struct keys *out,
		      struct error *err)
{
	struct keys k = { .own = sealer_open(s->key, err) };

	if (k.own != NULL)
		k.plans = verifier_open(s->trust.items, s->trust.count, err);
	if (k.plans != NULL)
		k.people = verifier_open(s->people.items, s->people.count, err);
	if (k.people != NULL)
		k.witnesses =
			witnesses_open(WITNESS_VANTAGES, s->vantages.items,
				       s->vantages.count, err);
	if (k.witnesses != NULL)
		k.edges = witnesses_open(WITNESS_EDGES, s->edges.items,
					 s->edges.count, err);
	if (k.edges == NULL || !verifier_add_sealer(k.plans, k.own, err)) {
		free_keys(&k);
		return false;
	}
	*out = k;
	return true;
}

/* All of them, or none is another. */
static bool read_keys(void *arg, struct error *err)
{
	struct daemon *d = arg;
	struct keys next;

	if (!open_keys(d->settings, &next, err))
		return false;
	sealer_replace(d->keys.own, next.own);
	verifier_replace(d->keys.plans, next.plans);
	verifier_replace(d->keys.people, next.people);
	witnesses_replace(d->keys.witnesses, next.witnesses);
	witnesses_replace(d->keys.edges, next.edges);
	return true;
}

static void write_metrics(void *arg, struct openmetrics *out)
{
	const struct daemon *d = arg;

	steerer_scrape(d->steerer, out);
}

static const char *unready(void *arg)
{
	const struct daemon *d = arg;

	return steerer_unready(d->steerer);
}

static bool start_exporter(struct daemon *d, struct error *err)
{
	const struct exporter_config config = {
		.listen = d->settings->metrics,
		.limits = exporter_default_limits,
		.write = write_metrics,
		.unready = unready,
		.arg = d,
	};

	if (config.listen == NULL)
		return true;
	d->exporter = exporter_start(d->loop, &config, err);
	return d->exporter != NULL;
}

static bool start(void *arg, struct event_base *loop, struct error *err)
{
	struct daemon *d = arg;
	const struct settings *s = d->settings;
	const struct redis_config redis = { .url = s->bus };
	struct steerer_config config = {
		.policy_path = s->policy,
		.name = s->name == NULL
				? program_node("steer", d->settings->node)
				: s->name,
		.journal_path = s->journal,
		.keep_path = s->keep,
		.keep_soak_s = s->keep_soak_s,
		.control_path = s->control,
		.open_control = s->open_control,
		.read_keys = read_keys,
		.arg = d,
		.page_listen = s->page,
		.rum_listen = s->rum,
		.rum_edges = s->rum_edges,
	};

	d->loop = loop;
	if (!open_keys(s, &d->keys, err))
		return false;
	d->bus = redis_bus_new(loop, &redis, err);
	if (d->bus == NULL)
		return false;
	if (s->bundles != NULL) {
		d->bundles = bundles_open(s->bundles, err);
		if (d->bundles == NULL)
			return false;
	}
	config.bundles = d->bundles;
	config.bus = d->bus;
	config.key = d->keys.own;
	config.plans = d->keys.plans;
	config.people = d->keys.people;
	config.witnesses = d->keys.witnesses;
	config.edges = d->keys.edges;
	d->steerer = steerer_start(loop, &config, err);
	return d->steerer != NULL && start_exporter(d, err);
}

/* The bus still has to carry the release of the lease. */
static void say_farewell(struct daemon *d)
{
	const struct timeval tv = { 0, FAREWELL_MS * 1000 };

	if (d->steerer == NULL)
		return;
	steerer_stop(d->steerer);
	event_base_loopexit(d->loop, &tv);
	event_base_dispatch(d->loop);
}

static void reload(void *arg)
{
	struct daemon *d = arg;

	steerer_reload(d->steerer);
}

static void stop(void *arg)
{
	struct daemon *d = arg;

	exporter_stop(d->exporter);
	say_farewell(d);
	bus_free(d->bus);
	bundles_free(d->bundles);
	free_keys(&d->keys);
}

int main(int argc, char **argv)
{
	static const char *const needed[] = { "policy", "bus", "key", NULL };
	struct settings settings = { 0 };
	struct option_row rows[ROW_COUNT];
	const struct program program = {
		.name = "windrose-steer",
		.usage = "--policy DIR --bus URL --key FILE [options]",
		.manual = "windrose-steer(8)",
		.rows = rows,
		.row_count = ROW_COUNT,
		.needed = needed,
	};
	struct daemon daemon = { .settings = &settings };
	const struct program_life life = { start, reload, stop, &daemon };
	enum program_status status;

	fill_rows(&settings, rows);
	status = program_read(&program, argc, argv);
	return status == PROGRAM_GO ? program_run(&program, &life) : status;
}
