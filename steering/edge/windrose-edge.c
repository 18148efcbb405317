/* SPDX-License-Identifier: Apache-2.0 */
/* windrose-edge -- follows the plan on an edge node and drives its proxies. */
#include "policy/base/error.h"
#include "policy/base/exporter.h"
#include "policy/base/log.h"
#include "policy/base/program.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"
#include "steering/edge/edge_metrics.h"
#include "steering/edge/follower.h"
#include "steering/edge/informer.h"
#include "steering/edge/nginx_tap.h"
#include "steering/edge/proxies.h"

#include <stdlib.h>
#include <string.h>

enum { PROXY_ROWS = 14, ROWS = PROXY_ROWS + 10 };

struct options {
	const char *name, *bus, *keep, *control, *key, *nginx_log, *metrics,
		*haproxy_log;
	struct option_list trust;
	unsigned keep_soak_s;
	struct proxies_options proxies;
	char node[PROGRAM_NODE_SIZE];
};

struct edge {
	struct options *options;
	struct bus *bus;
	struct verifier *trusted;
	struct follower *follower;
	struct sealer *key; /* NULL: what it saw is not signed */
	struct informer *informer;
	struct proxies *proxies;
	struct nginx_tap *tap;
	struct exporter *exporter;
};

/* Of the proxies: which there are, and how they are driven. */
static void fill_proxy_rows(struct proxies_options *p,
			    struct option_row rows[PROXY_ROWS])
{
	/* clang-format off */
	const struct option_row all[PROXY_ROWS] = {
		{ "haproxy", OPTION_LIST, &p->haproxies, "SOCKET",
		  "HAProxy's runtime socket, of level admin; may be repeated",
		  0, 0 },
		{ "backend", OPTION_LIST, &p->backends, "SERVICE[/CANARY]=BACKEND",
		  "which backend of HAProxy serves a service, or a canary of "
		  "it; may be repeated", 0, 0 },
		{ "cohorts", OPTION_TEXT, &p->cohorts, "FILE",
		  "HAProxy's map that says which sessions a canary takes",
		  0, 0 },
		{ "at-zero", OPTION_TEXT, &p->at_zero, "WORD",
		  "what becomes of a server of HAProxy that takes nobody: "
		  "drain (default) or maint", 0, 0 },
		{ "serve", OPTION_LIST, &p->servings, "SERVICE=ENDPOINT[:WEIGHT],...",
		  "the endpoints that this edge has for a service, for nginx "
		  "and --file; may be repeated", 0, 0 },
		{ "nginx", OPTION_TEXT, &p->nginx, "FILE",
		  "the file that nginx includes, which is written", 0, 0 },
		{ "nginx-probe", OPTION_TEXT, &p->nginx_probe, "URL",
		  "where nginx says which state it serves: "
		  "http://ADDRESS:PORT/PATH", 0, 0 },
		{ "nginx-test", OPTION_TEXT, &p->nginx_test, "COMMAND",
		  "what tests nginx's files (default " NGINX_TEST ")", 0, 0 },
		{ "nginx-pid", OPTION_TEXT, &p->nginx_pid, "FILE",
		  "nginx's pid file: it is told to reload by a signal", 0, 0 },
		{ "nginx-reload", OPTION_TEXT, &p->nginx_reload, "COMMAND",
		  "tells nginx to reload, instead of --nginx-pid", 0, 0 },
		{ "agent", OPTION_TEXT, &p->agent, "ADDRESS:PORT",
		  "answer HAProxy's agent-checks here", 0, 0 },
		{ "file", OPTION_TEXT, &p->file, "FILE",
		  "write the plan here as JSON, for any other proxy", 0, 0 },
		{ "command", OPTION_TEXT, &p->command, "COMMAND",
		  "run after --file has changed", 0, 0 },
		{ "command-timeout", OPTION_NUMBER, &p->command_timeout_s,
		  "SECONDS", "after which --command is ended (default 30)", 1,
		  3600 },
	};
	/* clang-format on */

	memcpy(rows, all, sizeof(all));
}

static void fill_rows(struct options *o, struct option_row rows[ROWS])
{
	/* clang-format off */
	const struct option_row all[ROWS - PROXY_ROWS] = {
		{ "bus", OPTION_TEXT, &o->bus, "URL", REDIS_URL_HELP, 0, 0 },
		{ "name", OPTION_TEXT, &o->name, "NAME",
		  "of this node; default edge-HOSTNAME", 0, 0 },
		{ "trust", OPTION_LIST, &o->trust, "PEM",
		  "public key whose plans are followed; may be repeated", 0, 0 },
		{ "haproxy-log", OPTION_TEXT, &o->haproxy_log, "SOCKET",
		  "HAProxy logs its requests here: how long they took", 0, 0 },
		{ "nginx-log", OPTION_TEXT, &o->nginx_log, "SOCKET",
		  "nginx logs its requests here, and they are counted", 0, 0 },
		{ "keep", OPTION_TEXT, &o->keep, "FILE",
		  "keep the last plan here, and start from it", 0, 0 },
		{ "keep-soak", OPTION_NUMBER, &o->keep_soak_s, "SECONDS",
		  "a plan that was applied for so long is kept as a good "
		  "generation (default 60)", 1, 86400 },
		{ "metrics", OPTION_TEXT, &o->metrics, "[ADDR:]PORT",
		  "serve GET /metrics and /ready here (ADDR 127.0.0.1)", 0, 0 },
		{ "key", OPTION_TEXT, &o->key, "FILE",
		  "Ed25519 private key (PEM) that signs what users met", 0, 0 },
		{ "control", OPTION_TEXT, &o->control, "SOCKET",
		  "answer windrose --node here", 0, 0 },
	};
	/* clang-format on */

	memcpy(rows, all, sizeof(all));
	fill_proxy_rows(&o->proxies, rows + ROWS - PROXY_ROWS);
}

static const struct plan *plan_of(void *arg)
{
	const struct edge *edge = arg;

	return follower_plan(edge->follower);
}

static bool start_informer(struct edge *edge, struct event_base *loop,
			   const char *name, struct error *err)
{
	const struct options *o = edge->options;
	struct informer_config config = {
		.name = name,
		.haproxies = &o->proxies.haproxies,
		.log = o->haproxy_log,
		.routes = proxies_routes(edge->proxies),
		.bus = edge->bus,
		.plan = plan_of,
		.arg = edge,
	};

	if (config.log != NULL && config.haproxies->count == 0) {
		error_set(err, "--haproxy-log needs --haproxy");
		return false;
	}
	if (o->key != NULL) {
		edge->key = sealer_open(o->key, err);
		if (edge->key == NULL)
			return false;
	}
	config.key = edge->key;
	edge->informer = informer_start(loop, &config, err);
	return edge->informer != NULL;
}

static bool start_tap(struct edge *edge, struct event_base *loop,
		      struct error *err)
{
	struct nginx_tap_config config = {
		.path = edge->options->nginx_log,
		.ledger = informer_ledger(edge->informer),
	};

	if (config.path == NULL)
		return true;
	config.servings =
		proxies_servings(edge->proxies, &config.serving_count);
	if (config.servings == NULL) {
		error_set(err, "--nginx-log needs --serve");
		return false;
	}
	edge->tap = nginx_tap_start(loop, &config, err);
	return edge->tap != NULL;
}

static void write_metrics(void *arg, struct openmetrics *out)
{
	const struct edge *edge = arg;
	struct edge_metrics metrics = {
		.node = follower_node(edge->follower),
		.bus_up = bus_is_up(edge->bus),
	};

	metrics.drivers = proxies_drivers(edge->proxies, &metrics.driver_count);
	edge_metrics_write(out, &metrics);
}

static const char *unready(void *arg)
{
	const struct edge *edge = arg;
	struct node node = follower_node(edge->follower);

	return node.trouble[0] != '\0'   ? "a proxy is in trouble"
	       : node.plan_sequence == 0 ? "no plan is applied yet"
					 : NULL;
}

static bool start_exporter(struct edge *edge, struct event_base *loop,
			   struct error *err)
{
	const struct exporter_config config = {
		.listen = edge->options->metrics,
		.limits = exporter_default_limits,
		.write = write_metrics,
		.unready = unready,
		.arg = edge,
	};

	if (config.listen == NULL)
		return true;
	edge->exporter = exporter_start(loop, &config, err);
	return edge->exporter != NULL;
}

static bool start(void *arg, struct event_base *loop, struct error *err)
{
	struct edge *edge = arg;
	struct options *o = edge->options;
	const struct redis_config redis = { .url = o->bus };
	struct follower_config config = {
		.name = o->name == NULL ? program_node("edge", o->node)
					: o->name,
		.keep_path = o->keep,
		.keep_soak_s = o->keep_soak_s,
		.control_path = o->control,
	};

	o->proxies.nginx_logs = o->nginx_log != NULL;
	edge->proxies = proxies_new(loop, &o->proxies, err);
	if (edge->proxies == NULL)
		return false;
	config.drivers = proxies_drivers(edge->proxies, &config.driver_count);
	edge->trusted = verifier_open(o->trust.items, o->trust.count, err);
	if (edge->trusted == NULL)
		return false;
	edge->bus = redis_bus_new(loop, &redis, err);
	if (edge->bus == NULL)
		return false;
	config.bus = edge->bus;
	config.trusted = edge->trusted;
	edge->follower = follower_start(loop, &config, err);
	return edge->follower != NULL &&
	       start_informer(edge, loop, config.name, err) &&
	       start_tap(edge, loop, err) && start_exporter(edge, loop, err);
}

static void log_keys_failed(const struct error *err)
{
	char quoted[512];

	log_event(LOG_LEVEL_ERROR, "edge", "keys-failed", "error=%s",
		  log_quote(err->text, quoted, sizeof(quoted)));
}

static void read_own_key(struct edge *edge)
{
	struct error err;
	struct sealer *next = sealer_open(edge->options->key, &err);

	if (next == NULL)
		log_keys_failed(&err);
	else
		sealer_replace(edge->key, next);
}

/* Keys that cannot be read leave the old ones in their place. */
static void reload(void *arg)
{
	struct edge *edge = arg;
	const struct option_list *trust = &edge->options->trust;
	struct error err;
	struct verifier *next = verifier_open(trust->items, trust->count, &err);

	if (edge->key != NULL)
		read_own_key(edge);
	if (next == NULL) {
		log_keys_failed(&err);
		return;
	}
	verifier_replace(edge->trusted, next);
	log_event(LOG_LEVEL_INFO, "edge", "keys", "trusted=%zu",
		  verifier_count(edge->trusted));
}

static void stop(void *arg)
{
	struct edge *edge = arg;

	exporter_stop(edge->exporter);
	nginx_tap_stop(edge->tap);
	informer_stop(edge->informer);
	follower_stop(edge->follower);
	proxies_free(edge->proxies);
	bus_free(edge->bus);
	sealer_free(edge->key);
	verifier_free(edge->trusted);
}

int main(int argc, char **argv)
{
	static const char *const needed[] = { "bus", "trust", NULL };
	struct options options = { 0 };
	struct option_row rows[ROWS];
	const struct program program = {
		.name = "windrose-edge",
		.usage = "--bus URL --trust PEM [proxies and options]",
		.manual = "windrose-edge(8)",
		.rows = rows,
		.row_count = ROWS,
		.needed = needed,
	};
	struct edge edge = { .options = &options };
	const struct program_life life = { start, reload, stop, &edge };
	enum program_status status;

	fill_rows(&options, rows);
	status = program_read(&program, argc, argv);
	return status == PROGRAM_GO ? program_run(&program, &life) : status;
}
