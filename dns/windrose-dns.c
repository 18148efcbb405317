/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windrose-dns -- the authoritative responder.
 *
 * Parses the command line, builds what the responder needs, runs the loop.
 * Exit statuses: see the manual, windrose-dns(8).
 */
#include "dns/notify.h"
#include "dns/once.h"
#include "dns/responder.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/option.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

struct settings {
	const char *policy, *user, *name, *bus, *keep, *control, *log;
	struct option_list listen, trust;
	unsigned workers;
	bool check, stdin_packet, help, version;
	char hostname[64];
};

struct daemon {
	struct event_base *loop;
	struct verifier *trusted;
	struct bus *bus;
	struct responder *responder;
	struct event *signals[3];
};

enum { ROW_COUNT = 14, WORKERS_MAX = 256 };

/* clang-format off */
static void fill_rows(struct settings *s, struct option_row rows[ROW_COUNT])
{
	const struct option_row all[ROW_COUNT] = {
		{ "policy", OPTION_TEXT, &s->policy, "DIR",
		  "policy to serve: a directory or one file", 0, 0 },
		{ "listen", OPTION_LIST, &s->listen, "ADDR:PORT",
		  "answer here, UDP and TCP; may be repeated "
		  "(default 127.0.0.1:5300)", 0, 0 },
		{ "workers", OPTION_NUMBER, &s->workers, "N",
		  "UDP threads for each address (default one per core)",
		  1, WORKERS_MAX },
		{ "user", OPTION_TEXT, &s->user, "USER",
		  "become this user after binding", 0, 0 },
		{ "name", OPTION_TEXT, &s->name, "NAME",
		  "this node's name on the bus (default the host's)", 0, 0 },
		{ "bus", OPTION_TEXT, &s->bus, "URL",
		  "redis://[user:password@]host[:port][/environment]", 0, 0 },
		{ "trust", OPTION_LIST, &s->trust, "FILE",
		  "public key (PEM) whose plans are followed; may be repeated",
		  0, 0 },
		{ "keep", OPTION_TEXT, &s->keep, "FILE",
		  "last known good state, to start from without a bus", 0, 0 },
		{ "control", OPTION_TEXT, &s->control, "SOCKET",
		  "unix socket for status and break-glass commands", 0, 0 },
		{ "log", OPTION_TEXT, &s->log, "LEVEL",
		  "debug, info, warn or error (default info)", 0, 0 },
		{ "check", OPTION_FLAG, &s->check, NULL,
		  "load the policy and its databases, say OK, exit", 0, 0 },
		{ "stdin-packet", OPTION_FLAG, &s->stdin_packet, NULL,
		  "answer one message from standard input, exit", 0, 0 },
		{ "help", OPTION_FLAG, &s->help, NULL, "this text", 0, 0 },
		{ "version", OPTION_FLAG, &s->version, NULL,
		  "the version", 0, 0 },
	};

	memcpy(rows, all, sizeof(all));
}
/* clang-format on */

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
	if (s->policy == NULL && !s->help && !s->version) {
		error_set(err, "option --policy is missing; see --help");
		return false;
	}
	if (s->listen.count == 0)
		s->listen.items[s->listen.count++] = "127.0.0.1:5300";
	if (s->name == NULL &&
	    gethostname(s->hostname, sizeof(s->hostname) - 1) == 0)
		s->name = s->hostname;
	return log_choose(s->log, err);
}

static void print_help(const struct option_row *rows)
{
	printf("usage: windrose-dns --policy DIR [options]\n\n");
	option_print(rows, ROW_COUNT, stdout);
	printf("\nSee windrose-dns(8).\n");
}

/* Each connection is a descriptor: take as many as we may have. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
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
	responder_reload(d->responder);
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

static bool trust_keys(struct daemon *d, const struct settings *s,
		       struct error *err)
{
	d->trusted = verifier_new();
	if (d->trusted == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	for (size_t i = 0; i < s->trust.count; i++)
		if (!verifier_add_file(d->trusted, s->trust.items[i], err))
			return false;
	return true;
}

static bool start(struct daemon *d, const struct settings *s, struct error *err)
{
	const struct redis_config redis = { .url = s->bus };
	struct responder_config config = {
		.policy_path = s->policy,
		.listen = s->listen.items,
		.listen_count = s->listen.count,
		.workers = s->workers,
		.user = s->user,
		.name = s->name,
		.keep_path = s->keep,
		.control_path = s->control,
	};

	d->loop = event_base_new();
	if (d->loop == NULL) {
		error_set(err, "no event loop");
		return false;
	}
	if (!trust_keys(d, s, err))
		return false;
	if (s->bus != NULL) {
		d->bus = redis_bus_new(d->loop, &redis, err);
		if (d->bus == NULL)
			return false;
	}
	config.bus = d->bus;
	config.trusted = s->trust.count > 0 ? d->trusted : NULL;
	d->responder = responder_start(d->loop, &config, err);
	return d->responder != NULL && start_signals(d, err);
}

static void stop(struct daemon *d)
{
	responder_stop(d->responder);
	bus_free(d->bus);
	verifier_free(d->trusted);
	for (size_t i = 0; i < sizeof(d->signals) / sizeof(d->signals[0]); i++)
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
	if (d->loop != NULL)
		event_base_free(d->loop);
}

static int serve(const struct settings *s)
{
	struct daemon d = { 0 };
	struct error err;
	char line[400];
	bool ok;

	raise_descriptor_limit();
	ok = start(&d, s, &err);
	if (ok) {
		notify_manager("READY=1");
		event_base_dispatch(d.loop);
		notify_manager("STOPPING=1");
	} else {
		fprintf(stderr, "windrose-dns: %s\n",
			error_line(&err, line, sizeof(line)));
	}
	stop(&d);
	return ok ? STATUS_OK : STATUS_FAILED;
}

int main(int argc, char **argv)
{
	struct settings s = { 0 };
	struct option_row rows[ROW_COUNT];
	struct error err;
	bool ok;

	fill_rows(&s, rows);
	if (!read_settings(&s, rows, argc, argv, &err)) {
		fprintf(stderr, "windrose-dns: %s\n", err.text);
		return STATUS_USAGE;
	}
	if (s.help) {
		print_help(rows);
		return STATUS_OK;
	}
	if (s.version) {
		printf("windrose-dns %s\n", PACKAGE_VERSION);
		return STATUS_OK;
	}
	if (!s.check && !s.stdin_packet)
		return serve(&s);
	ok = s.check ? once_check(s.policy, stdout, stderr)
		     : once_answer(s.policy, stdin, stdout, stderr);
	return ok ? STATUS_OK : STATUS_FAILED;
}
