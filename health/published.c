/* SPDX-License-Identifier: Apache-2.0 */
#include "health/published.h"

#include "health/fitness.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/news.h"
#include "policy/bus/bundles.h"
#include "policy/bus/follow.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/language/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

enum { AGAIN_MS = 1000 };

enum which { FIRST, NEXT, POLICIES };

/* Digests, of each: "" is this node's files, and no next one. */
struct pair {
	char digest[POLICIES][BUNDLE_DIGEST_SIZE];
};

struct refusal {
	char digest[BUNDLE_DIGEST_SIZE]; /* "": none */
	char reason[NODE_TEXT_SIZE];
};

struct published {
	struct published_config config;
	struct event *again;
	struct follow follow;
	struct pair on, loading; /* probed by; loaded last */
	struct refusal refused[POLICIES];
	struct news told; /* refusals of plans, and bundles that are none */
};

static void arm(struct published *p, int64_t ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	evtimer_add(p->again, &tv);
}

static void tell(struct published *p, const char *what, const char *key,
		 const char *why)
{
	char quoted[400];

	if (news_of(&p->told, key, why, clock_now_ms()))
		log_event(LOG_LEVEL_ERROR, "health", what,
			  "digest=%.16s error=%s", key,
			  log_quote(why, quoted, sizeof(quoted)));
}

/* As the plan says; NULL: it says nothing. */
static const char *wanted(const struct published *p, enum which which)
{
	const struct plan_release *release = &p->follow.release;

	if (release->phase == RELEASE_NONE)
		return NULL;
	if (which == FIRST)
		return release->base;
	return plan_release_is_under_way(release) &&
			       strcmp(release->next, release->base) != 0
		       ? release->next
		       : "";
}

static bool is_usable(const struct published *p, enum which which,
		      const char *digest)
{
	return digest[0] == '\0' ||
	       (strcmp(digest, p->refused[which].digest) != 0 &&
		bundles_have(p->config.bundles, digest));
}

static bool same_pair(const struct pair *a, const struct pair *b)
{
	return strcmp(a->digest[FIRST], b->digest[FIRST]) == 0 &&
	       strcmp(a->digest[NEXT], b->digest[NEXT]) == 0;
}

/* What can be probed by: the first stays until it can be replaced. */
static struct pair aim(const struct published *p)
{
	struct pair aim = p->on;

	for (int i = FIRST; i < POLICIES; i++) {
		const char *want = wanted(p, (enum which)i);

		if (want != NULL && is_usable(p, (enum which)i, want))
			snprintf(aim.digest[i], sizeof(aim.digest[i]), "%s",
				 want);
		else if (i == NEXT)
			aim.digest[i][0] = '\0';
	}
	return aim;
}

/* Is something wanted that is neither here nor refused? */
static bool fetch(struct published *p)
{
	bool lacks = false;

	for (int i = FIRST; i < POLICIES; i++) {
		const char *want = wanted(p, (enum which)i);

		if (want == NULL || want[0] == '\0' ||
		    bundles_have(p->config.bundles, want))
			continue;
		bus_fetch(p->config.bus, want);
		lacks = true;
	}
	return lacks;
}

/* It goes by what all serve: so does the next start. */
static void settle(struct published *p)
{
	const char *first = p->on.digest[FIRST], *want = wanted(p, FIRST);
	struct error err;

	if (want == NULL || strcmp(want, first) != 0 ||
	    strcmp(bundles_promoted(p->config.bundles), first) == 0)
		return;
	if (!bundles_promote(p->config.bundles, first, &err))
		tell(p, "policy-unkept", first, err.text);
	else
		bundles_prune(p->config.bundles, p->on.digest[NEXT]);
}

static void wake(struct published *p)
{
	struct pair next;

	for (int i = FIRST; i < POLICIES; i++) {
		const char *want = wanted(p, (enum which)i);

		if (want != NULL && strcmp(want, p->refused[i].digest) != 0)
			p->refused[i] = (struct refusal){ .digest = "" };
	}
	next = aim(p);
	if (fetch(p))
		arm(p, AGAIN_MS);
	if (!same_pair(&next, &p->on))
		p->config.on_change(p->config.arg);
	else
		settle(p);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	wake(arg);
}

/* Of a reason for people: below the folder of the policy it is about. */
static const char *without_folder(const char *line, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(line, folder, len) == 0
		       ? line + len + strspn(line + len, "/: ")
		       : line;
}

static void refuse(struct published *p, enum which which,
		   const struct error *why)
{
	struct refusal *r = &p->refused[which];
	char line[300], folder[BUNDLES_PATH_SIZE];

	memcpy(r->digest, p->loading.digest[which], sizeof(r->digest));
	error_line(why, line, sizeof(line));
	snprintf(r->reason, sizeof(r->reason), "%.*s", NODE_TEXT_SIZE - 1,
		 without_folder(line, bundles_path(p->config.bundles, r->digest,
						   folder)));
	tell(p, "policy-refused", r->digest, r->reason);
}

/* What is not what its digest says is no fault of that policy: it is fetched
 * again. */
static struct policy *load(struct published *p, enum which which,
			   struct error *err)
{
	const char *digest = p->loading.digest[which];
	bool own = digest[0] == '\0';
	char path[BUNDLES_PATH_SIZE];
	struct policy *policy =
		fitness_load(own ? p->config.own_path
				 : bundles_path(p->config.bundles, digest,
						path),
			     p->config.vantage, p->config.programs, err);

	if (own || (policy != NULL && strcmp(policy->digest, digest) == 0))
		return policy;
	if (policy == NULL) {
		refuse(p, which, err);
	} else {
		error_set(err, "%.16s: its files are not those of its digest",
			  digest);
		bundles_drop(p->config.bundles, digest);
	}
	policy_free(policy);
	arm(p, AGAIN_MS);
	return NULL;
}

bool published_load(struct published *p, struct policy **policy,
		    struct policy **next, struct error *err)
{
	struct error why;

	p->loading = aim(p);
	*next = NULL;
	*policy = load(p, FIRST, err);
	if (*policy == NULL)
		return false;
	if (p->loading.digest[NEXT][0] != '\0')
		*next = load(p, NEXT, &why);
	if (*next == NULL)
		p->loading.digest[NEXT][0] = '\0';
	return true;
}

void published_adopt(struct published *p)
{
	p->on = p->loading;
	if (p->config.bundles != NULL)
		settle(p);
}

void published_retry(struct published *p)
{
	memset(p->refused, 0, sizeof(p->refused));
}

unsigned published_topics(const struct published *p)
{
	return p->config.bundles == NULL ? 0 : BUS_PLAN;
}

static void hear(struct published *p, const char *digest, const void *octets,
		 size_t len)
{
	struct error err;

	if (bundles_take(p->config.bundles, digest, octets, len, &err)) {
		log_event(LOG_LEVEL_INFO, "health", "policy-fetched",
			  "digest=%.16s octets=%zu", digest, len);
		wake(p);
	} else {
		tell(p, "policy-unfit", digest, err.text);
	}
}

static bool is_wanted(const struct published *p, const char *digest)
{
	for (int i = FIRST; i < POLICIES; i++) {
		const char *want = wanted(p, (enum which)i);

		if (want != NULL && strcmp(want, digest) == 0)
			return true;
	}
	return false;
}

void published_take(struct published *p, const struct policy *policy,
		    enum bus_topic topic, const char *key, const void *octets,
		    size_t len)
{
	if (p->config.bundles == NULL)
		return;
	if (topic == BUS_BUNDLES && is_wanted(p, key)) {
		hear(p, key, octets, len);
	} else if (topic == BUS_PLAN) {
		(void)follow_take(&p->follow, p->config.trusted, policy, octets,
				  len);
		if (p->follow.refusal.text[0] != '\0')
			tell(p, "plan-refused", "plan", p->follow.refusal.text);
		wake(p);
	}
}

void published_tell(const struct published *p, bool seen, struct node *node)
{
	const struct refusal *r;

	if (p == NULL || p->config.bundles == NULL)
		return;
	r = &p->refused[p->refused[NEXT].digest[0] != '\0' ? NEXT : FIRST];
	node->takes_policy = true;
	if (seen)
		memcpy(node->next_digest, p->on.digest[NEXT],
		       sizeof(node->next_digest));
	memcpy(node->refused_digest, r->digest, sizeof(node->refused_digest));
	memcpy(node->refused_reason, r->reason, sizeof(node->refused_reason));
	if (node->trouble[0] == '\0' && r->digest[0] != '\0')
		snprintf(node->trouble, sizeof(node->trouble),
			 "policy %.16s is refused: %.120s", r->digest,
			 r->reason);
}

/* Is what a start goes by whole, and does it load? */
static void begin(struct published *p)
{
	const char *digest = bundles_promoted(p->config.bundles);
	struct policy *policy;
	struct error err;

	if (!bundles_have(p->config.bundles, digest))
		return;
	snprintf(p->on.digest[FIRST], sizeof(p->on.digest[FIRST]), "%s",
		 digest);
	p->loading = p->on;
	policy = load(p, FIRST, &err);
	if (policy == NULL) {
		tell(p, "policy-lost", digest, err.text);
		p->on.digest[FIRST][0] = '\0';
	}
	policy_free(policy);
}

struct published *published_start(const struct published_config *config,
				  struct error *err)
{
	struct published *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->again = evtimer_new(config->loop, on_again, p);
	if (p == NULL || p->again == NULL) {
		error_set(err, "out of memory while starting the prober");
		free(p);
		return NULL;
	}
	p->config = *config;
	if (config->bundles != NULL)
		begin(p);
	return p;
}

void published_stop(struct published *p)
{
	if (p == NULL)
		return;
	event_free(p->again);
	follow_fini(&p->follow);
	free(p);
}
