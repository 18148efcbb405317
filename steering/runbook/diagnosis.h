/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diagnosis -- what is wrong with a Redis server that carries the bus, judged
 * by what it says of itself and what stands under the bus's keys.
 *
 * What is asked of the server is the doctor's business (runbook/doctor).  Pure.
 *
 * Source: redis.io's pages of INFO, CONFIG GET, ACL and client handling, and
 * policy/bus/redis for what Windrose needs.
 */
#ifndef STEERING_RUNBOOK_DIAGNOSIS_H
#define STEERING_RUNBOOK_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verifier;

enum ailment {
	AILMENT_UNREACHABLE, /* or it stopped answering */
	AILMENT_PASSWORD,
	AILMENT_REFUSED,    /* a question was refused for another reason */
	AILMENT_NOT_LOOKED, /* the user of the url may not look */
	AILMENT_NOT_MASTER,
	AILMENT_RIGHTS,
	AILMENT_EVICTION,
	AILMENT_PERSISTENCE,
	AILMENT_REPLICATION,
	AILMENT_CLOCK,
	AILMENT_WRONG_TYPE,
	AILMENT_UNREADABLE,
	AILMENT_UNSIGNED,
	AILMENT_SIZE,
	AILMENT_BUFFERS,
	AILMENT_COUNT,
};

enum {
	DIAGNOSIS_MAX = 64, /* findings told; more are counted */
	DIAGNOSIS_TEXT_SIZE = 300,
	DIAGNOSIS_NEAR_PCT = 80,       /* of a limit: near it */
	DIAGNOSIS_CLOCK_MS = 2000,     /* so far off is wrong */
	DIAGNOSIS_LAG_S = 10,          /* a replica so far behind lags */
	DIAGNOSIS_BUFFER_MIN = 1 << 20 /* octets of notices to bear */
};

/* Zeroed memory has found nothing. */
struct diagnosis {
	struct {
		enum ailment ailment;
		char text[DIAGNOSIS_TEXT_SIZE];
	} findings[DIAGNOSIS_MAX];
	size_t count;
	size_t more; /* that found no room */
};

void diagnosis_add(struct diagnosis *d, enum ailment ailment, const char *fmt,
		   ...) __attribute__((format(printf, 3, 4)));

/* "not-master", and what to do about it. */
const char *ailment_name(enum ailment ailment);
const char *ailment_remedy(enum ailment ailment);

/* INFO's reply: role, replicas, memory, saving, clients. */
void diagnosis_take_info(struct diagnosis *d, const char *info);

/* One line's value in INFO's reply, cut to size; false: it is not there. */
bool diagnosis_info_field(const char *info, const char *name, char *out,
			  size_t size);

/*
 * One of CONFIG GET: "save", "appendonly", "client-output-buffer-limit"; of
 * others nothing is judged.  "save" is judged by itself: ask for it only where
 * INFO says that the append-only file is off.
 */
void diagnosis_take_config(struct diagnosis *d, const char *name,
			   const char *value);

/* The server's clock less ours. */
void diagnosis_take_clock(struct diagnosis *d, int64_t ahead_ms);

/* A key's name without "windrose:{ENV}:". */
struct diagnosis_key {
	const char *name;
	const char *octets; /* its value; NULL where it is no string */
	size_t len;
};

/*
 * The type that TYPE must say of a key of this name, NULL when it is none of
 * Windrose's.
 */
const char *diagnosis_type_of(const char *name);

/* Whose signatures are right; borrowed.  NULL: they are not verified, of plans
 * only that there is one. */
struct diagnosis_trust {
	const struct verifier *plans;
	const struct witnesses *reports;
};

/* A key that has the right type. */
void diagnosis_take_value(struct diagnosis *d,
			  const struct diagnosis_trust *trust,
			  const struct diagnosis_key *key);

/* How many ids one of the sets has. */
void diagnosis_take_set(struct diagnosis *d, const char *name, int64_t ids);

#endif
