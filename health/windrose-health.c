/* SPDX-License-Identifier: Apache-2.0 */
/* windrose-health -- one vantage: probes the endpoints of a policy and
 * publishes what it sees. */
#include "health/prober.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/option.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

struct options {
	const char *policy, *vantage, *name, *bus, *control, *ca, *log;
	bool help, version;
};

enum { ROWS = 9 };

static void fill_rows(struct option_row rows[ROWS], struct options *o)
{
	/* clang-format off */
	const struct option_row all[ROWS] = {
		{ "policy", OPTION_TEXT, &o->policy, "DIR",
		  "policy directory or file", 0, 0 },
		{ "vantage", OPTION_TEXT, &o->vantage, "NAME",
		  "which of the policy's vantages this is", 0, 0 },
		{ "bus", OPTION_TEXT, &o->bus, "URL",
		  "redis://[USER:PASSWORD@]HOST[:PORT][/ENV]", 0, 0 },
		{ "name", OPTION_TEXT, &o->name, "NAME",
		  "this node's name (health-VANTAGE)", 0, 0 },
		{ "control", OPTION_TEXT, &o->control, "SOCKET",
		  "unix socket for windrose --node", 0, 0 },
		{ "ca", OPTION_TEXT, &o->ca, "PEM",
		  "certificates to trust instead of the system's", 0, 0 },
		{ "log", OPTION_TEXT, &o->log, "LEVEL",
		  "debug, info, warn or error (info)", 0, 0 },
		{ "help", OPTION_FLAG, &o->help, NULL, "this text", 0, 0 },
		{ "version", OPTION_FLAG, &o->version, NULL, "the version", 0,
		  0 },
	};
	/* clang-format on */

	memcpy(rows, all, sizeof(all));
}

enum { EXIT_USAGE = 2 };

static int complain(const struct error *err, int status)
{
	char line[512];

	fprintf(stderr, "windrose-health: %s\n",
		error_line(err, line, sizeof(line)));
	return status;
}

static bool check_options(const struct options *o, struct error *err)
{
	const struct {
		const char *name, *value;
	} needed[] = {
		{ "policy", o->policy },
		{ "vantage", o->vantage },
		{ "bus", o->bus },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (needed[i].value == NULL) {
			error_set(err, "option --%s is needed; see --help",
				  needed[i].name);
			return false;
		}
	/* Else a log would open it, and be asked about by another's name. */
	if (o->ca != NULL && access(o->ca, R_OK) != 0) {
		error_set(err, "option --ca: %s cannot be read", o->ca);
		return false;
	}
	return log_choose(o->log, err);
}

static void on_stop(evutil_socket_t number, short what, void *arg)
{
	(void)what;
	log_event(LOG_LEVEL_INFO, "health", "stop", "signal=%d", (int)number);
	event_base_loopbreak(arg);
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
	(void)number, (void)what;
	prober_reload(arg);
}

/* Runs until SIGTERM or SIGINT.  False with err set: it cannot. */
static bool run(struct event_base *loop, struct prober *prober,
		struct error *err)
{
	struct event *signals[] = {
		evsignal_new(loop, SIGTERM, on_stop, loop),
		evsignal_new(loop, SIGINT, on_stop, loop),
		evsignal_new(loop, SIGHUP, on_reload, prober),
	};
	enum { COUNT = sizeof(signals) / sizeof(signals[0]) };
	bool ready = true;

	for (size_t i = 0; i < COUNT; i++)
		ready = ready && signals[i] != NULL &&
			event_add(signals[i], NULL) == 0;
	if (ready)
		event_base_dispatch(loop);
	else
		error_set(err, "signals cannot be received; is memory left?");
	for (size_t i = 0; i < COUNT; i++)
		if (signals[i] != NULL)
			event_free(signals[i]);
	return ready;
}

static int serve(const struct options *o)
{
	struct event_base *loop = event_base_new();
	const struct redis_config redis = { .url = o->bus };
	struct error err;
	struct bus *bus =
		loop == NULL ? NULL : redis_bus_new(loop, &redis, &err);
	char name[128];
	struct prober_config config = {
		.policy_path = o->policy,
		.vantage = o->vantage,
		.name = o->name == NULL ? name : o->name,
		.control_path = o->control,
		.ca_file = o->ca,
		.bus = bus,
	};
	struct prober *prober = NULL;
	bool started;

	snprintf(name, sizeof(name), "health-%s", o->vantage);
	if (loop == NULL)
		error_set(&err, "the event loop does not start");
	if (bus != NULL)
		prober = prober_start(loop, &config, &err);
	started = prober != NULL && run(loop, prober, &err);
	if (!started)
		complain(&err, EXIT_FAILURE);
	prober_stop(prober);
	bus_free(bus);
	if (loop != NULL)
		event_base_free(loop);
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct option_row rows[ROWS];
	struct error err;
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	int left;

	if (operands == NULL)
		return EXIT_FAILURE;
	fill_rows(rows, &o);
	left = option_parse(rows, ROWS, argc, argv, operands, &err);
	if (left > 0)
		error_set(&err, "\"%s\" is no option; see --help", operands[0]);
	free(operands);
	if (left != 0)
		return complain(&err, EXIT_USAGE);
	if (o.help) {
		puts("usage: windrose-health --policy DIR --vantage NAME "
		     "--bus URL [options]");
		option_print(rows, ROWS, stdout);
		return EXIT_SUCCESS;
	}
	if (o.version) {
		puts("windrose-health " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	if (!check_options(&o, &err))
		return complain(&err, EXIT_USAGE);
	/* A peer that closes is an outcome, not the end of us. */
	signal(SIGPIPE, SIG_IGN);
	return serve(&o);
}
