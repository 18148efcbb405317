/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/responder.h"

#include "dns/account.h"
#include "dns/console.h"
#include "dns/feed.h"
#include "dns/identify.h"
#include "dns/kept.h"
#include "dns/lastgood.h"
#include "dns/loader.h"
#include "dns/model.h"
#include "dns/privilege.h"
#include "dns/sign/signers.h"
#include "dns/slot.h"
#include "dns/stats.h"
#include "dns/succession.h"
#include "dns/tap.h"
#include "dns/upkeep.h"
#include "dns/uptake.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/exporter.h"
#include "policy/base/process.h"
#include "policy/bus/bundles.h"
#include "policy/bus/bus.h"
#include "policy/bus/ring.h"
#include "policy/decide/geo_cache.h"
#include "policy/language/policy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

struct responder {
	struct event_base *loop;                             /* borrowed */
	char *policy_path, *name, *keep_path, *control_path; /* owned copies */
	char *geo_cache;         /* owned; beside keep_path, or NULL */
	struct bus *bus;         /* borrowed; NULL: none */
	struct bundles *bundles; /* borrowed; NULL: none */
	void (*on_relieved)(void *arg);
	void (*on_reload)(void *arg, bool done);
	void *arg;
	struct succession *succession;
	struct transports transports;
	struct stats *stats;
	struct slot slot;
	struct identify *identify;
	struct lastgood *lastgood;
	struct feed *feed;
	struct signers *signers;
	struct upkeep *upkeep;
	struct uptake *uptake; /* NULL: no policy is taken from the bus */
	struct console *console;
	struct exporter *exporter;
	struct tap *tap;
};

static bool copy_text(const char *from, char **to)
{
	*to = from == NULL ? NULL : strdup(from);
	return from == NULL || *to != NULL;
}

static bool copy_config(struct responder *r,
			const struct responder_config *config)
{
	return copy_text(config->policy_path, &r->policy_path) &&
	       copy_text(config->name, &r->name) &&
	       copy_text(config->keep_path, &r->keep_path) &&
	       copy_text(config->control_path, &r->control_path);
}

/* Signatures are renewed with keys that are read again. */
static bool can_read_keys(struct responder *r, const struct policy *policy,
			  const char *user, struct error *err)
{
	struct errors errs = { 0 };
	bool ok = signers_begin(r->signers, policy, clock_wall_ms() / 1000,
				&errs);

	signers_abandon(r->signers);
	if (!ok) {
		errors_print(&errs, stderr);
		error_set(err, "user \"%s\" cannot use the keys of a zone",
			  user);
	}
	errors_fini(&errs);
	return ok;
}

/*
 * Files that only root can read would load now and fail at the first reload:
 * that is better said at the start than at three in the morning.
 */
static bool drop_privileges(struct responder *r,
			    const struct responder_config *config,
			    const struct policy *policy, struct error *err)
{
	if (config->user == NULL)
		return config->keep_capabilities || privilege_forgo(err);
	if (!privilege_drop(config->user, err) ||
	    (config->bundles != NULL && !bundles_check(config->bundles, err)))
		return false;
	if (access(r->policy_path, R_OK) != 0) {
		error_set(err, "%s: user \"%s\" cannot read it: %s",
			  r->policy_path, config->user, strerror(errno));
		return false;
	}
	return can_read_keys(r, policy, config->user, err);
}

static void on_adopt(void *arg, const struct model *model)
{
	struct responder *r = arg;

	if (r->uptake != NULL)
		uptake_adopt(r->uptake, model);
}

static void on_loaded(void *arg, const struct upkeep_result *result)
{
	struct responder *r = arg;

	if (r->uptake != NULL)
		uptake_loaded(r->uptake, result);
	if (r->on_reload != NULL)
		r->on_reload(r->arg, true);
}

static void on_reload(void *arg)
{
	responder_reload(arg);
}

/* What there is to tell by now. */
static struct account account_of(struct responder *r)
{
	return (struct account){
		.feed = r->feed,
		.upkeep = r->upkeep,
		.stats = r->stats,
		.transports = &r->transports,
		.tap = r->tap,
		.bus = r->bus,
	};
}

static struct json_t *on_status(void *arg)
{
	const struct account account = account_of(arg);

	return account_status(&account);
}

static void on_scrape(void *arg, struct openmetrics *out)
{
	const struct account account = account_of(arg);

	account_metrics(&account, out);
}

static const char *on_ready(void *arg)
{
	const struct account account = account_of(arg);

	return account_unready(&account);
}

static bool start_exporter(struct responder *r,
			   const struct responder_config *config,
			   struct error *err)
{
	const struct exporter_config exporter = {
		.listen = config->metrics,
		.limits = exporter_default_limits,
		.write = on_scrape,
		.unready = on_ready,
		.arg = r,
	};

	if (config->metrics == NULL)
		return true;
	r->exporter = exporter_start(r->loop, &exporter, err);
	return r->exporter != NULL;
}

static bool start_tap(struct responder *r,
		      const struct responder_config *config, struct error *err)
{
	const struct tap_config tap = {
		.to = config->dnstap,
		.identity = config->name,
		.queues = transports_blocks(&r->transports),
	};

	if (config->dnstap == NULL)
		return true;
	r->tap = tap_start(&tap, err);
	r->slot.tap = r->tap;
	return r->tap != NULL;
}

static bool start_lastgood(struct responder *r,
			   const struct responder_config *config,
			   struct error *err)
{
	const struct ring_config ring = {
		.path = r->keep_path,
		.part = "dns",
		.passing = kept_passing,
		.soak_ms = INT64_C(1000) * config->keep_soak_s,
	};

	if (r->keep_path == NULL)
		return true;
	r->lastgood = lastgood_start(r->loop, &ring, err);
	return r->lastgood != NULL;
}

static void on_release(void *arg)
{
	struct responder *r = arg;

	if (r->uptake != NULL)
		uptake_wake(r->uptake);
}

static void on_bundle(void *arg, const char *digest, const void *octets,
		      size_t len)
{
	struct responder *r = arg;

	if (r->uptake != NULL)
		uptake_hear(r->uptake, digest, octets, len);
}

static bool start_feed(struct responder *r,
		       const struct responder_config *config,
		       struct model *model, struct error *err)
{
	r->stats = stats_new(transports_blocks(&r->transports));
	if (r->stats == NULL) {
		error_set(err, "out of memory for counters");
		return false;
	}
	if (!start_lastgood(r, config, err))
		return false;
	r->feed = feed_start(
		&(struct feed_config){
			.loop = r->loop,
			.slot = &r->slot,
			.stats = r->stats,
			.bus = config->bus,
			.trusted = config->trusted,
			.witnesses = config->witnesses,
			.lastgood = r->lastgood,
			.name = r->name,
			.on_release = on_release,
			.on_bundle = on_bundle,
			.arg = r,
		},
		model, err);
	return r->feed != NULL;
}

static bool start_identity(struct responder *r,
			   const struct responder_config *config,
			   struct error *err)
{
	r->identify = identify_start(r->loop, &r->slot, &config->identity, err);
	return r->identify != NULL;
}

static bool start_uptake(struct responder *r, const char *serving,
			 struct error *err)
{
	if (r->bundles == NULL)
		return true;
	r->uptake = uptake_start(
		&(struct uptake_config){
			.loop = r->loop,
			.bundles = r->bundles,
			.bus = r->bus,
			.feed = r->feed,
			.upkeep = r->upkeep,
			.name = r->name,
			.own_path = r->policy_path,
		},
		serving, err);
	return r->uptake != NULL;
}

static bool start_upkeep(struct responder *r, struct loaded *loaded,
			 struct error *err)
{
	/* Nothing but a promoted bundle is at another path. */
	bool own = loaded->path != NULL &&
		   strcmp(loaded->path, r->policy_path) == 0;
	const char *digest = own ? "" : loaded->model->policy->digest;

	r->upkeep = upkeep_start(
		&(struct upkeep_config){
			.loop = r->loop,
			.policy_path = own ? r->policy_path : loaded->path,
			.digest = digest,
			.geo_cache = r->geo_cache,
			.signers = r->signers,
			.feed = r->feed,
			.on_adopt = on_adopt,
			.on_loaded = on_loaded,
			.arg = r,
		},
		loaded, err);
	return r->upkeep != NULL && start_uptake(r, digest, err);
}

static void on_take_over(void *arg, struct control_call *call)
{
	struct responder *r = arg;

	succession_ask(r->succession, r->console, call);
}

/* A successor answers; connections go on until they end. */
static void on_end(void *arg)
{
	struct responder *r = arg;

	r->on_reload = NULL; /* the service is the successor's to speak for */
	exporter_stop(r->exporter);
	r->exporter = NULL;
	transports_end_udp(&r->transports);
}

static void on_over(void *arg)
{
	struct responder *r = arg;

	if (r->on_relieved != NULL)
		r->on_relieved(r->arg);
}

static bool start_succession(struct responder *r, struct error *err)
{
	r->succession = succession_new(
		&(struct succession_config){
			.loop = r->loop,
			.transports = &r->transports,
			.lastgood = r->lastgood,
			.on_end = on_end,
			.on_over = on_over,
			.arg = r,
		},
		err);
	return r->succession != NULL;
}

static bool start_console(struct responder *r, struct error *err)
{
	int taken = r->transports.before.control_fd;

	if (r->control_path == NULL)
		return true;
	if (!start_succession(r, err))
		return false;
	r->transports.before.control_fd = -1;
	r->console = console_start(r->loop,
				   &(struct console_config){
					   .path = r->control_path,
					   .control_fd = taken,
					   .feed = r->feed,
					   .status = on_status,
					   .reload = on_reload,
					   .take_over = on_take_over,
					   .arg = r,
				   },
				   err);
	return r->console != NULL;
}

/* Binds as who we are, then is nobody of consequence, then all the rest. */
static bool start(struct responder *r, const struct responder_config *config,
		  struct loaded *loaded, struct error *err)
{
	if (!copy_config(r, config)) {
		error_set(err, "out of memory");
		return false;
	}
	process_raise_descriptors(); /* each connection is one */
	return transports_open(&r->transports, &config->transports, err) &&
	       start_exporter(r, config, err) &&
	       drop_privileges(r, config, loaded->model->policy, err) &&
	       start_identity(r, config, err) && start_tap(r, config, err) &&
	       start_feed(r, config, loaded->model, err) &&
	       start_upkeep(r, loaded, err) && start_console(r, err) &&
	       transports_start(&r->transports, &r->slot, r->stats, err);
}

struct responder *responder_start(struct event_base *loop,
				  const struct responder_config *config,
				  struct error *err)
{
	struct responder *r = calloc(1, sizeof(*r));
	struct signers *signers = signers_new();
	struct loaded loaded = { 0 };
	bool ok = false;

	if (signers != NULL && r != NULL &&
	    geo_cache_beside(config->keep_path, &r->geo_cache))
		loaded = uptake_first(config->bundles, config->policy_path,
				      r->geo_cache, signers);
	errors_print(&loaded.errs, stderr);
	if (r == NULL || signers == NULL) {
		error_set(err, "out of memory");
		signers_free(signers);
	} else if (loaded.model == NULL) {
		error_set(err, "%s: the policy does not load",
			  config->policy_path);
		signers_free(signers);
	} else {
		r->loop = loop;
		r->signers = signers;
		r->bus = config->bus;
		r->bundles = config->bundles;
		r->on_relieved = config->on_relieved;
		r->on_reload = config->on_reload;
		r->arg = config->arg;
		transports_init(&r->transports);
		slot_init(&r->slot, NULL);
		ok = start(r, config, &loaded, err);
	}
	if (ok)
		loaded_log(&loaded, "start");
	loader_result_fini(&loaded);
	if (ok)
		return r;
	responder_stop(r);
	return NULL;
}

void responder_reload(struct responder *r)
{
	if (r->on_reload != NULL)
		r->on_reload(r->arg, false);
	identify_reload(r->identify);
	transports_reload(&r->transports);
	upkeep_reload(r->upkeep);
	if (r->uptake != NULL)
		uptake_retry(r->uptake);
}

const char *responder_digest(const struct responder *r)
{
	return feed_model(r->feed)->policy->digest;
}

void responder_relieve(struct responder *r)
{
	takeover_relieve(&r->transports.before);
	if (r->console != NULL)
		console_hold(r->console, false);
}

void responder_stop(struct responder *r)
{
	if (r == NULL)
		return;
	upkeep_stop(r->upkeep); /* a load takes its time: answering goes on */
	uptake_stop(r->uptake);
	r->uptake = NULL;
	exporter_stop(r->exporter);
	succession_free(r->succession);
	transports_fini(&r->transports);
	tap_stop(r->tap);
	console_stop(r->console);
	feed_stop(r->feed);
	lastgood_stop(r->lastgood);
	identify_stop(r->identify);
	slot_fini(&r->slot);
	signers_free(r->signers);
	stats_free(r->stats);
	free(r->policy_path);
	free(r->name);
	free(r->keep_path);
	free(r->geo_cache);
	free(r->control_path);
	free(r);
}
