/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/release.h"

#include "policy/base/error.h"
#include "steering/release_request.h"
#include "steering/waves.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 16 }; /* of a digest, in texts */

/* Life. */

void release_fini(struct release *r)
{
	plan_release_fini(&r->said);
	free(r->watches);
	*r = (struct release){ .watches = NULL };
}

static bool watch_all(struct release *r)
{
	struct release_watch *watches =
		calloc(r->said.node_count + 1, sizeof(*watches));

	if (watches == NULL)
		return false;
	for (size_t i = 0; i < r->said.node_count; i++)
		memcpy(watches[i].name, r->said.nodes[i],
		       sizeof(watches[i].name));
	free(r->watches);
	r->watches = watches;
	return true;
}

bool release_adopt(struct release *r, const struct plan_release *said)
{
	static const struct plan_release none;
	struct release next = { .amiss_ms = 0 };

	if (!plan_release_copy(said == NULL ? &none : said, &next.said))
		return false;
	if (!watch_all(&next)) {
		release_fini(&next);
		return false;
	}
	release_fini(r);
	*r = next;
	return true;
}

/* What responders say. */

/* Heard of lately, else NULL. */
static const struct registered *hear(const struct release_input *in,
				     const char *name)
{
	const struct registered *n = registry_find(in->registry, name);

	return n != NULL && in->now_ms - n->heard_ms < REGISTRY_LATELY_MS
		       ? n
		       : NULL;
}

static bool serves(const struct registered *n, const char *digest)
{
	return n != NULL && strcmp(n->node.policy_digest, digest) == 0;
}

/* Is it gone back from next to what all serve? */
static bool has_left(const struct release *r, const struct registered *n)
{
	return !serves(n, r->said.next) ||
	       strcmp(r->said.base, r->said.next) == 0;
}

static uint64_t bad_of(const struct node *node)
{
	return node->failures + node->empties;
}

/* Counters that went back, by a restart, are counted from there. */
static void look_at(struct release_watch *w, const struct node *node)
{
	uint64_t bad = bad_of(node);

	if (w->counts && node->queries >= w->queries && bad >= w->bad)
		return;
	if (!w->counts && node->queries >= RELEASE_QUERIES_MIN) {
		w->before = (double)bad / (double)node->queries;
		w->compares = true;
	}
	w->queries = node->queries;
	w->bad = bad;
	w->counts = true;
}

/* The share of its queries since then that were bad; false: too few. */
static bool measure(const struct release_watch *w, const struct node *node,
		    double *out)
{
	uint64_t queries = node->queries - w->queries;

	if (!w->compares || queries < RELEASE_QUERIES_MIN)
		return false;
	*out = (double)(bad_of(node) - w->bad) / (double)queries;
	return true;
}

static bool is_last(const struct release *r, const struct release_input *in)
{
	return r->said.wave >= in->rollout->wave_count;
}

static int64_t soak_of(const struct release *r, const struct release_input *in)
{
	int64_t soak_ms = 0;

	if (!is_last(r, in))
		soak_ms = in->rollout->waves[r->said.wave].soak_ms;
	return soak_ms > 0 ? soak_ms : in->rollout->soak_ms;
}

/* Rules. */

struct turn {
	struct release *r;
	const struct release_input *in;
	char why[RELEASE_REASON_SIZE]; /* set by what applies */
};

static bool say(struct turn *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool say(struct turn *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
	return true;
}

/* By the agent; and whoever serves it is to find its endpoints probed. */
static bool is_loaded(const struct turn *t)
{
	return strcmp(t->in->tried, t->r->said.next) == 0 &&
	       t->in->failure[0] == '\0';
}

static bool is_unprobed(struct turn *t)
{
	const struct node *node =
		waves_refuser(t->in->registry, t->in->now_ms, t->r->said.next);

	return node != NULL && say(t, "%s refuses it: %.120s", node->name,
				   node->refused_reason);
}

static const struct node *find_unready(const struct turn *t)
{
	return waves_unready(t->in->registry, t->in->now_ms, t->r->said.next);
}

static bool is_ready(struct turn *t)
{
	return is_loaded(t) && find_unready(t) == NULL &&
	       say(t, "%s has it, and it loads", t->in->agent);
}

/* One prober that is stuck must not hold everybody up: quorums are for that. */
static bool is_ripe(struct turn *t)
{
	const struct node *unaware = is_loaded(t) ? find_unready(t) : NULL;

	return unaware != NULL &&
	       t->r->said.spent_ms > t->in->rollout->patience_ms &&
	       say(t, "it loads; %s still does not probe by it", unaware->name);
}

static bool is_unfit(struct turn *t)
{
	return strcmp(t->in->tried, t->r->said.next) == 0 &&
	       t->in->failure[0] != '\0' &&
	       say(t, "%s cannot load it: %.120s", t->in->agent,
		   t->in->failure);
}

static bool is_late(struct turn *t)
{
	int64_t patience_ms = t->in->rollout->patience_ms;

	if (t->r->said.spent_ms <= patience_ms)
		return false;
	if (t->r->said.phase == RELEASE_PLANNED)
		return say(t, "it did not come within %" PRId64 " s",
			   patience_ms / 1000);
	for (size_t i = 0; i < t->r->said.node_count; i++)
		if (!serves(hear(t->in, t->r->said.nodes[i]), t->r->said.next))
			return say(t,
				   "%s does not serve it after %" PRId64 " s",
				   t->r->said.nodes[i], patience_ms / 1000);
	return t->r->said.node_count == 0 && say(t, "no responder is there");
}

static bool is_refused(struct turn *t)
{
	for (size_t i = 0; i < t->r->said.node_count; i++) {
		const struct registered *n = hear(t->in, t->r->said.nodes[i]);

		if (n != NULL &&
		    strcmp(n->node.refused_digest, t->r->said.next) == 0)
			return say(t, "%s refuses it: %.120s", n->node.name,
				   n->node.refused_reason);
	}
	return false;
}

/* It may be meant: some are to get no answer any more. */
static bool is_mute(struct turn *t)
{
	if (t->r->said.may_silence)
		return false;
	for (size_t i = 0; i < t->r->said.node_count; i++) {
		const struct registered *n = hear(t->in, t->r->said.nodes[i]);

		if (serves(n, t->r->said.next) && n->node.mute_count > 0)
			return say(t, "%s: %.130s", n->node.name, n->node.mute);
	}
	return false;
}

static bool is_failing(struct turn *t)
{
	double limit = t->in->rollout->max_failing_pct / 100.0, share;

	for (size_t i = 0; i < t->r->said.node_count; i++) {
		const struct release_watch *w = &t->r->watches[i];
		const struct registered *n = hear(t->in, w->name);

		if (serves(n, t->r->said.next) &&
		    measure(w, &n->node, &share) && share > w->before + limit)
			return say(t,
				   "%s fails %.0f%% of its queries, before it "
				   "were %.0f%%",
				   w->name, share * 100, w->before * 100);
	}
	return false;
}

static bool is_lost(struct turn *t)
{
	if (t->r->amiss_ms <= t->in->rollout->patience_ms)
		return false;
	for (size_t i = 0; i < t->r->said.node_count; i++)
		if (!serves(hear(t->in, t->r->said.nodes[i]), t->r->said.next))
			return say(t, "%s serves it no more, or is silent",
				   t->r->said.nodes[i]);
	return false;
}

static bool all_serve(const struct release *r, const struct release_input *in)
{
	for (size_t i = 0; i < r->said.node_count; i++)
		if (!serves(hear(in, r->said.nodes[i]), r->said.next))
			return false;
	return r->said.node_count > 0;
}

static bool is_taken(struct turn *t)
{
	return all_serve(t->r, t->in) &&
	       say(t, "responders that serve it: %zu", t->r->said.node_count);
}

static bool has_soaked(struct turn *t)
{
	return all_serve(t->r, t->in) &&
	       t->r->said.spent_ms >= soak_of(t->r, t->in) &&
	       say(t, "wave %u of %zu did well", t->r->said.wave + 1,
		   t->in->rollout->wave_count + 1);
}

/* Whoever is silent hears of it when he is back. */
static bool is_back(struct turn *t)
{
	const struct registry *all = t->in->registry;

	for (size_t i = 0; i < all->count; i++)
		if (hear(t->in, all->nodes[i].node.name) != NULL &&
		    waves_takes(&all->nodes[i].node) &&
		    !has_left(t->r, &all->nodes[i]))
			return false;
	/* Why it was taken back stays. */
	return say(t, "%s", t->r->said.reason);
}

/* False: out of memory, and it is not begun: tried again at the next tick. */
static bool begin_wave(struct turn *t, size_t index)
{
	if (!waves_add(&t->r->said, t->in->rollout, t->in->registry, index) ||
	    !watch_all(t->r))
		return false;
	t->r->said.wave = (uint32_t)index;
	t->r->said.phase = RELEASE_WAVE;
	return true;
}

static void first_wave(struct turn *t)
{
	begin_wave(t, 0);
}

static void finish(struct turn *t)
{
	struct plan_release *said = &t->r->said;

	memcpy(said->base, said->next, sizeof(said->base));
	said->node_count = 0;
	said->phase = RELEASE_DONE;
}

/* One that has nobody new in it has been watched already. */
static void next_wave(struct turn *t)
{
	size_t before = t->r->said.node_count;

	while (!is_last(t->r, t->in)) {
		if (!begin_wave(t, t->r->said.wave + 1) ||
		    t->r->said.node_count > before)
			return;
	}
	finish(t);
}

static void soak(struct turn *t)
{
	t->r->said.phase = RELEASE_SOAK;
}

static void refuse(struct release *r, const char *why)
{
	struct plan_release *said = &r->said;
	struct release_refused *list = said->refused;

	for (size_t i = 0; i < said->refused_count; i++)
		if (strcmp(list[i].digest, said->next) == 0) {
			snprintf(list[i].reason, sizeof(list[i].reason), "%s",
				 why);
			return;
		}
	if (said->refused_count == RELEASE_REFUSED_MAX) {
		memmove(list, list + 1,
			sizeof(*list) * (RELEASE_REFUSED_MAX - 1));
		said->refused_count--;
	}
	list += said->refused_count++;
	memcpy(list->digest, said->next, sizeof(list->digest));
	snprintf(list->reason, sizeof(list->reason), "%s", why);
}

void release_take_back(struct release *r, const char *why)
{
	refuse(r, why);
	r->said.node_count = 0;
	r->said.phase = RELEASE_BACK;
}

static void take_back(struct turn *t)
{
	release_take_back(t->r, t->why);
}

static void end_back(struct turn *t)
{
	t->r->said.phase = RELEASE_GONE;
}

static const struct rule {
	enum release_phase in;
	bool (*when)(struct turn *t);
	void (*act)(struct turn *t);
} rules[] = {
	{ RELEASE_PLANNED, is_unfit, take_back },
	{ RELEASE_PLANNED, is_unprobed, take_back },
	{ RELEASE_PLANNED, is_ready, first_wave },
	{ RELEASE_PLANNED, is_ripe, first_wave },
	{ RELEASE_PLANNED, is_late, take_back },
	{ RELEASE_WAVE, is_refused, take_back },
	{ RELEASE_WAVE, is_mute, take_back },
	{ RELEASE_WAVE, is_taken, soak },
	{ RELEASE_WAVE, is_late, take_back },
	{ RELEASE_SOAK, is_refused, take_back },
	{ RELEASE_SOAK, is_mute, take_back },
	{ RELEASE_SOAK, is_failing, take_back },
	{ RELEASE_SOAK, is_lost, take_back },
	{ RELEASE_SOAK, has_soaked, next_wave },
	{ RELEASE_BACK, is_back, end_back },
};

void release_tell(const struct release *r, const struct release_input *in,
		  const char *who, struct audit *audit)
{
	struct audit_event event = { .wall_ms = in->wall_ms };
	const struct plan_release *said = &r->said;

	audit_text(event.kind, sizeof(event.kind), "rollout");
	audit_text(event.id, sizeof(event.id), "%.*s", SHOWN, said->next);
	audit_text(event.who, sizeof(event.who), "%s", who);
	audit_text(event.what, sizeof(event.what), "policy %.*s: %s", SHOWN,
		   said->next, release_phase_name(said->phase));
	audit_text(event.why, sizeof(event.why), "%s", said->reason);
	if (said->phase == RELEASE_WAVE)
		audit_text(event.after, sizeof(event.after),
			   "wave %u, %zu responders", said->wave + 1,
			   said->node_count);
	audit_add(audit, &event);
}

void release_enter(struct release *r, const struct release_input *in,
		   const char *why)
{
	snprintf(r->said.reason, sizeof(r->said.reason), "%s", why);
	r->said.spent_ms = 0;
	r->said.wall_since_ms = in->wall_ms;
	r->amiss_ms = 0;
}

/* False: none applies. */
static bool turn(struct release *r, const struct release_input *in,
		 struct audit *audit)
{
	struct turn t = { .r = r, .in = in };
	enum release_phase before = r->said.phase;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].in != before || !rules[i].when(&t))
			continue;
		rules[i].act(&t);
		release_enter(r, in, t.why);
		release_tell(r, in, in->agent, audit);
		return true;
	}
	return false;
}

/* Time, counted; and counters, once a responder serves the policy. */
static void count(struct release *r, const struct release_input *in)
{
	int64_t passed_ms = r->ticked_ms == 0 ? 0 : in->now_ms - r->ticked_ms;
	bool soaks = r->said.phase == RELEASE_SOAK, well = all_serve(r, in);

	r->ticked_ms = in->now_ms;
	if (passed_ms > RELEASE_TICK_MS)
		passed_ms = RELEASE_TICK_MS;
	if (!soaks || well)
		r->said.spent_ms += passed_ms;
	r->amiss_ms = !soaks || well ? 0 : r->amiss_ms + passed_ms;
	for (size_t i = 0; i < r->said.node_count; i++) {
		const struct registered *n = hear(in, r->watches[i].name);

		if (n != NULL)
			look_at(&r->watches[i], &n->node);
	}
}

void release_step(struct release *r, const struct release_input *in,
		  struct audit *audit)
{
	release_request_expire(r, in, audit);
	if (in->registry == NULL || !plan_release_is_under_way(&r->said))
		return;
	count(r, in);
	for (unsigned i = 0; i < RELEASE_PHASES && turn(r, in, audit); i++)
		continue;
}
