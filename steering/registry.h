/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry -- the nodes that were heard of lately: who they are, which plan
 * each has applied, since when it is behind.
 *
 * Found by name in constant time; REGISTRY_MAX of them.  Pure.
 */
#ifndef STEERING_REGISTRY_H
#define STEERING_REGISTRY_H

#include "policy/bus/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan;

enum {
	REGISTRY_MAX = 4096, /* as many as the bus reads */
	REGISTRY_FORGET_MS = 60000,
	REGISTRY_LATELY_MS = 5000,
};

struct registered {
	struct node node;
	int64_t heard_ms; /* monotonic */
	/* Since when a newer plan than the one it has is known; 0: it has the
	 * newest, or is not of those who apply plans. */
	int64_t wall_behind_ms;
};

/* Zero-initialised is empty. */
struct registry {
	struct registered *nodes; /* owned; in no order */
	size_t count, room;
	uint32_t *index; /* owned; open addressing over names: place + 1 */
	/* The newest plan, and when it became known; 0, 0: none. */
	uint64_t epoch, sequence;
	int64_t wall_plan_ms;
};

void registry_fini(struct registry *r);

/*
 * A node's record.  The same one read again is no sign of life.  False: there
 * are REGISTRY_MAX others, or no memory.
 */
bool registry_take(struct registry *r, const struct node *node, int64_t now_ms);

/* The newest plan is this: who has not applied it is behind from now on. */
void registry_plan(struct registry *r, const struct plan *plan,
		   int64_t wall_ms);

/* Forgets who has not been heard of for REGISTRY_FORGET_MS. */
void registry_forget(struct registry *r, int64_t now_ms);

/* NULL when it is not there. */
const struct registered *registry_find(const struct registry *r,
				       const char *name);

/* The name of another node that said lately that it leads; NULL: none did. */
const char *registry_leader(const struct registry *r, const char *self,
			    int64_t now_ms);

/* How far a plan has come among the nodes that apply plans. */
struct registry_spread {
	size_t all, have;
};
struct registry_spread registry_spread(const struct registry *r, uint64_t epoch,
				       uint64_t sequence);

/* The oldest plan that a node which applies plans has; 0, 0: there is none. */
struct registry_floor {
	uint64_t epoch, sequence;
};
struct registry_floor registry_floor(const struct registry *r);

/* The highest epoch that a node which applies plans said lately that it
 * follows; 0: none. */
uint64_t registry_followed(const struct registry *r, int64_t now_ms);

/*
 * The nodes after the name (NULL: from the first) in order of strcmp(3), into
 * list of room pointers, which are borrowed until the next change; their
 * number.  wanted NULL: all, else those for which it says yes.
 */
typedef bool registry_wanted(const struct registered *node, const void *arg);
size_t registry_page(const struct registry *r, const char *after,
		     registry_wanted *wanted, const void *arg,
		     const struct registered *list[REGISTRY_MAX]);

#endif
