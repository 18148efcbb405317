/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/windrose-up.h"

#include "dns/responder.h"
#include "health/prober.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/option.h"
#include "policy/bus/bus.h"
#include "policy/bus/memory.h"
#include "policy/bus/sign.h"
#include "policy/language/policy.h"
#include "steering/steerer.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/thread.h>

/* argv is small: one path and a few options. */
enum { OPERANDS_MAX = 80 };

struct up_options {
	const char *path;
	struct option_list listen;
	unsigned workers;
	const char *user, *vantage, *state, *control, *log;
	bool help;
};

/* What runs, in the order it is started. */
struct up {
	struct event_base *loop;
	struct memory_hub *hub;
	struct bus *buses[3];
	struct signer *key;
	struct verifier *trusted;
	struct steerer *steerer;
	struct prober *prober;
	struct responder *responder;
	struct event *stop[2], *reload;
	/* Below --state; empty without it. */
	char keep_dns[PATH_MAX], keep_steer[PATH_MAX], journal[PATH_MAX];
	char key_path[PATH_MAX];
};

static int read_options(struct up_options *o, int argc, char **argv)
{
	const struct option_row rows[] = {
		{ "listen", OPTION_LIST, &o->listen, "ADDR:PORT",
		  "answer DNS here, UDP and TCP; may be repeated; default "
		  "127.0.0.1:5300",
		  0, 0 },
		{ "workers", OPTION_NUMBER, &o->workers, "N",
		  "UDP threads; default one per core", 1, 256 },
		{ "user", OPTION_TEXT, &o->user, "NAME",
		  "become this user after binding", 0, 0 },
		{ "vantage", OPTION_TEXT, &o->vantage, "NAME",
		  "which of the policy's vantages this is; default the first",
		  0, 0 },
		{ "state", OPTION_TEXT, &o->state, "DIR",
		  "keep the last known good and the audit file here", 0, 0 },
		{ "control", OPTION_TEXT, &o->control, "SOCKET",
		  "where windrose status, drain, ... ask; default "
		  "/tmp/windrose.sock",
		  0, 0 },
		{ "log", OPTION_TEXT, &o->log, "LEVEL",
		  "debug, info, warn or error; default info", 0, 0 },
		{ "help", OPTION_FLAG, &o->help, NULL, "this text", 0, 0 },
	};
	const char *operands[OPERANDS_MAX];
	struct error err;
	int left = -1;

	if (argc <= OPERANDS_MAX)
		left = option_parse(rows, sizeof(rows) / sizeof(rows[0]), argc,
				    argv, operands, &err);
	else
		error_set(&err, "too many words");
	if (left >= 0 && o->help) {
		printf("usage: windrose up PATH [options]\n\n");
		option_print(rows, sizeof(rows) / sizeof(rows[0]), stdout);
		return 0;
	}
	if (left >= 0 && left != 1) {
		error_set(&err, "exactly one policy is needed: windrose up "
				"PATH [options]");
		left = -1;
	}
	if (left < 0 || !log_choose(o->log, &err)) {
		fprintf(stderr, "windrose up: %s\n", err.text);
		return 2;
	}
	o->path = operands[0];
	if (o->listen.count == 0)
		o->listen.items[o->listen.count++] = "127.0.0.1:5300";
	if (o->control == NULL)
		o->control = "/tmp/windrose.sock";
	return 0;
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct up *up = arg;

	(void)fd, (void)what;
	event_base_loopbreak(up->loop);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
	struct up *up = arg;

	(void)fd, (void)what;
	steerer_reload(up->steerer);
	if (up->prober != NULL)
		prober_reload(up->prober);
	responder_reload(up->responder);
}

/*
 * With --state the key stays from run to run, so that the plan kept there is
 * believed again; without it the key lives and dies with the process.
 */
static bool make_key(struct up *up, struct error *err)
{
	if (*up->key_path != '\0' && access(up->key_path, F_OK) == 0) {
		up->key = signer_open(up->key_path, err);
		return up->key != NULL;
	}
	up->key = signer_new(err);
	return up->key != NULL && (*up->key_path == '\0' ||
				   signer_save(up->key, up->key_path, err));
}

static bool make_bus(struct up *up, struct error *err)
{
	up->loop = event_base_new();
	up->hub = up->loop == NULL ? NULL : memory_hub_new(up->loop);
	for (size_t i = 0; i < 3 && up->hub != NULL; i++)
		up->buses[i] = memory_bus_new(up->hub);
	up->trusted = verifier_new();
	if (up->buses[2] == NULL || up->trusted == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	return make_key(up, err) &&
	       verifier_add_signer(up->trusted, up->key, err);
}

static bool place_state(struct up *up, const char *folder, struct error *err)
{
	if (folder == NULL)
		return true;
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		error_set(err, "--state %s: cannot make it: %s", folder,
			  strerror(errno));
		return false;
	}
	snprintf(up->keep_dns, PATH_MAX, "%s/dns.keep", folder);
	snprintf(up->keep_steer, PATH_MAX, "%s/steer.keep", folder);
	snprintf(up->journal, PATH_MAX, "%s/audit.jsonl", folder);
	snprintf(up->key_path, PATH_MAX, "%s/plan.key", folder);
	return true;
}

static bool start_steerer(struct up *up, const struct up_options *o,
			  struct error *err)
{
	const struct steerer_config config = {
		.policy_path = o->path,
		.name = "up-steer",
		.journal_path = o->state == NULL ? NULL : up->journal,
		.keep_path = o->state == NULL ? NULL : up->keep_steer,
		.control_path = o->control,
		.bus = up->buses[0],
		.key = up->key,
		.plans = up->trusted,
		.people = up->trusted,
		.open_control = 1,
	};

	up->steerer = steerer_start(up->loop, &config, err);
	return up->steerer != NULL;
}

/* A policy without vantages is not probed; everything counts as healthy. */
static bool start_prober(struct up *up, const struct up_options *o,
			 const char *vantage, struct error *err)
{
	const struct prober_config config = {
		.policy_path = o->path,
		.vantage = vantage,
		.name = "up-health",
		.bus = up->buses[1],
	};

	if (vantage == NULL)
		return true;
	up->prober = prober_start(up->loop, &config, err);
	return up->prober != NULL;
}

static bool start_responder(struct up *up, const struct up_options *o,
			    struct error *err)
{
	const struct responder_config config = {
		.policy_path = o->path,
		.listen = o->listen.items,
		.listen_count = o->listen.count,
		.workers = o->workers,
		.user = o->user,
		.name = "up-dns",
		.keep_path = o->state == NULL ? NULL : up->keep_dns,
		.bus = up->buses[2],
		.trusted = up->trusted,
	};

	up->responder = responder_start(up->loop, &config, err);
	return up->responder != NULL;
}

static bool add_signals(struct up *up)
{
	up->stop[0] = evsignal_new(up->loop, SIGTERM, on_stop, up);
	up->stop[1] = evsignal_new(up->loop, SIGINT, on_stop, up);
	up->reload = evsignal_new(up->loop, SIGHUP, on_reload, up);
	return up->stop[0] != NULL && up->stop[1] != NULL &&
	       up->reload != NULL && event_add(up->stop[0], NULL) == 0 &&
	       event_add(up->stop[1], NULL) == 0 &&
	       event_add(up->reload, NULL) == 0;
}

static void stop_all(struct up *up)
{
	struct event *events[] = { up->stop[0], up->stop[1], up->reload };

	for (size_t i = 0; i < 3; i++)
		if (events[i] != NULL)
			event_free(events[i]);
	responder_stop(up->responder);
	prober_stop(up->prober);
	steerer_stop(up->steerer);
	for (size_t i = 0; i < 3; i++)
		bus_free(up->buses[i]);
	memory_hub_free(up->hub);
	verifier_free(up->trusted);
	signer_free(up->key);
	if (up->loop != NULL)
		event_base_free(up->loop);
}

/* The vantage to probe from: the one asked for, else the policy's first. */
static bool choose_vantage(const struct up_options *o, char *name, size_t size)
{
	struct errors errs = { 0 };
	struct policy *policy = policy_load(o->path, &errs);
	const char *chosen = o->vantage;

	errors_print(&errs, stderr);
	errors_fini(&errs);
	if (policy == NULL)
		return false;
	if (chosen == NULL && policy->vantage_count > 0)
		chosen = policy->vantages[0].name;
	snprintf(name, size, "%s", chosen == NULL ? "" : chosen);
	policy_free(policy);
	return true;
}

int up_run(int argc, char **argv)
{
	struct up_options options = { 0 };
	struct up up = { 0 };
	struct error err = { 0 };
	char vantage[POLICY_NAME_MAX + 1];
	int status = read_options(&options, argc, argv);

	if (status != 0 || options.help)
		return status;
	if (!choose_vantage(&options, vantage, sizeof(vantage)))
		return 1;
	evthread_use_pthreads();
	if (place_state(&up, options.state, &err) && make_bus(&up, &err) &&
	    add_signals(&up) && start_responder(&up, &options, &err) &&
	    start_steerer(&up, &options, &err) &&
	    start_prober(&up, &options, *vantage == '\0' ? NULL : vantage,
			 &err)) {
		log_event(LOG_LEVEL_INFO, "up", "ready", "control=%s",
			  options.control);
		event_base_dispatch(up.loop);
	} else {
		char line[4600];

		fprintf(stderr, "windrose up: %s\n",
			error_line(&err, line, sizeof(line)));
		status = 1;
	}
	stop_all(&up);
	return status;
}
