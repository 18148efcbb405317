/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/release_request.h"

#include "policy/base/error.h"
#include "policy/bus/bundle.h"
#include "policy/bus/member.h"
#include "steering/waves.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

static void check_members(struct member_reader *r)
{
	static const char *const known[] = { "op",          "do",
					     "digest",      "author",
					     "reason",      "forced",
					     "may_silence", "wall_made_ms" };
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)r->object, name, value)
	{
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= strcmp(known[i], name) == 0;
		if (!found)
			member_fail(r, "member \"%.40s\" is not known", name);
	}
}

bool release_request_read(const struct json_t *json,
			  struct release_request *out, struct error *err)
{
	static const char *const words[] = { "publish", "abort" };
	struct member_reader r = { .object = json,
				   .what = "release",
				   .err = err };
	struct release_request got = { .abort = false };

	check_members(&r);
	member_require(&r, "do");
	got.abort = member_word(&r, "do", words, 2) == 1;
	got.forced = member_flag(&r, "forced");
	got.may_silence = member_flag(&r, "may_silence");
	member_text(&r, "digest", got.digest, sizeof(got.digest));
	member_name(&r, "author", got.author, sizeof(got.author));
	member_text(&r, "reason", got.reason, sizeof(got.reason));
	got.wall_made_ms =
		member_integer(&r, "wall_made_ms", 1, MEMBER_EXACT_MAX);
	if (!r.failed && !got.abort && !bundle_digest_ok(got.digest))
		member_fail(&r, "digest is none");
	if (!r.failed && (got.abort || got.forced || got.may_silence) &&
	    got.reason[0] == '\0')
		member_fail(&r, "reason is missing");
	if (!r.failed)
		*out = got;
	return !r.failed;
}

/* Each request is made after the one before it: nobody's words come twice. */
static bool is_fresh(const struct plan_release *said,
		     const struct release_request *q, int64_t wall_ms,
		     struct error *err)
{
	int64_t age_ms = wall_ms - q->wall_made_ms;

	if (age_ms > RELEASE_FRESH_MS || age_ms < -RELEASE_FRESH_MS)
		error_set(err,
			  "publish: made %lld s %s; requests are good for "
			  "%d s",
			  (long long)(age_ms < 0 ? -age_ms : age_ms) / 1000,
			  age_ms < 0 ? "in the future" : "ago",
			  RELEASE_FRESH_MS / 1000);
	else if (q->wall_made_ms <= said->wall_asked_ms)
		error_set(err, "publish: a request that was made later has "
			       "been taken on before; send it again, and look "
			       "at the clocks if that fails");
	else
		return true;
	return false;
}

static const struct release_refused *
find_refused(const struct plan_release *said, const char *digest)
{
	for (size_t i = 0; i < said->refused_count; i++)
		if (strcmp(said->refused[i].digest, digest) == 0)
			return &said->refused[i];
	return NULL;
}

static size_t count_takers(const struct registry *registry)
{
	size_t count = 0;

	for (size_t i = 0; registry != NULL && i < registry->count; i++)
		count += waves_takes(&registry->nodes[i].node);
	return count;
}

/* The one named in a wave that nobody has heard of, or NULL. */
static const char *find_absent(const struct release_input *in)
{
	for (size_t i = 0; i < in->rollout->wave_count; i++) {
		const struct rollout_wave *wave = &in->rollout->waves[i];

		for (size_t n = 0; n < wave->node_count; n++) {
			const struct registered *at =
				registry_find(in->registry, wave->nodes[n]);

			if (at == NULL || !waves_takes(&at->node))
				return wave->nodes[n];
		}
	}
	return NULL;
}

static bool may_publish(const struct plan_release *said,
			const struct release_request *q,
			const struct release_input *in, struct error *err)
{
	const struct release_refused *refused = find_refused(said, q->digest);
	const char *absent;

	if (plan_release_is_under_way(said))
		error_set(err,
			  "publish: policy %.16s is on its way (%s); see "
			  "windrose rollout status",
			  said->next, release_phase_name(said->phase));
	else if (strcmp(said->base, q->digest) == 0)
		error_set(err, "publish: policy %.16s is what all serve",
			  q->digest);
	else if (refused != NULL && !q->forced)
		error_set(err,
			  "publish: policy %.16s was taken back: %.120s; "
			  "mend it, or say --force and a --reason",
			  q->digest, refused->reason);
	else if (count_takers(in->registry) == 0)
		error_set(err, "publish: no responder takes policies from the "
			       "bus (--policy-from-bus)");
	else if ((absent = find_absent(in)) != NULL)
		error_set(err,
			  "publish: %s of a wave is not heard of, or "
			  "takes no policies from the bus",
			  absent);
	else
		return true;
	return false;
}

static void plan_it(struct release *r, const struct release_request *q)
{
	struct plan_release *said = &r->said;

	said->phase = RELEASE_PLANNED;
	memcpy(said->next, q->digest, sizeof(said->next));
	memcpy(said->author, q->author, sizeof(said->author));
	said->may_silence = q->may_silence;
	said->wave = 0;
	said->node_count = 0;
}

/* A second person is who has another key and another name, and wants the very
 * same. */
static bool is_second(const struct release_held *h,
		      const struct release_request *q)
{
	return strcmp(h->digest, q->digest) == 0 && h->forced == q->forced &&
	       h->may_silence == q->may_silence && q->key[0] != '\0' &&
	       strcmp(h->key, q->key) != 0 && strcmp(h->author, q->author) != 0;
}

static void tell_held(const struct release_held *h,
		      const struct release_input *in, const char *kind,
		      const char *why, struct audit *audit)
{
	struct audit_event event = { .wall_ms = in->wall_ms };

	audit_text(event.kind, sizeof(event.kind), "%s", kind);
	audit_text(event.id, sizeof(event.id), "%.16s", h->digest);
	audit_text(event.who, sizeof(event.who), "%s", h->author);
	audit_text(event.what, sizeof(event.what), "publish %.16s", h->digest);
	audit_text(event.after, sizeof(event.after), "%s", why);
	audit_add(audit, &event);
}

/* In the place of what was held before. */
static void hold(struct release *r, const struct release_request *q,
		 const struct release_input *in, struct audit *audit)
{
	struct release_held h = {
		.forced = q->forced,
		.may_silence = q->may_silence,
		.wall_until_ms = in->wall_ms + in->confirm_ms,
	};

	memcpy(h.digest, q->digest, sizeof(h.digest));
	memcpy(h.author, q->author, sizeof(h.author));
	memcpy(h.key, q->key, sizeof(h.key));
	r->said.held = h;
	tell_held(&h, in, "held", RELEASE_HELD_WHY, audit);
}

static void let_go(struct release *r)
{
	r->said.held = (struct release_held){ .digest = "" };
}

void release_request_expire(struct release *r, const struct release_input *in,
			    struct audit *audit)
{
	const struct release_held *h = &r->said.held;

	if (h->digest[0] == '\0' || in->wall_ms < h->wall_until_ms)
		return;
	tell_held(h, in, "held-expired", "nobody else published it", audit);
	let_go(r);
}

/* By one person or two: on its way, or held. */
static void publish(struct release *r, const struct release_request *q,
		    const struct release_input *in, struct audit *audit)
{
	const struct release_held first = r->said.held;
	bool second = is_second(&first, q);

	if (in->confirm_ms > 0 && !second) {
		hold(r, q, in, audit);
		return;
	}
	if (second)
		tell_held(&first, in, "approved", q->author, audit);
	let_go(r);
	plan_it(r, q);
	release_enter(r, in, q->reason);
	release_tell(r, in, q->author, audit);
}

/* On its way, or held. */
static void take_back(struct release *r, const struct release_request *q,
		      const struct release_input *in, struct audit *audit)
{
	char why[RELEASE_REASON_SIZE];

	snprintf(why, sizeof(why), "%s: %.120s", q->author, q->reason);
	if (r->said.held.digest[0] != '\0')
		tell_held(&r->said.held, in, "held-ended", why, audit);
	let_go(r);
	if (!plan_release_is_under_way(&r->said) ||
	    r->said.phase == RELEASE_BACK)
		return;
	release_take_back(r, why);
	release_enter(r, in, why);
	release_tell(r, in, q->author, audit);
}

bool release_ask(struct release *r, const struct release_request *q,
		 const struct release_input *in, struct audit *audit,
		 struct error *err)
{
	bool any = r->said.held.digest[0] != '\0' ||
		   (plan_release_is_under_way(&r->said) &&
		    r->said.phase != RELEASE_BACK);

	if (!is_fresh(&r->said, q, in->wall_ms, err))
		return false;
	release_request_expire(r, in, audit);
	if (q->abort && !any) {
		error_set(err, "rollout abort: no policy is on its way");
		return false;
	}
	if (!q->abort && !may_publish(&r->said, q, in, err))
		return false;
	r->said.wall_asked_ms = q->wall_made_ms;
	if (q->abort)
		take_back(r, q, in, audit);
	else
		publish(r, q, in, audit);
	return true;
}
