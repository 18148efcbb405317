/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/uptake.h"

#include "dns/feed.h"
#include "dns/loader.h"
#include "dns/model.h"
#include "dns/rehearsal.h"
#include "dns/upkeep.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/news.h"
#include "policy/bus/bundles.h"
#include "policy/bus/bus.h"
#include "policy/bus/plan_release.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

enum {
	FETCH_AGAIN_MS = 1000,
	REHEARSE_MS = 5000, /* on trial: health changes what is answered */
};

struct uptake {
	struct uptake_config config;
	struct event *again;
	char serving[BUNDLE_DIGEST_SIZE]; /* "": its own files */
	char loading[BUNDLE_DIGEST_SIZE];
	bool busy;         /* loading counts */
	struct news unfit; /* bundles from the bus that are none */
	struct feed_uptake told;
	struct rehearsal *rehearsal; /* while on trial */
};

/* What this node is to serve; NULL: whatever it does. */
static const char *wanted(const struct uptake *u)
{
	return plan_release_wanted(feed_release(u->config.feed),
				   u->config.name);
}

static bool is_own(const char *digest)
{
	return *digest == '\0';
}

static void arm(struct uptake *u, int64_t ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	evtimer_add(u->again, &tv);
}

static void rehearse(struct uptake *u)
{
	char quoted[NODE_TEXT_SIZE + 16];
	uint32_t before = u->told.mute_count;

	if (u->rehearsal == NULL)
		return;
	u->told.mute_count =
		rehearsal_mute(u->rehearsal, feed_table(u->config.feed),
			       u->told.mute, sizeof(u->told.mute));
	if (u->told.mute_count != before)
		log_event(LOG_LEVEL_WARN, "dns", "mute", "services=%u text=%s",
			  u->told.mute_count,
			  log_quote(u->told.mute, quoted, sizeof(quoted)));
	feed_set_uptake(u->config.feed, &u->told);
}

static void end_trial(struct uptake *u)
{
	rehearsal_free(u->rehearsal);
	u->rehearsal = NULL;
	u->told.mute_count = 0;
	u->told.mute[0] = '\0';
}

/* It serves what it should: is that what all serve? */
static void settle(struct uptake *u)
{
	const struct plan_release *release = feed_release(u->config.feed);
	struct error err;
	char quoted[300];

	if (strcmp(release->base, u->serving) != 0)
		return;
	if (u->rehearsal != NULL) {
		end_trial(u);
		feed_set_uptake(u->config.feed, &u->told);
	}
	if (strcmp(bundles_promoted(u->config.bundles), u->serving) == 0)
		return;
	if (!bundles_promote(u->config.bundles, u->serving, &err)) {
		log_event(LOG_LEVEL_ERROR, "dns", "policy-unkept", "error=%s",
			  log_quote(err.text, quoted, sizeof(quoted)));
		return;
	}
	bundles_prune(u->config.bundles, release->next);
	log_event(LOG_LEVEL_INFO, "dns", "policy-promoted", "digest=%.16s",
		  is_own(u->serving) ? "own" : u->serving);
}

static void forget_refusal(struct uptake *u, const char *want)
{
	if (u->told.refused_digest[0] == '\0' ||
	    strcmp(u->told.refused_digest, want) == 0)
		return;
	u->told.refused_digest[0] = '\0';
	u->told.refused_reason[0] = '\0';
	feed_set_uptake(u->config.feed, &u->told);
}

static void load(struct uptake *u, const char *want)
{
	char path[BUNDLES_PATH_SIZE];

	snprintf(u->loading, sizeof(u->loading), "%s", want);
	u->busy = true;
	if (is_own(want))
		upkeep_load(u->config.upkeep, u->config.own_path, "");
	else
		upkeep_load(u->config.upkeep,
			    bundles_path(u->config.bundles, want, path), want);
}

void uptake_wake(struct uptake *u)
{
	const char *want = wanted(u);

	if (want == NULL || u->busy)
		return;
	forget_refusal(u, want);
	if (strcmp(want, u->serving) == 0) {
		settle(u);
		return;
	}
	if (strcmp(want, u->told.refused_digest) == 0 && !is_own(want))
		return;
	if (is_own(want) || bundles_have(u->config.bundles, want)) {
		load(u, want);
		return;
	}
	if (u->config.bus != NULL)
		bus_fetch(u->config.bus, want);
	arm(u, FETCH_AGAIN_MS);
}

void uptake_retry(struct uptake *u)
{
	forget_refusal(u, "");
	uptake_wake(u);
}

/* What is not what was asked for is not this policy's fault: it is asked for
 * again. */
void uptake_hear(struct uptake *u, const char *digest, const void *octets,
		 size_t len)
{
	const char *want = wanted(u);
	struct error err;
	char quoted[300];

	if (want == NULL || strcmp(want, digest) != 0)
		return;
	if (bundles_take(u->config.bundles, digest, octets, len, &err)) {
		log_event(LOG_LEVEL_INFO, "dns", "policy-fetched",
			  "digest=%.16s octets=%zu", digest, len);
		uptake_wake(u);
	} else if (news_of(&u->unfit, digest, err.text, clock_now_ms())) {
		log_event(LOG_LEVEL_ERROR, "dns", "policy-unfit",
			  "digest=%.16s error=%s", digest,
			  log_quote(err.text, quoted, sizeof(quoted)));
	}
}

void uptake_adopt(struct uptake *u, const struct model *model)
{
	if (!u->busy)
		return;
	end_trial(u);
	u->rehearsal = rehearsal_new(feed_table(u->config.feed), model->geo);
}

static void refuse(struct uptake *u, const char *reason)
{
	snprintf(u->told.refused_digest, sizeof(u->told.refused_digest), "%s",
		 u->loading);
	snprintf(u->told.refused_reason, sizeof(u->told.refused_reason), "%s",
		 reason);
	feed_set_uptake(u->config.feed, &u->told);
}

void uptake_loaded(struct uptake *u, const struct upkeep_result *result)
{
	if (!u->busy || !result->aimed)
		return;
	u->busy = false;
	if (result->failure == NULL) {
		memcpy(u->serving, u->loading, sizeof(u->serving));
		log_event(LOG_LEVEL_INFO, "dns", "policy", "from=%s",
			  is_own(u->serving) ? "files" : u->serving);
		rehearse(u);
		arm(u, REHEARSE_MS);
	} else if (is_own(u->loading)) {
		arm(u, REHEARSE_MS);
		return;
	} else if (result->damaged) {
		bundles_drop(u->config.bundles, u->loading);
	} else {
		refuse(u, result->failure);
	}
	uptake_wake(u);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct uptake *u = arg;

	(void)fd, (void)what;
	uptake_wake(u);
	if (u->rehearsal == NULL || u->busy)
		return;
	rehearse(u);
	arm(u, REHEARSE_MS);
}

struct loaded uptake_first(struct bundles *bundles, const char *own_path,
			   const char *geo_cache, struct signers *signers)
{
	const char *digest = bundles == NULL ? "" : bundles_promoted(bundles);
	char path[BUNDLES_PATH_SIZE];
	struct loaded loaded;

	if (is_own(digest))
		return loader_load(own_path, geo_cache, signers);
	loaded = loader_load(bundles_path(bundles, digest, path), geo_cache,
			     signers);
	if (loaded.model != NULL &&
	    strcmp(loaded.model->policy->digest, digest) == 0)
		return loaded;
	log_event(LOG_LEVEL_ERROR, "dns", "policy-lost",
		  "digest=%.16s hint=\"the files of this node are served\"",
		  digest);
	errors_print(&loaded.errs, stderr);
	loader_result_fini(&loaded);
	bundles_drop(bundles, digest);
	return loader_load(own_path, geo_cache, signers);
}

struct uptake *uptake_start(const struct uptake_config *config,
			    const char *serving, struct error *err)
{
	struct uptake *u = calloc(1, sizeof(*u));

	if (u != NULL)
		u->again = evtimer_new(config->loop, on_again, u);
	if (u == NULL || u->again == NULL) {
		error_set(err, "out of memory");
		free(u);
		return NULL;
	}
	u->config = *config;
	u->told.takes_policy = true;
	snprintf(u->serving, sizeof(u->serving), "%s", serving);
	feed_set_uptake(config->feed, &u->told);
	arm(u, 0);
	return u;
}

void uptake_stop(struct uptake *u)
{
	if (u == NULL)
		return;
	event_free(u->again);
	rehearsal_free(u->rehearsal);
	free(u);
}
