/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/windrose-up.h"

#include "dns/identity.h"
#include "dns/responder.h"
#include "health/prober.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/program.h"
#include "policy/bus/bus.h"
#include "policy/bus/memory.h"
#include "policy/bus/sign.h"
#include "policy/language/policy.h"
#include "steering/steerer.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/thread.h>

struct up_options {
	const char *path;
	struct option_list listen, explain_to;
	struct identity identity; /* whom the responder tells why */
	unsigned workers;
	const char *user, *vantage, *state, *control, *programs, *page;
	char first[POLICY_NAME_MAX + 1]; /* the vantage to probe from, or "" */
};

/* What runs, in the order it is started. */
struct up {
	struct up_options *options;
	struct event_base *loop;
	struct memory_hub *hub;
	struct bus *buses[3];
	struct sealer *key;
	struct verifier *trusted;
	struct steerer *steerer;
	struct prober *prober;
	struct responder *responder;
	/* Below --state; empty without it. */
	char keep_dns[PATH_MAX], keep_steer[PATH_MAX], journal[PATH_MAX];
	char key_path[PATH_MAX];
};

enum { ROWS = 9 };

static void fill_rows(struct up_options *o, struct option_row out[ROWS])
{
	const struct option_row rows[ROWS] = {
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
		{ "explain-to", OPTION_LIST, &o->explain_to, "NETWORK",
		  "tell these clients why: TXT of _explain.NAME in class "
		  "CHAOS; may be repeated",
		  0, 0 },
		{ "state", OPTION_TEXT, &o->state, "DIR",
		  "keep the last known good and the audit file here", 0, 0 },
		{ "control", OPTION_TEXT, &o->control, "SOCKET",
		  "where windrose status, drain, ... ask; default "
		  "/tmp/windrose.sock",
		  0, 0 },
		{ "page", OPTION_TEXT, &o->page, "[ADDR:]PORT",
		  "serve the status page here (ADDR 127.0.0.1)", 0, 0 },
		{ "programs", OPTION_TEXT, &o->programs, "DIR",
		  "where the programs of external checks are", 0, 0 },
	};

	memcpy(out, rows, sizeof(rows));
}

static void fill_defaults(struct up_options *o)
{
	if (o->listen.count == 0)
		o->listen.items[o->listen.count++] = "127.0.0.1:5300";
	if (o->control == NULL)
		o->control = "/tmp/windrose.sock";
}

static void reload(void *arg)
{
	struct up *up = arg;

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
		up->key = sealer_open(up->key_path, err);
		return up->key != NULL;
	}
	up->key = sealer_new(err);
	return up->key != NULL && (*up->key_path == '\0' ||
				   sealer_save(up->key, up->key_path, err));
}

static bool make_bus(struct up *up, struct error *err)
{
	up->hub = memory_hub_new(up->loop);
	for (size_t i = 0; i < 3 && up->hub != NULL; i++)
		up->buses[i] = memory_bus_new(up->hub);
	up->trusted = verifier_new();
	if (up->buses[2] == NULL || up->trusted == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	return make_key(up, err) &&
	       verifier_add_sealer(up->trusted, up->key, err);
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
		.page_listen = o->page,
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
			 struct error *err)
{
	const struct prober_config config = {
		.policy_path = o->path,
		.vantage = o->first,
		.name = "up-health",
		.programs = o->programs,
		.bus = up->buses[1],
		.trusted = up->trusted,
	};

	if (o->first[0] == '\0')
		return true;
	up->prober = prober_start(up->loop, &config, err);
	return up->prober != NULL;
}

static bool start_responder(struct up *up, const struct up_options *o,
			    struct error *err)
{
	const struct responder_config config = {
		.policy_path = o->path,
		.transports = {
			.listen = o->listen.items,
			.listen_count = o->listen.count,
			.workers = o->workers,
		},
		.user = o->user,
		.keep_capabilities = true,
		.name = "up-dns",
		.identity = { &o->identity, NULL },
		.keep_path = o->state == NULL ? NULL : up->keep_dns,
		.bus = up->buses[2],
		.trusted = up->trusted,
	};

	up->responder = responder_start(up->loop, &config, err);
	return up->responder != NULL;
}

/* The vantage to probe from: the one asked for, else the policy's first. */
static bool choose_vantage(struct up_options *o, struct error *err)
{
	struct errors errs = { 0 };
	struct policy *policy = policy_load(o->path, &errs);
	const char *chosen = o->vantage;

	errors_print(&errs, stderr);
	errors_fini(&errs);
	if (policy == NULL) {
		error_set(err, "%s does not load", o->path);
		return false;
	}
	if (chosen == NULL && policy->vantage_count > 0)
		chosen = policy->vantages[0].name;
	snprintf(o->first, sizeof(o->first), "%s",
		 chosen == NULL ? "" : chosen);
	policy_free(policy);
	return true;
}

static bool start(void *arg, struct event_base *loop, struct error *err)
{
	struct up *up = arg;
	struct up_options *o = up->options;

	up->loop = loop;
	if (!choose_vantage(o, err) || !place_state(up, o->state, err) ||
	    !make_bus(up, err) || !start_responder(up, o, err) ||
	    !start_steerer(up, o, err) || !start_prober(up, o, err))
		return false;
	log_event(LOG_LEVEL_INFO, "up", "ready", "control=%s", o->control);
	return true;
}

static void stop(void *arg)
{
	struct up *up = arg;

	responder_stop(up->responder);
	prober_stop(up->prober);
	steerer_stop(up->steerer);
	for (size_t i = 0; i < 3; i++)
		bus_free(up->buses[i]);
	memory_hub_free(up->hub);
	verifier_free(up->trusted);
	sealer_free(up->key);
}

static bool read_identity(struct up_options *o, struct error *err)
{
	const struct identity_words words = {
		.explain_to = o->explain_to.items,
		.explain_to_count = o->explain_to.count,
	};

	return identity_read(&words, &o->identity, err);
}

int up_run(int argc, char **argv)
{
	struct up_options options = { 0 };
	struct option_row rows[ROWS];
	const struct program program = {
		.name = "windrose up",
		.usage = "PATH [options]",
		.manual = "windrose(1)",
		.rows = rows,
		.row_count = ROWS,
		.operand = &options.path,
	};
	struct up up = { .options = &options };
	const struct program_life life = { start, reload, stop, &up };
	enum program_status status;
	struct error err;

	fill_rows(&options, rows);
	status = program_read(&program, argc, argv);
	if (status != PROGRAM_GO)
		return status;
	if (!read_identity(&options, &err))
		return program_fail(&program, &err, PROGRAM_USAGE);
	fill_defaults(&options);
	evthread_use_pthreads();
	return program_run(&program, &life);
}
