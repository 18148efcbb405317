/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_release -- which policy each node is to serve, as a plan says it.
 *
 * base is served by everybody, next by those named alone, until it is the base
 * itself or is taken back: see the drawing in steering/release.h.  A plan
 * without this member leaves every node with the policy that it has.  Nothing
 * here is compared with another's clock: time is counted, as for canaries.
 * Pure.
 */
#ifndef POLICY_BUS_PLAN_RELEASE_H
#define POLICY_BUS_PLAN_RELEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;
struct error;

enum {
	RELEASE_DIGEST_SIZE = 65,
	RELEASE_NAME_SIZE = 64,
	RELEASE_REASON_SIZE = 200,
	RELEASE_NODES_MAX = 4096,
	RELEASE_REFUSED_MAX = 8,
	RELEASE_KEY_SIZE = 17, /* as commands that are held have it */
};

enum release_phase {
	RELEASE_NONE, /* nobody ever published, or nobody says */
	RELEASE_PLANNED,
	RELEASE_WAVE, /* the wave's nodes take it */
	RELEASE_SOAK, /* they are watched */
	RELEASE_BACK, /* it is taken back: not all have gone back yet */
	RELEASE_DONE, /* next became base */
	RELEASE_GONE, /* all have gone back */
	RELEASE_PHASES,
};

/* A policy that failed: not tried again by itself. */
struct release_refused {
	char digest[RELEASE_DIGEST_SIZE];
	char reason[RELEASE_REASON_SIZE];
};

/* One that waits for a second person to publish it, too. */
struct release_held {
	char digest[RELEASE_DIGEST_SIZE]; /* "": none does */
	char author[RELEASE_NAME_SIZE];
	char key[RELEASE_KEY_SIZE]; /* that signed the request; "": none did */
	bool forced, may_silence;   /* as it was asked for */
	int64_t wall_until_ms;      /* it waits for so long */
};

/* Zeroed memory says nothing. */
struct plan_release {
	enum release_phase phase;
	char base[RELEASE_DIGEST_SIZE]; /* "": their own files */
	char next[RELEASE_DIGEST_SIZE]; /* that it is about; also when over */
	char author[RELEASE_NAME_SIZE];
	char reason[RELEASE_REASON_SIZE]; /* why it is in that phase */
	bool may_silence;      /* goes on though clients lose their answers */
	uint32_t wave;         /* from 0 */
	int64_t spent_ms;      /* in this phase, so far */
	int64_t wall_asked_ms; /* when the last request that was taken on was
				* made: an older one is a replay */
	int64_t wall_since_ms; /* in this phase; for people */
	/* Who is to serve next; in order of strcmp(3), none twice; owned. */
	char (*nodes)[RELEASE_NAME_SIZE];
	size_t node_count;
	struct release_refused refused[RELEASE_REFUSED_MAX]; /* oldest first */
	size_t refused_count;
	struct release_held held; /* in no phase; next is another */
};

void plan_release_fini(struct plan_release *release);

/* A deep copy.  False, out untouched: out of memory. */
bool plan_release_copy(const struct plan_release *from,
		       struct plan_release *out);

/* Says both the same, but for the time that passes? */
bool plan_release_same(const struct plan_release *a,
		       const struct plan_release *b);

/* Is next on its way, or on its way back? */
bool plan_release_is_under_way(const struct plan_release *release);

/*
 * The digest that the node of this name is to serve; "": that of its own
 * files; NULL: nothing is said.  Borrowed.
 */
const char *plan_release_wanted(const struct plan_release *release,
				const char *node);

/* Is the node among those who are to serve next? */
bool plan_release_has(const struct plan_release *release, const char *node);

/* json is an object, or NULL: then it is zeroed.  False with err set, out
 * untouched. */
bool plan_release_read(const struct json_t *json, struct plan_release *out,
		       struct error *err);

/* A new reference, or NULL when memory runs out. */
struct json_t *plan_release_write(const struct plan_release *release);

/* "none", "planned", "wave", ... */
const char *release_phase_name(enum release_phase phase);

#endif
