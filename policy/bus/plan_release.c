/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/plan_release.h"

#include "policy/base/error.h"
#include "policy/bus/bundle.h"
#include "policy/bus/member.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const char *const phases[] = {
	[RELEASE_NONE] = "none", [RELEASE_PLANNED] = "planned",
	[RELEASE_WAVE] = "wave", [RELEASE_SOAK] = "soak",
	[RELEASE_BACK] = "back", [RELEASE_DONE] = "done",
	[RELEASE_GONE] = "gone",
};

enum { WAVES_MAX = 4096, PHASE_SIZE = 64 };

static_assert(sizeof(phases) / sizeof(phases[0]) == RELEASE_PHASES,
	      "a word for every phase");
static_assert((int)RELEASE_DIGEST_SIZE == (int)BUNDLE_DIGEST_SIZE,
	      "a release is of a bundle");

const char *release_phase_name(enum release_phase phase)
{
	return phases[phase];
}

void plan_release_fini(struct plan_release *release)
{
	free(release->nodes);
	*release = (struct plan_release){ .nodes = NULL };
}

bool plan_release_copy(const struct plan_release *from,
		       struct plan_release *out)
{
	struct plan_release copy = *from;

	copy.nodes = calloc(from->node_count + 1, sizeof(*copy.nodes));
	if (copy.nodes == NULL)
		return false;
	if (from->node_count > 0)
		memcpy(copy.nodes, from->nodes,
		       from->node_count * sizeof(*copy.nodes));
	*out = copy;
	return true;
}

bool plan_release_same(const struct plan_release *a,
		       const struct plan_release *b)
{
	if (a->phase != b->phase || a->wave != b->wave ||
	    a->node_count != b->node_count ||
	    a->refused_count != b->refused_count ||
	    a->wall_asked_ms != b->wall_asked_ms ||
	    strcmp(a->base, b->base) != 0 || strcmp(a->next, b->next) != 0 ||
	    strcmp(a->reason, b->reason) != 0 ||
	    strcmp(a->held.digest, b->held.digest) != 0 ||
	    a->held.wall_until_ms != b->held.wall_until_ms)
		return false;
	for (size_t i = 0; i < a->node_count; i++)
		if (strcmp(a->nodes[i], b->nodes[i]) != 0)
			return false;
	for (size_t i = 0; i < a->refused_count; i++)
		if (strcmp(a->refused[i].digest, b->refused[i].digest) != 0)
			return false;
	return true;
}

static int compare_name(const void *key, const void *name)
{
	return strcmp(key, name);
}

bool plan_release_has(const struct plan_release *release, const char *node)
{
	return release->node_count > 0 &&
	       bsearch(node, release->nodes, release->node_count,
		       sizeof(*release->nodes), compare_name) != NULL;
}

bool plan_release_is_under_way(const struct plan_release *release)
{
	return release->phase == RELEASE_PLANNED ||
	       release->phase == RELEASE_WAVE ||
	       release->phase == RELEASE_SOAK || release->phase == RELEASE_BACK;
}

const char *plan_release_wanted(const struct plan_release *release,
				const char *node)
{
	if (release->phase == RELEASE_NONE)
		return NULL;
	return plan_release_has(release, node) ? release->next : release->base;
}

/* A phase that a later agent invented: what its nodes are to do stands in base
 * and nodes, which is all that a reader has to know. */
static enum release_phase read_phase(struct member_reader *r)
{
	char word[PHASE_SIZE] = "";

	member_text(r, "phase", word, sizeof(word));
	for (unsigned i = 0; i < RELEASE_PHASES; i++)
		if (strcmp(word, phases[i]) == 0)
			return (enum release_phase)i;
	return *word == '\0' ? RELEASE_NONE : RELEASE_PLANNED;
}

static void read_digest(struct member_reader *r, const char *name,
			char digest[RELEASE_DIGEST_SIZE])
{
	member_text(r, name, digest, RELEASE_DIGEST_SIZE);
	if (!r->failed && *digest != '\0' && !bundle_digest_ok(digest))
		member_fail(r, "%s is no digest", name);
}

static void read_nodes(struct member_reader *r, struct plan_release *out)
{
	const json_t *list = member_array(r, "nodes", RELEASE_NODES_MAX);

	out->nodes = calloc(json_array_size(list) + 1, sizeof(*out->nodes));
	if (out->nodes == NULL) {
		member_fail(r, "out of memory");
		return;
	}
	for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) {
		struct member_reader item =
			member_item(list, i, "plan release node", r->err);

		member_name(&item, "name", out->nodes[i], RELEASE_NAME_SIZE);
		r->failed = item.failed;
		if (!r->failed && i > 0 &&
		    strcmp(out->nodes[i - 1], out->nodes[i]) >= 0)
			member_fail(&item, "it is not in order");
		r->failed = item.failed;
		out->node_count = i + 1;
	}
}

static void read_refused(struct member_reader *r, struct plan_release *out)
{
	const json_t *list = member_array(r, "refused", RELEASE_REFUSED_MAX);

	for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) {
		struct member_reader item =
			member_item(list, i, "plan release refused", r->err);
		struct release_refused *one = &out->refused[i];

		member_require(&item, "digest");
		read_digest(&item, "digest", one->digest);
		member_text(&item, "reason", one->reason, sizeof(one->reason));
		r->failed = item.failed;
		out->refused_count = i + 1;
	}
}

static void read_held(struct member_reader *r, struct release_held *out)
{
	const json_t *held = json_object_get(r->object, "held");
	struct member_reader m = {
		.object = held,
		.what = "plan release held",
		.err = r->err,
	};

	if (held == NULL || r->failed)
		return;
	if (!json_is_object(held)) {
		member_fail(r, "held is not an object");
		return;
	}
	member_require(&m, "digest");
	read_digest(&m, "digest", out->digest);
	member_text(&m, "author", out->author, sizeof(out->author));
	member_text(&m, "key", out->key, sizeof(out->key));
	out->forced = member_flag(&m, "forced");
	out->may_silence = member_flag(&m, "may_silence");
	out->wall_until_ms =
		member_integer(&m, "wall_until_ms", 0, MEMBER_EXACT_MAX);
	r->failed = m.failed;
}

bool plan_release_read(const struct json_t *json, struct plan_release *out,
		       struct error *err)
{
	struct member_reader r = {
		.object = json,
		.what = "plan release",
		.err = err,
	};
	struct plan_release got = { .phase = RELEASE_NONE };

	if (json == NULL) {
		*out = got;
		return true;
	}
	if (!json_is_object(json)) {
		error_set(err, "plan: release is not an object");
		return false;
	}
	got.phase = read_phase(&r);
	read_digest(&r, "base", got.base);
	read_digest(&r, "next", got.next);
	member_text(&r, "author", got.author, sizeof(got.author));
	member_text(&r, "reason", got.reason, sizeof(got.reason));
	got.may_silence = member_flag(&r, "may_silence");
	got.wave = (uint32_t)member_integer(&r, "wave", 0, WAVES_MAX);
	got.spent_ms = member_integer(&r, "spent_ms", 0, MEMBER_EXACT_MAX);
	got.wall_asked_ms =
		member_integer(&r, "wall_asked_ms", 0, MEMBER_EXACT_MAX);
	got.wall_since_ms =
		member_integer(&r, "wall_since_ms", 0, MEMBER_EXACT_MAX);
	read_nodes(&r, &got);
	read_refused(&r, &got);
	read_held(&r, &got.held);
	if (r.failed) {
		plan_release_fini(&got);
		return false;
	}
	*out = got;
	return true;
}

static void put_nodes(struct member_writer *w, const struct plan_release *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->node_count; i++) {
		struct member_writer item = member_begin();

		member_put_text(&item, "name", r->nodes[i]);
		member_append(&list, member_take(&item));
	}
	member_put_json(w, "nodes", list);
}

static void put_refused(struct member_writer *w, const struct plan_release *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->refused_count; i++) {
		struct member_writer item = member_begin();

		member_put_text(&item, "digest", r->refused[i].digest);
		member_put_text(&item, "reason", r->refused[i].reason);
		member_append(&list, member_take(&item));
	}
	member_put_json(w, "refused", list);
}

static void put_held(struct member_writer *w, const struct release_held *h)
{
	struct member_writer m = member_begin();

	member_put_text(&m, "digest", h->digest);
	member_put_text(&m, "author", h->author);
	member_put_text(&m, "key", h->key);
	member_put_flag(&m, "forced", h->forced);
	member_put_flag(&m, "may_silence", h->may_silence);
	member_put_integer(&m, "wall_until_ms", h->wall_until_ms);
	member_put_json(w, "held", member_take(&m));
}

struct json_t *plan_release_write(const struct plan_release *r)
{
	struct member_writer w = member_begin();

	if (r->phase != RELEASE_NONE)
		member_put_text(&w, "phase", phases[r->phase]);
	member_put_text(&w, "base", r->base);
	member_put_text(&w, "next", r->next);
	member_put_text(&w, "author", r->author);
	member_put_text(&w, "reason", r->reason);
	member_put_flag(&w, "may_silence", r->may_silence);
	member_put_integer(&w, "wave", r->wave);
	member_put_integer(&w, "spent_ms", r->spent_ms);
	member_put_integer(&w, "wall_asked_ms", r->wall_asked_ms);
	member_put_integer(&w, "wall_since_ms", r->wall_since_ms);
	if (r->node_count > 0)
		put_nodes(&w, r);
	if (r->refused_count > 0)
		put_refused(&w, r);
	if (r->held.digest[0] != '\0')
		put_held(&w, &r->held);
	return member_take(&w);
}
