/* SPDX-License-Identifier: Apache-2.0 */
/* windrose-edge -- follows the plan on an edge node and drives its HAProxy. */
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/option.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"
#include "steering/edge/follower.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

enum { OPERANDS_MAX = 512, EXIT_WRONG = 2 };

struct options {
	const char *name, *bus, *haproxy, *keep, *control, *log;
	struct option_list trust, backends;
	bool help, version;
};

struct edge {
	struct event_base *loop;
	struct bus *bus;
	struct verifier *trusted;
	struct follower *follower;
	struct event *stop[2];
	struct haproxy_route routes[OPTION_LIST_MAX];
	char *services[OPTION_LIST_MAX]; /* owned: "SERVICE" of each route */
	char host[64];
};

static int read_options(struct options *o, int argc, char **argv,
			struct error *err)
{
	/* clang-format off */
	const struct option_row rows[] = {
		{ "bus", OPTION_TEXT, &o->bus, "URL", "redis://... to follow", 0, 0 },
		{ "name", OPTION_TEXT, &o->name, "NAME",
		  "of this node; default edge-HOSTNAME", 0, 0 },
		{ "trust", OPTION_LIST, &o->trust, "PEM",
		  "public key whose plans are followed; may be repeated", 0, 0 },
		{ "haproxy", OPTION_TEXT, &o->haproxy, "SOCKET",
		  "HAProxy's runtime socket, of level admin", 0, 0 },
		{ "backend", OPTION_LIST, &o->backends, "SERVICE=BACKEND",
		  "which backend serves a service; may be repeated", 0, 0 },
		{ "keep", OPTION_TEXT, &o->keep, "FILE",
		  "keep the last plan here, and start from it", 0, 0 },
		{ "control", OPTION_TEXT, &o->control, "SOCKET",
		  "answer windrose status here", 0, 0 },
		{ "log", OPTION_TEXT, &o->log, "LEVEL",
		  "debug, info, warn or error; default info", 0, 0 },
		{ "help", OPTION_FLAG, &o->help, NULL, "this text", 0, 0 },
		{ "version", OPTION_FLAG, &o->version, NULL, "the version", 0, 0 },
	};
	/* clang-format on */
	const char *operands[OPERANDS_MAX];
	int left = -1;

	if (argc <= OPERANDS_MAX)
		left = option_parse(rows, sizeof(rows) / sizeof(rows[0]), argc,
				    argv, operands, err);
	else
		error_set(err, "too many words");
	if (left > 0)
		error_set(err, "\"%s\" is one word too many", operands[0]);
	if (left == 0 && o->help) {
		printf("usage: windrose-edge --bus URL --trust PEM --haproxy "
		       "SOCKET --backend SERVICE=BACKEND ...\n\n");
		option_print(rows, sizeof(rows) / sizeof(rows[0]), stdout);
	}
	return left == 0 ? 0 : -1;
}

static bool check_options(const struct options *o, struct error *err)
{
	if (o->bus == NULL)
		error_set(err, "--bus URL is missing");
	else if (o->trust.count == 0)
		error_set(err, "--trust PEM is missing: without a key no plan "
			       "can be believed");
	else if (o->haproxy == NULL)
		error_set(err, "--haproxy SOCKET is missing");
	else if (o->backends.count == 0)
		error_set(err, "--backend SERVICE=BACKEND is missing");
	else
		return log_choose(o->log, err);
	return false;
}

static bool make_routes(struct edge *edge, const struct options *o,
			struct error *err)
{
	for (size_t i = 0; i < o->backends.count; i++) {
		const char *text = o->backends.items[i];
		const char *equals = strchr(text, '=');

		if (equals == NULL || equals == text || equals[1] == '\0') {
			error_set(err,
				  "--backend is \"%s\"; it must be "
				  "SERVICE=BACKEND",
				  text);
			return false;
		}
		edge->services[i] = strndup(text, (size_t)(equals - text));
		if (edge->services[i] == NULL) {
			error_set(err, "out of memory");
			return false;
		}
		edge->routes[i] = (struct haproxy_route){
			.service = edge->services[i],
			.backend = equals + 1,
		};
	}
	return true;
}

static bool make_trust(struct edge *edge, const struct options *o,
		       struct error *err)
{
	edge->trusted = verifier_new();
	if (edge->trusted == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	for (size_t i = 0; i < o->trust.count; i++)
		if (!verifier_add_file(edge->trusted, o->trust.items[i], err))
			return false;
	return true;
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	event_base_loopbreak(arg);
}

static bool make_loop(struct edge *edge, const struct options *o,
		      struct error *err)
{
	const int signals[] = { SIGTERM, SIGINT };
	const struct redis_config redis = { .url = o->bus };

	edge->loop = event_base_new();
	for (size_t i = 0; i < 2 && edge->loop != NULL; i++) {
		edge->stop[i] = evsignal_new(edge->loop, signals[i], on_stop,
					     edge->loop);
		if (edge->stop[i] != NULL)
			event_add(edge->stop[i], NULL);
	}
	if (edge->loop == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	edge->bus = redis_bus_new(edge->loop, &redis, err);
	return edge->bus != NULL;
}

static const char *default_name(struct edge *edge)
{
	char host[48];

	if (gethostname(host, sizeof(host)) != 0)
		snprintf(host, sizeof(host), "%s", "unnamed");
	host[sizeof(host) - 1] = '\0';
	snprintf(edge->host, sizeof(edge->host), "edge-%s", host);
	return edge->host;
}

static bool start(struct edge *edge, const struct options *o, struct error *err)
{
	struct follower_config config = {
		.name = o->name == NULL ? default_name(edge) : o->name,
		.haproxy_path = o->haproxy,
		.routes = edge->routes,
		.route_count = o->backends.count,
		.keep_path = o->keep,
		.control_path = o->control,
	};

	if (!check_options(o, err) || !make_routes(edge, o, err) ||
	    !make_trust(edge, o, err) || !make_loop(edge, o, err))
		return false;
	config.bus = edge->bus;
	config.trusted = edge->trusted;
	edge->follower = follower_start(edge->loop, &config, err);
	return edge->follower != NULL;
}

static void stop(struct edge *edge)
{
	follower_stop(edge->follower);
	bus_free(edge->bus);
	verifier_free(edge->trusted);
	for (size_t i = 0; i < 2; i++)
		if (edge->stop[i] != NULL)
			event_free(edge->stop[i]);
	if (edge->loop != NULL)
		event_base_free(edge->loop);
	for (size_t i = 0; i < OPTION_LIST_MAX; i++)
		free(edge->services[i]);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct edge edge = { 0 };
	struct error err = { 0 };
	char line[4600];
	int status = 0;

	signal(SIGPIPE, SIG_IGN);
	if (read_options(&options, argc, argv, &err) < 0) {
		fprintf(stderr, "windrose-edge: %s\n", err.text);
		return EXIT_WRONG;
	}
	if (options.help)
		return 0;
	if (options.version) {
		printf("windrose-edge %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (start(&edge, &options, &err)) {
		event_base_dispatch(edge.loop);
	} else {
		fprintf(stderr, "windrose-edge: %s\n",
			error_line(&err, line, sizeof(line)));
		status = 1;
	}
	stop(&edge);
	return status;
}
