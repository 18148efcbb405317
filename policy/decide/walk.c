/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/walk.h"

#include "policy/decide/cuts.h"
#include "policy/decide/mmdb.h"

/* A writer may share equal subtrees, so nodes may be met more than once; with
 * a loop they are met without end. */
enum { MEETINGS_PER_NODE = 16, MEETINGS_LEAST = 4096 };

struct walk {
	const struct walk_sources *sources;
	enum net_family family;
	walk_visit *visit;
	void *arg;
	uint64_t meetings_left[WALK_DATABASES_MAX];
	size_t damaged;
};

struct level {
	uint32_t refs[WALK_REFS_MAX];
};

/* Halves of every source that goes on below; ends are in both halves. */
static bool halve(struct walk *w, const struct level *from,
		  struct level below[2], bool *splits)
{
	const struct walk_sources *s = w->sources;
	const struct cuts *cuts[2] = { s->corrections, s->networks };
	uint32_t halves[2];

	*splits = false;
	for (size_t i = 0; i < s->count + 2; i++) {
		uint32_t ref = from->refs[i];
		bool is_cut = i >= s->count;

		halves[0] = halves[1] = ref;
		if (is_cut && !(ref & CUTS_FINAL)) {
			cuts_halves(cuts[i - s->count], ref, halves);
			*splits = true;
		} else if (!is_cut && ref < mmdb_nodes(s->databases[i])) {
			w->damaged = i;
			if (w->meetings_left[i]-- == 0 ||
			    !mmdb_halves(s->databases[i], w->family, ref,
					 halves))
				return false;
			*splits = true;
		}
		below[0].refs[i] = halves[0];
		below[1].refs[i] = halves[1];
	}
	return true;
}

static enum walk_end go(struct walk *w, struct level *at, unsigned bits)
{
	struct level below[2] = { 0 };
	enum walk_end end;
	bool splits;

	if (!halve(w, at, below, &splits))
		return WALK_DAMAGED;
	if (!splits) {
		uint32_t *cuts = &at->refs[w->sources->count];

		cuts[0] &= ~CUTS_FINAL;
		cuts[1] &= ~CUTS_FINAL;
		return w->visit(w->arg, bits, at->refs) ? WALK_DONE
							: WALK_REFUSED;
	}
	/* Cuts end where addresses end, so a database goes on below. */
	if (bits == net_bits(w->family))
		return WALK_DAMAGED;
	end = go(w, &below[0], bits + 1);
	return end == WALK_DONE ? go(w, &below[1], bits + 1) : end;
}

enum walk_end walk_family(const struct walk_sources *sources,
			  enum net_family family, walk_visit *visit, void *arg,
			  size_t *damaged)
{
	struct walk w = {
		.sources = sources,
		.family = family,
		.visit = visit,
		.arg = arg,
	};
	struct level root = { 0 };
	enum walk_end end;

	for (size_t i = 0; i < sources->count; i++) {
		const struct mmdb *db = sources->databases[i];

		root.refs[i] = mmdb_root(db, family);
		w.meetings_left[i] =
			(uint64_t)mmdb_nodes(db) * MEETINGS_PER_NODE +
			MEETINGS_LEAST;
	}
	root.refs[sources->count] = cuts_root(sources->corrections, family);
	root.refs[sources->count + 1] = cuts_root(sources->networks, family);
	end = go(&w, &root, 0);
	if (end == WALK_DAMAGED)
		*damaged = w.damaged;
	return end;
}
