/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windrose-steer -- the steering agent.
 *
 * Parses the command line, builds what the steerer needs, runs the loop.
 * Exit statuses: see the manual, windrose-steer(8).
 */
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/option.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"
#include "steering/steerer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <unistd.h>

enum status { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

enum { ROW_COUNT = 13, FAREWELL_MS = 300 };

struct settings {
	const char *policy, *name, *bus, *key, *journal, *keep, *control, *log;
	struct option_list trust, people;
	bool open_control, help, version;
	char hostname[64];
};

struct daemon {
	struct event_base *loop;
	struct signer *key;
	struct verifier *plans, *people;
	struct bus *bus;
	struct steerer *steerer;
	struct event *signals[3];
};

/* clang-format off */
static void fill_rows(struct settings *s, struct option_row rows[ROW_COUNT])
{
	const struct option_row all[ROW_COUNT] = {
		{ "policy", OPTION_TEXT, &s->policy, "DIR",
		  "policy to steer by: a directory or one file", 0, 0 },
		{ "bus", OPTION_TEXT, &s->bus, "URL",
		  "redis://[user:password@]host[:port][/environment]", 0, 0 },
		{ "key", OPTION_TEXT, &s->key, "FILE",
		  "Ed25519 private key (PEM) that signs plans", 0, 0 },
		{ "name", OPTION_TEXT, &s->name, "NAME",
		  "this node's name on the bus (default the host's)", 0, 0 },
		{ "trust", OPTION_LIST, &s->trust, "FILE",
		  "public key (PEM) of another agent, whose plans may be taken "
		  "over; may be repeated", 0, 0 },
		{ "people", OPTION_LIST, &s->people, "FILE",
		  "public key (PEM) whose commands are obeyed; may be repeated",
		  0, 0 },
		{ "open-control", OPTION_FLAG, &s->open_control, NULL,
		  "commands on the control socket need no signature", 0, 0 },
		{ "journal", OPTION_TEXT, &s->journal, "FILE",
		  "audit file, JSON lines", 0, 0 },
		{ "keep", OPTION_TEXT, &s->keep, "FILE",
		  "last plan, to go on from when the bus lost it", 0, 0 },
		{ "control", OPTION_TEXT, &s->control, "SOCKET",
		  "unix socket for status, history and commands", 0, 0 },
		{ "log", OPTION_TEXT, &s->log, "LEVEL",
		  "debug, info, warn or error (default info)", 0, 0 },
		{ "help", OPTION_FLAG, &s->help, NULL, "this text", 0, 0 },
		{ "version", OPTION_FLAG, &s->version, NULL,
		  "the version", 0, 0 },
	};

	memcpy(rows, all, sizeof(all));
}
/* clang-format on */

static bool is_complete(const struct settings *s, struct error *err)
{
	const struct {
		const char *value, *name;
	} required[] = {
		{ s->policy, "policy" },
		{ s->bus, "bus" },
		{ s->key, "key" },
	};

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (required[i].value == NULL) {
			error_set(err, "option --%s is missing; see --help",
				  required[i].name);
			return false;
		}
	return true;
}

static bool read_settings(struct settings *s, const struct option_row *rows,
			  int argc, char **argv, struct error *err)
{
	const char **operands = calloc((size_t)argc + 1, sizeof(char *));
	int left;

	if (operands == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	left = option_parse(rows, ROW_COUNT, argc, argv, operands, err);
	if (left > 0)
		error_set(err, "\"%s\" is not an option; see --help",
			  operands[0]);
	free(operands);
	if (left != 0)
		return false;
	if (s->name == NULL) {
		gethostname(s->hostname, sizeof(s->hostname) - 1);
		s->name = s->hostname;
	}
	return s->help || s->version ||
	       (is_complete(s, err) && log_choose(s->log, err));
}

static void print_help(const struct option_row *rows)
{
	printf("usage: windrose-steer --policy DIR --bus URL --key FILE "
	       "[options]\n\n");
	option_print(rows, ROW_COUNT, stdout);
	printf("\nSee windrose-steer(8).\n");
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd, (void)what;
	event_base_loopbreak(d->loop);
}

static void on_hangup(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd, (void)what;
	steerer_reload(d->steerer);
}

static bool start_signals(struct daemon *d, struct error *err)
{
	static const struct {
		int number;
		event_callback_fn call;
	} rows[] = {
		{ SIGTERM, on_stop },
		{ SIGINT, on_stop },
		{ SIGHUP, on_hangup },
	};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		d->signals[i] =
			evsignal_new(d->loop, rows[i].number, rows[i].call, d);
		if (d->signals[i] == NULL ||
		    event_add(d->signals[i], NULL) != 0) {
			error_set(err, "cannot catch signals");
			return false;
		}
	}
	return true;
}

static bool add_files(struct verifier *v, const struct option_list *files,
		      struct error *err)
{
	if (v == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	for (size_t i = 0; i < files->count; i++)
		if (!verifier_add_file(v, files->items[i], err))
			return false;
	return true;
}

/* An agent takes its own last plan over after a restart. */
static bool read_keys(struct daemon *d, const struct settings *s,
		      struct error *err)
{
	d->key = signer_open(s->key, err);
	if (d->key == NULL)
		return false;
	d->plans = verifier_new();
	d->people = verifier_new();
	return add_files(d->plans, &s->trust, err) &&
	       add_files(d->people, &s->people, err) &&
	       verifier_add_signer(d->plans, d->key, err);
}

static bool start(struct daemon *d, const struct settings *s, struct error *err)
{
	const struct redis_config redis = { .url = s->bus };
	struct steerer_config config = {
		.policy_path = s->policy,
		.name = s->name,
		.journal_path = s->journal,
		.keep_path = s->keep,
		.control_path = s->control,
		.open_control = s->open_control,
	};

	d->loop = event_base_new();
	if (d->loop == NULL) {
		error_set(err, "cannot make an event loop");
		return false;
	}
	if (!read_keys(d, s, err) || !start_signals(d, err))
		return false;
	d->bus = redis_bus_new(d->loop, &redis, err);
	if (d->bus == NULL)
		return false;
	config.bus = d->bus;
	config.key = d->key;
	config.plans = d->plans;
	config.people = d->people;
	d->steerer = steerer_start(d->loop, &config, err);
	return d->steerer != NULL;
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

static void stop(struct daemon *d)
{
	say_farewell(d);
	bus_free(d->bus);
	for (size_t i = 0; i < sizeof(d->signals) / sizeof(d->signals[0]); i++)
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
	verifier_free(d->plans);
	verifier_free(d->people);
	signer_free(d->key);
	if (d->loop != NULL)
		event_base_free(d->loop);
}

static int fail(const struct error *err, int status)
{
	char line[400];

	fprintf(stderr, "windrose-steer: %s\n",
		error_line(err, line, sizeof(line)));
	return status;
}

int main(int argc, char **argv)
{
	struct settings settings = { 0 };
	struct option_row rows[ROW_COUNT];
	struct daemon d = { 0 };
	struct error err = { .text = "" };
	int status = STATUS_OK;

	fill_rows(&settings, rows);
	if (!read_settings(&settings, rows, argc, argv, &err))
		return fail(&err, STATUS_USAGE);
	if (settings.help) {
		print_help(rows);
		return STATUS_OK;
	}
	if (settings.version) {
		printf("windrose-steer %s\n", PACKAGE_VERSION);
		return STATUS_OK;
	}
	if (start(&d, &settings, &err))
		event_base_dispatch(d.loop);
	else
		status = fail(&err, STATUS_FAILED);
	stop(&d);
	return status;
}
