/* SPDX-License-Identifier: Apache-2.0 */
/* windrose-edge -- follows the plan on an edge node and drives its proxies. */
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/program.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"
#include "steering/edge/driver.h"
#include "steering/edge/follower.h"
#include "steering/edge/haproxy_driver.h"
#include "steering/edge/informer.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 11, DRIVERS_MAX = OPTION_LIST_MAX };

struct options {
	const char *name, *bus, *cohorts, *at_zero, *keep, *control, *key;
	struct option_list trust, haproxies, backends;
	unsigned keep_soak_s;
	char node[PROGRAM_NODE_SIZE];
};

struct edge {
	struct options *options;
	struct bus *bus;
	struct verifier *trusted;
	struct follower *follower;
	struct sealer *key; /* NULL: what it saw is not signed */
	struct informer *informer;
	struct haproxy_config haproxy;
	struct haproxy_route routes[OPTION_LIST_MAX];
	char *names[OPTION_LIST_MAX]; /* owned: "SERVICE\0CANARY" of each */
	struct driver *drivers[DRIVERS_MAX]; /* owned */
	size_t driver_count;
};

static void fill_rows(struct options *o, struct option_row rows[ROWS])
{
	/* clang-format off */
	const struct option_row all[ROWS] = {
		{ "bus", OPTION_TEXT, &o->bus, "URL", REDIS_URL_HELP, 0, 0 },
		{ "name", OPTION_TEXT, &o->name, "NAME",
		  "of this node; default edge-HOSTNAME", 0, 0 },
		{ "trust", OPTION_LIST, &o->trust, "PEM",
		  "public key whose plans are followed; may be repeated", 0, 0 },
		{ "haproxy", OPTION_LIST, &o->haproxies, "SOCKET",
		  "HAProxy's runtime socket, of level admin; may be repeated",
		  0, 0 },
		{ "backend", OPTION_LIST, &o->backends, "SERVICE[/CANARY]=BACKEND",
		  "which backend of HAProxy serves a service, or a canary of "
		  "it; may be repeated", 0, 0 },
		{ "cohorts", OPTION_TEXT, &o->cohorts, "FILE",
		  "HAProxy's map that says which sessions a canary takes",
		  0, 0 },
		{ "at-zero", OPTION_TEXT, &o->at_zero, "WORD",
		  "what becomes of a server of HAProxy that takes nobody: "
		  "drain (default) or maint", 0, 0 },
		{ "keep", OPTION_TEXT, &o->keep, "FILE",
		  "keep the last plan here, and start from it", 0, 0 },
		{ "keep-soak", OPTION_NUMBER, &o->keep_soak_s, "SECONDS",
		  "a plan that was applied for so long is kept as a good "
		  "generation (default 60)", 1, 86400 },
		{ "key", OPTION_TEXT, &o->key, "FILE",
		  "Ed25519 private key (PEM) that signs what users met", 0, 0 },
		{ "control", OPTION_TEXT, &o->control, "SOCKET",
		  "answer windrose --node here", 0, 0 },
	};
	/* clang-format on */

	memcpy(rows, all, sizeof(all));
}

/* "SERVICE[/CANARY]=BACKEND"; *names is what was cut apart of it. */
static bool read_route(const char *text, char **names,
		       struct haproxy_route *out, struct error *err)
{
	const char *equals = strchr(text, '=');
	char *slash;

	if (equals == NULL || equals == text || equals[1] == '\0') {
		error_set(err,
			  "--backend is \"%s\"; it must be "
			  "SERVICE[/CANARY]=BACKEND",
			  text);
		return false;
	}
	*names = strndup(text, (size_t)(equals - text));
	if (*names == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	slash = strchr(*names, '/');
	if (slash != NULL)
		*slash = '\0';
	*out = (struct haproxy_route){
		.service = *names,
		.canary = slash == NULL ? NULL : slash + 1,
		.backend = equals + 1,
	};
	return true;
}

static bool has_service(const struct edge *edge, const char *service)
{
	for (size_t i = 0; i < edge->haproxy.route_count; i++)
		if (edge->routes[i].canary == NULL &&
		    strcmp(edge->routes[i].service, service) == 0)
			return true;
	return false;
}

/* A canary's backend is nothing without the stable one, and the map. */
static bool check_routes(const struct edge *edge, struct error *err)
{
	for (size_t i = 0; i < edge->haproxy.route_count; i++) {
		const struct haproxy_route *r = &edge->routes[i];

		if (r->canary == NULL)
			continue;
		if (edge->haproxy.map == NULL ||
		    !has_service(edge, r->service)) {
			error_set(err,
				  "--backend %s/%s=%s needs --cohorts, and a "
				  "--backend %s=BACKEND",
				  r->service, r->canary, r->backend,
				  r->service);
			return false;
		}
	}
	return true;
}

static bool read_at_zero(const char *word, bool *maint, struct error *err)
{
	*maint = word != NULL && strcmp(word, "maint") == 0;
	if (word == NULL || *maint || strcmp(word, "drain") == 0)
		return true;
	error_set(err, "--at-zero is \"%s\"; it must be drain or maint", word);
	return false;
}

static bool add_driver(struct edge *edge, struct driver *driver)
{
	if (driver != NULL)
		edge->drivers[edge->driver_count++] = driver;
	return driver != NULL;
}

static bool start_haproxies(struct edge *edge, struct event_base *loop,
			    struct error *err)
{
	const struct options *o = edge->options;

	if (o->haproxies.count > 0 && o->backends.count == 0) {
		error_set(err, "--haproxy needs --backend");
		return false;
	}
	for (size_t i = 0; i < o->backends.count; i++) {
		if (!read_route(o->backends.items[i], &edge->names[i],
				&edge->routes[i], err))
			return false;
		edge->haproxy.route_count++;
	}
	edge->haproxy.routes = edge->routes;
	edge->haproxy.map = o->cohorts;
	if (!read_at_zero(o->at_zero, &edge->haproxy.maint_at_zero, err) ||
	    !check_routes(edge, err))
		return false;
	for (size_t i = 0; i < o->haproxies.count; i++)
		if (!add_driver(edge,
				haproxy_driver_new(loop, o->haproxies.items[i],
						   &edge->haproxy, err)))
			return false;
	return true;
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
		.haproxies = &o->haproxies,
		.routes = { edge->routes, o->backends.count },
		.bus = edge->bus,
		.plan = plan_of,
		.arg = edge,
	};

	if (o->key != NULL) {
		edge->key = sealer_open(o->key, err);
		if (edge->key == NULL)
			return false;
	}
	config.key = edge->key;
	edge->informer = informer_start(loop, &config, err);
	return edge->informer != NULL;
}

static bool start(void *arg, struct event_base *loop, struct error *err)
{
	struct edge *edge = arg;
	struct options *o = edge->options;
	const struct redis_config redis = { .url = o->bus };
	struct follower_config config = {
		.name = o->name == NULL ? program_node("edge", o->node)
					: o->name,
		.drivers = edge->drivers,
		.keep_path = o->keep,
		.keep_soak_s = o->keep_soak_s,
		.control_path = o->control,
	};

	if (!start_haproxies(edge, loop, err))
		return false;
	if (edge->driver_count == 0) {
		error_set(err, "no proxy is named: give --haproxy");
		return false;
	}
	edge->trusted = verifier_open(o->trust.items, o->trust.count, err);
	if (edge->trusted == NULL)
		return false;
	edge->bus = redis_bus_new(loop, &redis, err);
	if (edge->bus == NULL)
		return false;
	config.bus = edge->bus;
	config.trusted = edge->trusted;
	config.driver_count = edge->driver_count;
	edge->follower = follower_start(loop, &config, err);
	return edge->follower != NULL &&
	       start_informer(edge, loop, config.name, err);
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

	informer_stop(edge->informer);
	follower_stop(edge->follower);
	for (size_t i = 0; i < edge->driver_count; i++)
		driver_free(edge->drivers[i]);
	bus_free(edge->bus);
	sealer_free(edge->key);
	verifier_free(edge->trusted);
	for (size_t i = 0; i < OPTION_LIST_MAX; i++)
		free(edge->names[i]);
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
