/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply -- the policies of a roll-out at an agent: fetched, tried, told again,
 * and served by when all serve them.
 *
 *   next    fetched and loaded once beside what is in force, to find out
 *           whether it loads; what that came to is the agent's to judge
 *   base    what this agent steers by, as soon as it is the base
 *   both    put on the bus again by the leader, so that a store that was
 *           emptied has them
 *
 * A standby does the same but for the last: it may lead next.  Shell.
 */
#include "steering/steerer_impl.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bundles.h"
#include "policy/bus/bus.h"
#include "policy/language/policy.h"
#include "steering/reload.h"

#include <stdlib.h>
#include <string.h>

enum {
	FETCH_MS = 1000,
	PUT_MS = 60000,
	PUT_TTL_MS = 60 * 60 * 1000,
	RETRY_MS = 30000, /* a base that does not load */
};

/* The newest word on it: the leader's own, or the plan's. */
const struct plan_release *supply_release(const struct steerer *s)
{
	static const struct plan_release none;

	if (s->leads != 0)
		return agent_release(s->agent);
	return s->inputs.plan == NULL ? &none : &s->inputs.plan->release;
}

static bool is_digest(const char *digest)
{
	return digest[0] != '\0';
}

const char *supply_path(const struct steerer *s, char *buf)
{
	const struct plan_release *release = supply_release(s);
	const char *base = release->base;

	if (s->config.bundles == NULL)
		return s->config.policy_path;
	if (release->phase == RELEASE_NONE)
		base = bundles_promoted(s->config.bundles);
	if (!is_digest(base) || !bundles_have(s->config.bundles, base))
		return s->config.policy_path;
	return bundles_path(s->config.bundles, base, buf);
}

bool supply_open(struct steerer *s, struct error *err)
{
	char path[BUNDLES_PATH_SIZE];
	const char *from = supply_path(s, path);
	const char *digest = s->config.bundles == NULL
				     ? ""
				     : bundles_promoted(s->config.bundles);
	bool own = from == s->config.policy_path;

	if (own)
		return loaded_open(from, &s->loaded, err);
	if (loaded_open(from, &s->loaded, err)) {
		if (strcmp(s->loaded.policy->digest, digest) == 0)
			return true;
		loaded_fini(&s->loaded);
	}
	steerer_log_failure("policy-lost", "what was published is damaged; the "
					   "agent's own policy is steered by");
	bundles_drop(s->config.bundles, digest);
	return loaded_open(s->config.policy_path, &s->loaded, err);
}

void supply_hear(struct steerer *s, const char *digest, const void *octets,
		 size_t len)
{
	const struct plan_release *release = supply_release(s);
	struct error err;

	if (s->config.bundles == NULL || (strcmp(digest, release->base) != 0 &&
					  strcmp(digest, release->next) != 0))
		return;
	if (bundles_take(s->config.bundles, digest, octets, len, &err)) {
		s->supply.put_ms = 0;
		steerer_soon(s);
	} else if (news_of(&s->supply.unfit, digest, err.text,
			   clock_now_ms())) {
		steerer_log_failure("policy-unfit", err.text);
	}
}

static void fetch(struct steerer *s, const char *digest, int64_t now_ms)
{
	if (!is_digest(digest) || bundles_have(s->config.bundles, digest) ||
	    now_ms < s->supply.fetch_ms)
		return;
	s->supply.fetch_ms = now_ms + FETCH_MS;
	bus_fetch(s->config.bus, digest);
}

static void on_tried(void *arg, bool ok, struct loaded *loaded,
		     const struct error *why)
{
	struct steerer *s = arg;
	struct supply *u = &s->supply;
	bool damaged = ok && strcmp(loaded->policy->digest, u->trying) != 0;

	reload_free(u->trial);
	u->trial = NULL;
	if (ok)
		loaded_fini(loaded);
	if (damaged) {
		bundles_drop(s->config.bundles, u->trying);
		return;
	}
	memcpy(u->tried, u->trying, sizeof(u->tried));
	audit_text(u->failure, sizeof(u->failure), "%s", ok ? "" : why->text);
	steerer_soon(s);
}

/* Beside what is in force, in a thread of its own. */
static void try_next(struct steerer *s, const struct plan_release *release)
{
	struct supply *u = &s->supply;
	char path[BUNDLES_PATH_SIZE];
	struct error err;

	if (u->trial != NULL || !plan_release_is_under_way(release) ||
	    strcmp(u->tried, release->next) == 0 ||
	    !bundles_have(s->config.bundles, release->next))
		return;
	memcpy(u->trying, release->next, sizeof(u->trying));
	u->trial =
		reload_start(s->loop,
			     bundles_path(s->config.bundles, u->trying, path),
			     on_tried, s, &err);
	if (u->trial == NULL)
		steerer_log_failure("policy-untried", err.text);
}

/* Goes over to what all serve; and what a start is to go by. */
static void follow_base(struct steerer *s, const struct plan_release *release,
			int64_t now_ms)
{
	struct supply *u = &s->supply;
	struct error err;

	if (is_digest(release->base) &&
	    !bundles_have(s->config.bundles, release->base))
		return;
	if (!bundles_promote(s->config.bundles, release->base, &err) &&
	    news_of(&u->unfit, "promoted", err.text, now_ms))
		steerer_log_failure("policy-unkept", err.text);
	if (strcmp(u->followed, release->base) == 0 &&
	    (!is_digest(release->base) || now_ms < u->retry_ms ||
	     strcmp(s->loaded.policy->digest, release->base) == 0))
		return;
	memcpy(u->followed, release->base, sizeof(u->followed));
	u->retry_ms = now_ms + RETRY_MS;
	bundles_prune(s->config.bundles, release->next);
	steerer_reload(s);
}

static void put_again(struct steerer *s, const char *digest)
{
	struct error err;
	size_t len;
	char *octets;

	if (!is_digest(digest) || !bundles_have(s->config.bundles, digest))
		return;
	octets = bundles_read(s->config.bundles, digest, &len, &err);
	if (octets == NULL)
		steerer_log_failure("policy-unread", err.text);
	else
		bus_put(s->config.bus, BUS_BUNDLES, digest, octets, len,
			PUT_TTL_MS);
	free(octets);
}

void supply_turn(struct steerer *s, int64_t now_ms)
{
	const struct plan_release *release = supply_release(s);

	if (s->config.bundles == NULL || release->phase == RELEASE_NONE)
		return;
	fetch(s, release->base, now_ms);
	if (plan_release_is_under_way(release))
		fetch(s, release->next, now_ms);
	else
		s->supply.tried[0] = '\0'; /* published again: tried again */
	try_next(s, release);
	follow_base(s, release, now_ms);
	if (s->leads == 0 || now_ms < s->supply.put_ms)
		return;
	s->supply.put_ms = now_ms + PUT_MS;
	put_again(s, release->base);
	if (plan_release_is_under_way(release) &&
	    strcmp(release->next, release->base) != 0)
		put_again(s, release->next);
}

void supply_close(struct steerer *s)
{
	reload_free(s->supply.trial);
	s->supply.trial = NULL;
}
