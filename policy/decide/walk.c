/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/walk.h"

#include "policy/decide/cuts.h"
#include "policy/decide/mmdb.h"

/* A writer may share equal subtrees, so nodes may be met more than once; with
 * a loop they are met without end. */
enum { MEETINGS_PER_NODE = 16, MEETINGS_LEAST = 4096 };

struct walk {
	const struct walk_sources *sources;
	struct mmdb_tree trees[WALK_DATABASES_MAX];
	enum net_family family;
	walk_visit *visit;
	void *arg;
	uint64_t meetings_left[WALK_DATABASES_MAX];
	size_t damaged;
};

struct level {
	uint32_t refs[WALK_REFS_MAX];
};

/* How many sources go on below; *only is one of them. */
static unsigned count_open(const struct walk *w, const struct level *at,
			   size_t *only)
{
	const struct walk_sources *s = w->sources;
	unsigned open = 0;

	for (size_t i = 0; i < s->count + 2; i++) {
		bool ends = i < s->count ? at->refs[i] >= w->trees[i].count
					 : (at->refs[i] & CUTS_FINAL) != 0;

		if (ends)
			continue;
		open++;
		*only = i;
	}
	return open;
}

/* Halves of every source that goes on below; ends are in both halves. */
static bool halve(struct walk *w, const struct level *from,
		  struct level below[2])
{
	const struct walk_sources *s = w->sources;
	const struct cuts *cuts[2] = { s->corrections, s->networks };
	uint32_t halves[2];

	for (size_t i = 0; i < s->count + 2; i++) {
		uint32_t ref = from->refs[i];
		bool is_cut = i >= s->count;

		halves[0] = halves[1] = ref;
		if (is_cut && !(ref & CUTS_FINAL)) {
			cuts_halves(cuts[i - s->count], ref, halves);
		} else if (!is_cut && ref < w->trees[i].count) {
			w->damaged = i;
			if (w->meetings_left[i]-- == 0 ||
			    !mmdb_halves(&w->trees[i], ref, halves))
				return false;
		}
		below[0].refs[i] = halves[0];
		below[1].refs[i] = halves[1];
	}
	return true;
}

static void cuts_end(const struct walk *w, struct level *at)
{
	at->refs[w->sources->count] &= ~CUTS_FINAL;
	at->refs[w->sources->count + 1] &= ~CUTS_FINAL;
}

/*
 * One database goes on below at, all else has ended: most of every walk.  The
 * right halves that are still to come wait with their lengths, one a bit.
 */
static enum walk_end go_alone(struct walk *w, struct level *at, unsigned bits,
			      size_t database)
{
	const struct mmdb_tree tree = w->trees[database];
	struct waiting {
		uint32_t ref;
		unsigned bits;
	} waiting[129];
	unsigned count = 0, width = net_bits(w->family);
	uint64_t meetings_left = w->meetings_left[database];
	uint32_t *ref = &at->refs[database], halves[2];

	cuts_end(w, at);
	w->damaged = database;
	for (;;) {
		for (; *ref < tree.count; *ref = halves[0], bits++) {
			if (bits == width || meetings_left-- == 0 ||
			    !mmdb_halves(&tree, *ref, halves))
				return WALK_DAMAGED;
			waiting[count++] =
				(struct waiting){ halves[1], bits + 1 };
		}
		if (!w->visit(w->arg, bits, at->refs))
			return WALK_REFUSED;
		if (count == 0)
			break;
		*ref = waiting[--count].ref;
		bits = waiting[count].bits;
	}
	w->meetings_left[database] = meetings_left;
	return WALK_DONE;
}

static enum walk_end go(struct walk *w, struct level *at, unsigned bits)
{
	struct level below[2] = { 0 };
	enum walk_end end;
	size_t only = 0;
	unsigned open = count_open(w, at, &only);

	if (open == 0) {
		cuts_end(w, at);
		return w->visit(w->arg, bits, at->refs) ? WALK_DONE
							: WALK_REFUSED;
	}
	if (open == 1 && only < w->sources->count)
		return go_alone(w, at, bits, only);
	if (!halve(w, at, below))
		return WALK_DAMAGED;
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

		w.trees[i] = mmdb_tree(db, family);
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
