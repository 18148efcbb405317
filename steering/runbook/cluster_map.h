/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster_map -- a Redis Cluster as one of its nodes sees it: who serves which
 * slots, and what of that is wrong for a bus, all keys of which are in one
 * slot (the hash tag of windrose:{ENV}:).  Pure.
 *
 * Source: Redis Cluster specification; CLUSTER NODES.
 */
#ifndef STEERING_RUNBOOK_CLUSTER_MAP_H
#define STEERING_RUNBOOK_CLUSTER_MAP_H

#include "policy/bus/redis_url.h"

#include <stdbool.h>
#include <stddef.h>

struct diagnosis;

enum {
	CLUSTER_NODES_MAX = 64, /* looked at; more are left out */
	CLUSTER_SLOTS = 16384,
	CLUSTER_ID_SIZE = 41,
};

struct cluster_node {
	char id[CLUSTER_ID_SIZE];
	char master[CLUSTER_ID_SIZE]; /* whose replica it is; "-": nobody's */
	struct redis_place place;     /* port 0: the cluster does not know */
	bool failed, suspected,
		lost; /* lost: the one asked has no link to it */
	bool holds;   /* our slot */
};

struct cluster_map {
	struct cluster_node nodes[CLUSTER_NODES_MAX];
	size_t count;
	bool served[CLUSTER_SLOTS]; /* by a node that has not failed */
	bool moving;                /* our slot, to or from the one asked */
};

struct cluster_view {
	unsigned slot;                   /* ours */
	const struct redis_place *asked; /* who tells */
	bool by_name; /* cluster-preferred-endpoint-type hostname */
};

/* CLUSTER NODES's text.  False: it is none. */
bool cluster_map_read(const char *text, const struct cluster_view *view,
		      struct cluster_map *out);

/* The node that holds our slot and has not failed, or NULL. */
const struct cluster_node *cluster_map_holder(const struct cluster_map *map);

/* Nodes that are gone, slots that nobody serves, ours that moves. */
void cluster_map_judge(struct diagnosis *d, const struct cluster_map *map,
		       const struct cluster_view *view);

/* Whether another node names the same holder as first does. */
void cluster_map_compare(struct diagnosis *d, const struct cluster_map *first,
			 const struct cluster_map *other, unsigned slot);

#endif
