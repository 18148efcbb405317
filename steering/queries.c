/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/queries.h"

#include "policy/language/policy.h"
#include "steering/registry.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(POLICY_SERVICES_MAX <= UINT16_MAX && DEMAND_HOMES <= UINT8_MAX,
	      "a cell has room for their indices");

/* So often one service was asked from one home. */
struct cell {
	float per_s;
	uint16_t service;
	uint8_t home;
};

struct queries_node {
	char name[NODE_NAME_SIZE];
	int64_t heard_ms;
	int64_t wall_made_ms; /* of its record */
	struct cell *cells;   /* by service; owned */
	size_t count;
};

static void drop(struct queries *c, size_t i)
{
	free(c->nodes[i].cells);
	c->nodes[i] = c->nodes[--c->count];
}

static void clear(struct queries *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->nodes[i].cells);
	c->count = 0;
}

void queries_fini(struct queries *c)
{
	clear(c);
	free(c->nodes);
	*c = (struct queries){ .nodes = NULL };
}

void queries_adopt(struct queries *c, const struct policy *policy)
{
	clear(c);
	c->policy = policy;
}

/* Two thousand of them tell every ten seconds: a walk does. */
static struct queries_node *find(struct queries *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->nodes[i].name, name) == 0)
			return &c->nodes[i];
	return NULL;
}

static struct queries_node *place_of(struct queries *c, const char *name)
{
	struct queries_node *node = find(c, name);
	size_t room = c->room == 0 ? 8 : 2 * c->room;

	if (node != NULL)
		return node;
	if (c->count == REGISTRY_MAX)
		return NULL;
	if (c->count == c->room) {
		node = realloc(c->nodes, room * sizeof(*node));
		if (node == NULL)
			return NULL;
		c->nodes = node;
		c->room = room;
	}
	node = &c->nodes[c->count++];
	*node = (struct queries_node){ .heard_ms = 0 };
	snprintf(node->name, sizeof(node->name), "%s", name);
	return node;
}

/* POLICY_NONE: this policy has no such region. */
static int home_of(const struct policy *policy, const char *name)
{
	return name[0] == '\0' ? DEMAND_NOWHERE
			       : policy_find_region(policy, name);
}

/* Those of a row that are something here; how many. */
static size_t read_row(const struct queries *c,
		       const struct node_counts *counts,
		       const struct node_counts_row *row, struct cell *out)
{
	int service = policy_find_service(c->policy, row->service);
	size_t found = 0;

	for (size_t h = 0; service >= 0 && h < counts->home_count; h++) {
		int home = row->of[h] == 0
				   ? POLICY_NONE
				   : home_of(c->policy, counts->homes[h]);

		if (home == POLICY_NONE)
			continue;
		out[found++] = (struct cell){
			.per_s = (float)(1000.0 * (double)row->of[h] /
					 (double)counts->over_ms),
			.service = (uint16_t)service,
			.home = (uint8_t)home,
		};
	}
	return found;
}

static size_t cells_in(const struct node_counts *counts)
{
	size_t cells = 0;

	for (size_t i = 0; i < counts->count; i++)
		for (size_t h = 0; h < counts->home_count; h++)
			cells += counts->rows[i].of[h] > 0;
	return cells;
}

bool queries_take(struct queries *c, const struct node *node,
		  const struct node_counts *counts, int64_t now_ms)
{
	struct queries_node *place;
	struct cell *cells;

	if (c->policy == NULL)
		return true;
	place = place_of(c, node->name);
	if (place == NULL)
		return false;
	if (place->heard_ms != 0 && place->wall_made_ms == node->wall_made_ms)
		return true;
	cells = calloc(cells_in(counts) + 1, sizeof(*cells));
	if (cells == NULL)
		return false;
	free(place->cells);
	place->cells = cells;
	place->count = 0;
	place->heard_ms = now_ms;
	place->wall_made_ms = node->wall_made_ms;
	for (size_t i = 0; i < counts->count; i++)
		place->count += read_row(c, counts, &counts->rows[i],
					 cells + place->count);
	return true;
}

static void add_node(const struct queries_node *node, struct queries_sum *out)
{
	const struct cell *cells = node->cells;

	for (size_t i = 0; i < node->count; i++) {
		struct queries_sum *s = &out[cells[i].service];

		s->home[cells[i].home] += (double)cells[i].per_s;
		if (i > 0 && cells[i].service == cells[i - 1].service)
			continue;
		s->responders++;
		if (s->heard_ms == 0 || node->heard_ms < s->heard_ms)
			s->heard_ms = node->heard_ms;
	}
}

void queries_sum(struct queries *c, int64_t now_ms, struct queries_sum *out)
{
	assert(c->policy != NULL);
	for (size_t i = 0; i < c->policy->service_count; i++)
		out[i] = (struct queries_sum){ .responders = 0 };
	for (size_t i = c->count; i-- > 0;)
		if (now_ms - c->nodes[i].heard_ms > QUERIES_STALE_MS)
			drop(c, i);
		else
			add_node(&c->nodes[i], out);
}
