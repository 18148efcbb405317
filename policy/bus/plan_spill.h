/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_spill -- which part of some clients each endpoint accepts because of its
 * capacity, as a plan says it, beside the shares of endpoints.
 *
 * Clients are told apart by what is known of them before anything is steered:
 * the endpoints that residency leaves them, and which of these is the nearest,
 * their home (policy/decide/flock).  A service steered by no distance, and
 * clients of no known place, have no home: "".
 *
 * In JSON: {"service", "home", "parts": [{"endpoint", "share"}, ...]}, with a
 * part for every endpoint that the clients may get.  A reader that is older
 * than these members leaves them out, and decides by shares alone.  Pure.
 */
#ifndef POLICY_BUS_PLAN_SPILL_H
#define POLICY_BUS_PLAN_SPILL_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct json_t;

enum {
	PLAN_SPILL_NAME_SIZE = 64,
	PLAN_SPILLS_MAX = 16384,
	PLAN_SPILL_PARTS_MAX = 64, /* of one */
};

struct plan_spill_part {
	char endpoint[PLAN_SPILL_NAME_SIZE];
	double share; /* acceptance in [0, 1] */
};

struct plan_spill {
	char service[PLAN_SPILL_NAME_SIZE];
	char home[PLAN_SPILL_NAME_SIZE]; /* an endpoint, or "" */
	struct plan_spill_part *parts;   /* by endpoint (strcmp(3)); in the
					  * list's own room */
	size_t count;
};

/* Zero-initialised is empty.  By service, home, endpoints of the parts. */
struct plan_spills {
	struct plan_spill *list; /* owned */
	size_t count;
	struct plan_spill_part *parts; /* owned: of all */
	size_t part_count;
};

/*
 * Room for so many, of so many parts in all; counts are 0.  False: out of
 * memory, out is empty.
 */
bool plan_spills_init(struct plan_spills *out, size_t count, size_t parts);

/* Accepts an empty one, and leaves one. */
void plan_spills_fini(struct plan_spills *spills);

/* One more, without parts yet.  There must be room. */
struct plan_spill *plan_spills_add(struct plan_spills *spills,
				   const char *service, const char *home);
/* One more part of the last. */
void plan_spills_put(struct plan_spills *spills, const char *endpoint,
		     double share);

/* Puts parts and list in their order; plan_spills_parse() has. */
void plan_spills_sort(struct plan_spills *spills);

/*
 * list is an array, or NULL for none.  False with err set, out empty: shares
 * outside [0, 1], no parts, too many, or something is there twice.
 */
bool plan_spills_parse(struct plan_spills *out, const struct json_t *list,
		       struct error *err);

/* A new reference; NULL when memory runs out. */
struct json_t *plan_spills_write(const struct plan_spills *spills);

/* False: out of memory, out is empty. */
bool plan_spills_copy(struct plan_spills *out, const struct plan_spills *from);

enum plan_spills_change {
	PLAN_SPILLS_SAME,
	PLAN_SPILLS_GRADUAL, /* shares moved, none to or from 0 */
	PLAN_SPILLS_CHANGED,
};
enum plan_spills_change plan_spills_compare(const struct plan_spills *a,
					    const struct plan_spills *b);

#endif
