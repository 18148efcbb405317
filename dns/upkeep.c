/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/upkeep.h"

#include "dns/feed.h"
#include "dns/loader.h"
#include "dns/model.h"
#include "dns/renewal.h"
#include "dns/watch.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/base/log.h"
#include "policy/bus/node.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct upkeep {
	struct upkeep_config config;
	struct loader *loader;
	struct watch *watch;
	struct renewal *renewal;
	struct upkeep_state state;
	uint64_t warnings_told;       /* by the last renewal */
	char trouble[NODE_TEXT_SIZE]; /* of the last load, until one succeeds */
};

/* The same for the same warnings. */
static uint64_t digest_warnings(const struct errors *errs)
{
	uint64_t digest = HASH_FNV_OFFSET;

	for (size_t i = 0; i < errs->count; i++)
		if (errs->list[i].severity == SEVERITY_WARNING)
			digest = hash_octets(digest, errs->list[i].error.text,
					     strlen(errs->list[i].error.text));
	return digest;
}

/* Those of keys that a renewal finds again were told before. */
static void log_findings(struct upkeep *u, const struct loaded *loaded)
{
	const struct errors *errs = &loaded->errs;
	uint64_t warnings = digest_warnings(errs);
	bool again = loaded->renewal && warnings == u->warnings_told;

	for (size_t i = 0; i < errs->count; i++) {
		bool error = errs->list[i].severity == SEVERITY_ERROR;
		char line[400], quoted[420];

		if (again && !error)
			continue;
		error_line(&errs->list[i].error, line, sizeof(line));
		log_event(error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "dns",
			  loaded->renewal ? "signing-finding"
					  : "reload-finding",
			  "text=%s", log_quote(line, quoted, sizeof(quoted)));
	}
	if (loaded->renewal)
		u->warnings_told = warnings;
}

/* The first error that is one, for the node's record. */
static void tell_failure(struct upkeep *u, const struct errors *errs)
{
	char line[NODE_TEXT_SIZE] = "out of memory";

	u->state.failed_reloads++;
	for (size_t i = errs->count; i-- > 0;)
		if (errs->list[i].severity == SEVERITY_ERROR)
			error_line(&errs->list[i].error, line, sizeof(line));
	snprintf(u->trouble, sizeof(u->trouble), "reload failed: %.*s",
		 NODE_TEXT_SIZE - 20, line);
}

static void show_trouble(struct upkeep *u)
{
	feed_set_trouble(u->config.feed, u->trouble[0] != '\0'
						 ? u->trouble
						 : renewal_trouble(u->renewal));
}

/* False: the model before stays. */
static bool adopt(struct upkeep *u, struct loaded *loaded)
{
	struct error err;

	if (loaded->model != NULL &&
	    feed_adopt(u->config.feed, loaded->model, &err))
		return true;
	if (loaded->model != NULL) {
		errors_push(&loaded->errs, CODE_RESPONDER_REFUSED, &err);
		model_unref(loaded->model);
		loaded->model = NULL;
	}
	return false;
}

static void on_loaded(void *arg, struct loaded *loaded)
{
	struct upkeep *u = arg;
	bool adopted;

	log_findings(u, loaded);
	adopted = adopt(u, loaded);
	renewal_follow(u->renewal, loaded);
	if (!loaded->renewal && adopted) {
		u->state.load_ms = loaded->load_ms;
		u->state.wall_loaded_ms = clock_wall_ms();
		u->state.reloads++;
		watch_follow(u->watch, loaded->model->policy, loaded->stamp);
		u->trouble[0] = '\0';
		loaded_log(loaded, "reload");
	} else if (!loaded->renewal) {
		log_event(LOG_LEVEL_ERROR, "dns", "reload-failed",
			  "errors=%zu hint=\"the old policy stays\"",
			  loaded->errs.fatal);
		tell_failure(u, &loaded->errs);
	}
	show_trouble(u);
	if (!loaded->renewal)
		u->config.on_loaded(u->config.arg);
}

static bool on_changed(void *arg)
{
	struct upkeep *u = arg;

	if (loader_is_busy(u->loader))
		return false;
	upkeep_reload(u);
	return true;
}

static bool start(struct upkeep *u, struct error *err)
{
	const struct upkeep_config *config = &u->config;
	const struct loader_config loader = {
		.loop = config->loop,
		.policy_path = config->policy_path,
		.geo_cache = config->geo_cache,
		.signers = config->signers,
		.done = on_loaded,
		.arg = u,
	};
	struct renewal_config renewal = {
		.loop = config->loop,
		.feed = config->feed,
	};

	u->loader = loader_start(&loader, err);
	if (u->loader == NULL)
		return false;
	renewal.loader = u->loader;
	u->renewal = renewal_start(&renewal, err);
	u->watch = watch_start(config->loop, WATCH_MS, on_changed, u, err);
	return u->renewal != NULL && u->watch != NULL;
}

struct upkeep *upkeep_start(const struct upkeep_config *config,
			    struct loaded *loaded, struct error *err)
{
	struct upkeep *u = calloc(1, sizeof(*u));

	if (u == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	u->config = *config;
	if (!start(u, err)) {
		upkeep_stop(u);
		return NULL;
	}
	u->state.load_ms = loaded->load_ms;
	u->state.wall_loaded_ms = clock_wall_ms();
	watch_follow(u->watch, loaded->model->policy, loaded->stamp);
	renewal_follow(u->renewal, loaded);
	loader_keep(u->loader, loaded->model);
	return u;
}

void upkeep_reload(struct upkeep *upkeep)
{
	loader_ask(upkeep->loader);
}

struct upkeep_state upkeep_state(const struct upkeep *upkeep)
{
	struct upkeep_state state = upkeep->state;

	state.failed_signings = renewal_failures(upkeep->renewal);
	state.signing = renewal_signing(upkeep->renewal);
	return state;
}

void upkeep_stop(struct upkeep *upkeep)
{
	if (upkeep == NULL)
		return;
	watch_stop(upkeep->watch);
	renewal_stop(upkeep->renewal);
	loader_stop(upkeep->loader);
	free(upkeep);
}
