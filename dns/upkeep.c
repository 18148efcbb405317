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

/* Where a policy is, and its digest, when that is known before; "": any. */
struct aim {
	char *path; /* owned */
	char digest[65];
};

struct upkeep {
	struct upkeep_config config;
	struct loader *loader;
	struct watch *watch;
	struct renewal *renewal;
	struct upkeep_state state;
	struct aim served;            /* what is in force */
	struct aim aim;               /* what was asked for last */
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
static void first_error(const struct errors *errs, char line[NODE_TEXT_SIZE])
{
	snprintf(line, NODE_TEXT_SIZE, "out of memory");
	for (size_t i = errs->count; i-- > 0;)
		if (errs->list[i].severity == SEVERITY_ERROR)
			error_line(&errs->list[i].error, line, NODE_TEXT_SIZE);
}

/* That of a policy that was never in force is for who asked for it to tell. */
static void tell_failure(struct upkeep *u, const struct errors *errs,
			 const char *line)
{
	log_event(LOG_LEVEL_ERROR, "dns", "reload-failed",
		  "errors=%zu hint=\"the old policy stays\"", errs->fatal);
	u->state.failed_reloads++;
	if (strcmp(u->aim.path, u->served.path) == 0)
		snprintf(u->trouble, sizeof(u->trouble), "reload failed: %.*s",
			 NODE_TEXT_SIZE - 20, line);
}

static void show_trouble(struct upkeep *u)
{
	feed_set_trouble(u->config.feed, u->trouble[0] != '\0'
						 ? u->trouble
						 : renewal_trouble(u->renewal));
}

static bool aim_set(struct aim *aim, const char *path, const char *digest)
{
	char *copy = strdup(path);

	if (copy == NULL)
		return false;
	free(aim->path);
	aim->path = copy;
	snprintf(aim->digest, sizeof(aim->digest), "%s", digest);
	return true;
}

/* A reload may have been under way when another policy was asked for. */
static bool is_aimed(const struct upkeep *u, const struct loaded *loaded)
{
	return loaded->path == NULL || strcmp(loaded->path, u->aim.path) == 0;
}

static bool is_damaged(const struct upkeep *u, const struct loaded *loaded)
{
	const struct aim *aim = is_aimed(u, loaded) ? &u->aim : &u->served;

	return !loaded->renewal && loaded->model != NULL &&
	       aim->digest[0] != '\0' &&
	       strcmp(loaded->model->policy->digest, aim->digest) != 0;
}

/* False: the model before stays. */
static bool adopt(struct upkeep *u, struct loaded *loaded)
{
	struct error err;

	if (loaded->model == NULL)
		return false;
	if (is_damaged(u, loaded)) {
		error_set(&err, "%s: its files are not those of its digest",
			  loaded->path);
	} else {
		if (!loaded->renewal && is_aimed(u, loaded))
			u->config.on_adopt(u->config.arg, loaded->model);
		if (feed_adopt(u->config.feed, loaded->model, &err))
			return true;
	}
	errors_push(&loaded->errs, CODE_RESPONDER_REFUSED, &err);
	model_unref(loaded->model);
	loaded->model = NULL;
	return false;
}

/* What was aimed at is in force, or what is in force is aimed at again. */
static void end_aim(struct upkeep *u, bool adopted)
{
	const struct aim from = adopted ? u->aim : u->served;

	if (strcmp(u->aim.path, u->served.path) != 0)
		(void)aim_set(adopted ? &u->served : &u->aim, from.path,
			      from.digest);
}

static void on_loaded(void *arg, struct loaded *loaded)
{
	struct upkeep *u = arg;
	struct upkeep_result result = { .aimed = is_aimed(u, loaded),
					.damaged = is_damaged(u, loaded) };
	char line[NODE_TEXT_SIZE];
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
		first_error(&loaded->errs, line);
		result.failure = line;
		tell_failure(u, &loaded->errs, line);
	}
	show_trouble(u);
	if (loaded->renewal)
		return;
	if (result.aimed)
		end_aim(u, adopted);
	u->config.on_loaded(u->config.arg, &result);
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
	if (!aim_set(&u->served, config->policy_path, config->digest) ||
	    !aim_set(&u->aim, config->policy_path, config->digest)) {
		error_set(err, "out of memory");
		upkeep_stop(u);
		return NULL;
	}
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
	loader_ask(upkeep->loader, upkeep->aim.path);
}

void upkeep_load(struct upkeep *u, const char *path, const char *digest)
{
	const struct upkeep_result none = { .failure = "out of memory",
					    .aimed = true };

	if (aim_set(&u->aim, path, digest))
		loader_ask(u->loader, u->aim.path);
	else
		u->config.on_loaded(u->config.arg, &none);
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
	free(upkeep->served.path);
	free(upkeep->aim.path);
	free(upkeep);
}
