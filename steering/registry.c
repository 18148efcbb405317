/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/registry.h"

#include "policy/base/hash.h"
#include "policy/bus/plan.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 64 };

void registry_fini(struct registry *r)
{
	free(r->nodes);
	free(r->index);
	*r = (struct registry){ .nodes = NULL };
}

/* The slot of the index that has the name, or where it would stand. */
static uint32_t *slot_of(const struct registry *r, const char *name)
{
	size_t mask = 2 * r->room - 1;
	size_t at = (size_t)hash_mix(
		hash_octets(HASH_FNV_OFFSET, name, strlen(name)));

	for (at &= mask; r->index[at] != 0; at = (at + 1) & mask)
		if (strcmp(r->nodes[r->index[at] - 1].node.name, name) == 0)
			break;
	return &r->index[at];
}

static void build_index(struct registry *r)
{
	memset(r->index, 0, 2 * r->room * sizeof(*r->index));
	for (size_t i = 0; i < r->count; i++)
		*slot_of(r, r->nodes[i].node.name) = (uint32_t)i + 1;
}

/* Room for one more.  False: full, or out of memory. */
static bool grow(struct registry *r)
{
	size_t room = r->room == 0 ? ROOM_FIRST : 2 * r->room;
	struct registered *nodes;
	uint32_t *index;

	if (r->count < r->room)
		return true;
	if (r->count == REGISTRY_MAX)
		return false;
	nodes = realloc(r->nodes, room * sizeof(*nodes));
	if (nodes == NULL)
		return false;
	r->nodes = nodes;
	index = realloc(r->index, 2 * room * sizeof(*index));
	if (index == NULL)
		return false;
	r->index = index;
	r->room = room;
	build_index(r);
	return true;
}

const struct registered *registry_find(const struct registry *r,
				       const char *name)
{
	uint32_t place = r->room == 0 ? 0 : *slot_of(r, name);

	return place == 0 ? NULL : &r->nodes[place - 1];
}

/* The node's place, made when it has none; NULL: no room. */
static struct registered *place_of(struct registry *r, const char *name)
{
	uint32_t *slot = r->room == 0 ? NULL : slot_of(r, name);

	if (slot != NULL && *slot != 0)
		return &r->nodes[*slot - 1];
	if (!grow(r))
		return NULL;
	*slot_of(r, name) = (uint32_t)r->count + 1;
	r->nodes[r->count] = (struct registered){ .heard_ms = 0 };
	return &r->nodes[r->count++];
}

static bool is_behind(const struct registry *r, const struct node *node)
{
	return node_follows(node) &&
	       !node_has_plan(node, r->epoch, r->sequence);
}

bool registry_take(struct registry *r, const struct node *node, int64_t now_ms)
{
	struct registered *place = place_of(r, node->name);

	if (place == NULL)
		return false;
	if (place->heard_ms != 0 &&
	    place->node.wall_made_ms == node->wall_made_ms)
		return true;
	place->node = *node;
	place->heard_ms = now_ms;
	if (!is_behind(r, node))
		place->wall_behind_ms = 0;
	else if (place->wall_behind_ms == 0)
		place->wall_behind_ms = r->wall_plan_ms;
	return true;
}

void registry_plan(struct registry *r, const struct plan *plan, int64_t wall_ms)
{
	r->epoch = plan->epoch;
	r->sequence = plan->sequence;
	r->wall_plan_ms = wall_ms;
	for (size_t i = 0; i < r->count; i++)
		if (!is_behind(r, &r->nodes[i].node))
			r->nodes[i].wall_behind_ms = 0;
		else if (r->nodes[i].wall_behind_ms == 0)
			r->nodes[i].wall_behind_ms = wall_ms;
}

void registry_forget(struct registry *r, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (now_ms - r->nodes[i].heard_ms < REGISTRY_FORGET_MS) {
			if (kept != i)
				r->nodes[kept] = r->nodes[i];
			kept++;
		}
	if (kept == r->count)
		return;
	r->count = kept;
	build_index(r);
}

const char *registry_leader(const struct registry *r, const char *self,
			    int64_t now_ms)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct registered *n = &r->nodes[i];

		if (n->node.leads && strcmp(n->node.name, self) != 0 &&
		    now_ms - n->heard_ms < REGISTRY_LATELY_MS)
			return n->node.name;
	}
	return NULL;
}

struct registry_spread registry_spread(const struct registry *r, uint64_t epoch,
				       uint64_t sequence)
{
	struct registry_spread spread = { .all = 0 };

	for (size_t i = 0; i < r->count; i++)
		if (node_follows(&r->nodes[i].node)) {
			spread.all++;
			spread.have += node_has_plan(&r->nodes[i].node, epoch,
						     sequence);
		}
	return spread;
}

struct registry_floor registry_floor(const struct registry *r)
{
	struct registry_floor floor = { .epoch = 0 };
	const struct node *oldest = NULL;

	for (size_t i = 0; i < r->count; i++) {
		const struct node *n = &r->nodes[i].node;

		if (node_follows(n) &&
		    (oldest == NULL || !node_has_plan(n, oldest->plan_epoch,
						      oldest->plan_sequence)))
			oldest = n;
	}
	if (oldest != NULL)
		floor = (struct registry_floor){ oldest->plan_epoch,
						 oldest->plan_sequence };
	return floor;
}

uint64_t registry_followed(const struct registry *r, int64_t now_ms)
{
	uint64_t epoch = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct registered *n = &r->nodes[i];

		if (node_follows(&n->node) && n->node.plan_epoch > epoch &&
		    now_ms - n->heard_ms < REGISTRY_LATELY_MS)
			epoch = n->node.plan_epoch;
	}
	return epoch;
}

static int compare_names(const void *a, const void *b)
{
	const struct registered *const *x = a, *const *y = b;

	return strcmp((*x)->node.name, (*y)->node.name);
}

size_t registry_page(const struct registry *r, const char *after,
		     registry_wanted *wanted, const void *arg,
		     const struct registered *list[REGISTRY_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++)
		if ((after == NULL ||
		     strcmp(r->nodes[i].node.name, after) > 0) &&
		    (wanted == NULL || wanted(&r->nodes[i], arg)))
			list[count++] = &r->nodes[i];
	qsort(list, count, sizeof(*list), compare_names);
	return count;
}
