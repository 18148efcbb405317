/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/waves.h"

#include "policy/base/hash.h"
#include "policy/bus/plan_release.h"
#include "policy/language/policy.h"
#include "steering/registry.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool waves_takes(const struct node *node)
{
	return node->role == NODE_DNS && node->takes_policy;
}

static bool probes_by(const struct node *node, const char *digest)
{
	return strcmp(node->next_digest, digest) == 0 ||
	       strcmp(node->policy_digest, digest) == 0;
}

static bool refuses(const struct node *node, const char *digest)
{
	return strcmp(node->refused_digest, digest) == 0;
}

typedef bool node_test(const struct node *node, const char *digest);

/* A prober that takes policies, heard of lately, of which that is so. */
static const struct node *find_prober(const struct registry *registry,
				      int64_t now_ms, const char *digest,
				      node_test *test, bool is_so)
{
	for (size_t i = 0; i < registry->count; i++) {
		const struct registered *n = &registry->nodes[i];

		if (n->node.role == NODE_HEALTH && n->node.takes_policy &&
		    now_ms - n->heard_ms < REGISTRY_LATELY_MS &&
		    test(&n->node, digest) == is_so)
			return &n->node;
	}
	return NULL;
}

const struct node *waves_refuser(const struct registry *registry,
				 int64_t now_ms, const char *digest)
{
	return find_prober(registry, now_ms, digest, refuses, true);
}

const struct node *waves_unready(const struct registry *registry,
				 int64_t now_ms, const char *digest)
{
	return find_prober(registry, now_ms, digest, probes_by, false);
}

static uint64_t draw_of(const struct node *node)
{
	return hash_octets(HASH_FNV_OFFSET, node->name, strlen(node->name));
}

static int compare_draw(const void *a, const void *b)
{
	const struct registered *const *x = a, *const *y = b;
	uint64_t i = draw_of(&(*x)->node), j = draw_of(&(*y)->node);

	return i != j ? (i < j ? -1 : 1)
		      : strcmp((*x)->node.name, (*y)->node.name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void add_name(struct plan_release *said, const char *name)
{
	for (size_t i = 0; i < said->node_count; i++)
		if (strcmp(said->nodes[i], name) == 0)
			return;
	if (said->node_count == RELEASE_NODES_MAX)
		return;
	snprintf(said->nodes[said->node_count++], RELEASE_NAME_SIZE, "%s",
		 name);
}

/* Those who take policies, in the order in which shares take them. */
static size_t list_takers(const struct registry *registry,
			  const struct registered **list)
{
	size_t count = 0;

	for (size_t i = 0; i < registry->count; i++)
		if (waves_takes(&registry->nodes[i].node))
			list[count++] = &registry->nodes[i];
	if (count > 1)
		qsort(list, count, sizeof(*list), compare_draw);
	return count;
}

/* Of the share, so many: one at least, and one more than before. */
static size_t size_of(const struct rollout_wave *wave, size_t before,
		      size_t all)
{
	size_t size = (all * wave->percent + 99) / 100;

	if (size <= before)
		size = before + 1;
	return size < all ? size : all;
}

static void add_share(struct plan_release *said,
		      const struct registered *const *list, size_t count,
		      size_t size)
{
	for (size_t i = 0; i < count && said->node_count < size; i++)
		add_name(said, list[i]->node.name);
}

bool waves_add(struct plan_release *said, const struct policy_rollout *rollout,
	       const struct registry *registry, size_t index)
{
	const struct registered *list[REGISTRY_MAX];
	size_t count = list_takers(registry, list);
	const struct rollout_wave *wave = NULL;
	char(*nodes)[RELEASE_NAME_SIZE] =
		realloc(said->nodes, sizeof(*nodes) * RELEASE_NODES_MAX);

	if (nodes == NULL)
		return false;
	said->nodes = nodes;
	if (index < rollout->wave_count)
		wave = &rollout->waves[index];
	for (size_t i = 0; wave != NULL && i < wave->node_count; i++)
		add_name(said, wave->nodes[i]);
	if (wave == NULL)
		add_share(said, list, count, count);
	else if (wave->percent > 0)
		add_share(said, list, count,
			  size_of(wave, said->node_count, count));
	if (said->node_count > 1)
		qsort(said->nodes, said->node_count, RELEASE_NAME_SIZE,
		      compare_names);
	return true;
}
