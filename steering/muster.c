/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/muster.h"

#include "policy/bus/member.h"
#include "steering/answer.h"

#include <stdlib.h>

#include <jansson.h>

/* A node's own octets, as JSON again. */
static json_t *embed_node(const struct node *node)
{
	size_t len = 0;
	char *octets = node_write(node, &len);

	json_t *json = octets == NULL ? NULL : json_loadb(octets, len, 0, NULL);

	free(octets);
	return json;
}

struct json_t *muster_self(const struct status *status)
{
	return embed_node(status->self);
}

static json_t *node_status(const struct status *st,
			   const struct registered *node)
{
	json_t *json = embed_node(&node->node);
	int64_t lag_ms = node->wall_behind_ms == 0
				 ? 0
				 : st->now.wall_ms - node->wall_behind_ms;

	if (json_object_set_new(json, "silent_ms",
				json_integer(st->now.now_ms -
					     node->heard_ms)) == 0 &&
	    json_object_set_new(json, "lag_ms", json_integer(lag_ms)) == 0)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *write_nodes(const struct status *st,
			   const struct registered *const *list, size_t count)
{
	json_t *nodes = json_array();

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(nodes, node_status(st, list[i])) !=
		    0) {
			json_decref(nodes);
			return NULL;
		}
	return nodes;
}

static size_t at_most(size_t count, size_t max)
{
	return count < max ? count : max;
}

struct json_t *answer_nodes(const struct status *status, const char *after,
			    size_t count)
{
	const struct registered *list[REGISTRY_MAX];
	size_t found = registry_page(&status->inputs->registry, after, NULL,
				     NULL, list);

	return json_pack("{s:b, s:o, s:b}", "ok", 1, "nodes",
			 write_nodes(status, list, at_most(found, count)),
			 "more", found > count);
}

/* A plan that some have not applied. */
struct awaited {
	uint64_t epoch, sequence;
};

static bool is_missing(const struct registered *node, const void *arg)
{
	const struct awaited *plan = arg;

	return node_follows(&node->node) &&
	       !node_has_plan(&node->node, plan->epoch, plan->sequence);
}

struct json_t *answer_acks(const struct status *status, uint64_t epoch,
			   uint64_t sequence, size_t count)
{
	const struct registry *r = &status->inputs->registry;
	const struct awaited plan = { epoch, sequence };
	const struct registered *list[REGISTRY_MAX];
	struct registry_spread spread = registry_spread(r, epoch, sequence);
	size_t found = registry_page(r, NULL, is_missing, &plan, list);

	return json_pack("{s:b, s:I, s:I, s:o}", "ok", 1, "all",
			 (json_int_t)spread.all, "have",
			 (json_int_t)spread.have, "missing",
			 write_nodes(status, list, at_most(found, count)));
}

/* {"0.2.0": 1998, "0.1.0": 2}: of how many nodes this is the software. */
static json_t *versions_status(const struct registry *r)
{
	json_t *versions = json_object();

	for (size_t i = 0; i < r->count; i++) {
		const char *version = r->nodes[i].node.version;
		const char *name = *version == '\0' ? "unknown" : version;
		json_int_t before =
			json_integer_value(json_object_get(versions, name));

		if (json_object_set_new(versions, name,
					json_integer(before + 1)) != 0) {
			json_decref(versions);
			return NULL;
		}
	}
	return versions;
}

/* What every node that applies plans understands; this program's own when there
 * is none.  A document that needs more would leave somebody behind. */
static json_int_t spoken_by_all(const struct registry *r)
{
	json_int_t least = MEMBER_SPEAKS;

	for (size_t i = 0; i < r->count; i++)
		if (node_follows(&r->nodes[i].node) &&
		    r->nodes[i].node.speaks < least)
			least = r->nodes[i].node.speaks;
	return least;
}

/* The fleet in numbers: who is on the newest plan, who is longest behind. */
struct json_t *muster_count(const struct status *st)
{
	const struct registry *r = &st->inputs->registry;
	struct registry_spread spread =
		registry_spread(r, r->epoch, r->sequence);
	const struct registered *last = NULL;

	for (size_t i = 0; i < r->count; i++) {
		const struct registered *n = &r->nodes[i];

		if (n->wall_behind_ms != 0 &&
		    (last == NULL || n->wall_behind_ms < last->wall_behind_ms))
			last = n;
	}
	return json_pack(
		"{s:I, s:I, s:I, s:s, s:I, s:I, s:o}", "nodes",
		(json_int_t)r->count, "followers", (json_int_t)spread.all,
		"have", (json_int_t)spread.have, "last",
		last == NULL ? "" : last->node.name, "lag_ms",
		(json_int_t)(last == NULL
				     ? 0
				     : st->now.wall_ms - last->wall_behind_ms),
		"speaks", spoken_by_all(r), "versions", versions_status(r));
}

struct json_t *muster_first(const struct status *st)
{
	const struct registered *list[REGISTRY_MAX];
	size_t found =
		registry_page(&st->inputs->registry, NULL, NULL, NULL, list);

	return write_nodes(st, list, at_most(found, ANSWER_NODES_USUAL));
}
