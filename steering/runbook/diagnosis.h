/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diagnosis -- what is wrong with a Redis server that carries the bus, judged
 * by what it says of itself; what stands under the bus's keys judges
 * runbook/content, who watches over it runbook/sentinel_view, its cluster
 * runbook/cluster_map.
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

enum ailment {
	AILMENT_UNREACHABLE, /* or it stopped answering */
	AILMENT_TLS,         /* spoken where it is not, or the reverse */
	AILMENT_CERTIFICATE, /* the server's, or ours */
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
	AILMENT_SENTINEL,     /* one that does not help to find the master */
	AILMENT_QUORUM,       /* too few sentinels to name another master */
	AILMENT_DISAGREEMENT, /* sentinels, or nodes of a cluster, differ */
	AILMENT_CLUSTER,      /* it does not serve all slots, or not ours */
	AILMENT_COUNT,
};

enum {
	DIAGNOSIS_MAX = 64, /* findings told; more are counted */
	DIAGNOSIS_TEXT_SIZE = 300,
	DIAGNOSIS_NEAR_PCT = 80,   /* of a limit: near it */
	DIAGNOSIS_CLOCK_MS = 2000, /* so far off is wrong */
	DIAGNOSIS_LAG_S = 10,      /* a replica so far behind lags */
	DIAGNOSIS_PAPER_DAYS = 14, /* a certificate that ends sooner */
	DIAGNOSIS_ABOUT_SIZE = 300,
	DIAGNOSIS_BUFFER_MIN = 1 << 20 /* octets of notices to bear */
};

/* Zeroed memory has found nothing. */
struct diagnosis {
	struct symptom {
		enum ailment ailment;
		const char *remedy;               /* never NULL, constant */
		char about[DIAGNOSIS_ABOUT_SIZE]; /* which server; or "" */
		char text[DIAGNOSIS_TEXT_SIZE];
	} findings[DIAGNOSIS_MAX];
	size_t count;
	size_t more; /* that found no room */
	/* Whom the findings to come are about, when there are several. */
	char about[DIAGNOSIS_ABOUT_SIZE];
};

void diagnosis_add(struct diagnosis *d, enum ailment ailment, const char *fmt,
		   ...) __attribute__((format(printf, 3, 4)));

/*
 * A server that cannot be asked, for what policy/bus/redis_dialog says of it:
 * words, constant, hold what to do behind a colon or a semicolon, or nothing
 * of that.
 */
void diagnosis_add_trouble(struct diagnosis *d, const char *words,
			   const char *detail);

/* "not-master", and what to do about it. */
const char *ailment_name(enum ailment ailment);
const char *ailment_remedy(enum ailment ailment);

/* INFO's reply, of a master: role, replicas, memory, saving, clients. */
void diagnosis_take_info(struct diagnosis *d, const char *info);

/*
 * INFO's reply, of a replica that master is said to have: whether it is one,
 * and whose; "HOST:PORT" as the replica knows it, or "" when either is right.
 */
void diagnosis_take_replica(struct diagnosis *d, const char *info,
			    const char *master);

/* A replica that INFO of its master tells of: "slaveN", from 0. */
bool diagnosis_info_replica(const char *info, unsigned nth, char *host,
			    size_t size, uint16_t *port);

/* Seconds until a certificate ends; whose is "the server's" or "our". */
void diagnosis_take_paper(struct diagnosis *d, const char *whose,
			  int64_t left_s);

/* One line's value in INFO's reply, cut to size; false: it is not there. */
bool diagnosis_info_field(const char *info, const char *name, char *out,
			  size_t size);

/*
 * One of CONFIG GET: "save", "client-output-buffer-limit",
 * "min-replicas-to-write"; of others nothing is judged.  info is INFO's reply
 * of the same server.  "save" is judged by itself: ask for it only where INFO
 * says that the append-only file is off.
 */
void diagnosis_take_config(struct diagnosis *d, const char *name,
			   const char *value, const char *info);

/* The server's clock less ours. */
void diagnosis_take_clock(struct diagnosis *d, int64_t ahead_ms);

/* Above DIAGNOSIS_NEAR_PCT of the limit; 0 is no limit. */
bool diagnosis_is_near(int64_t value, int64_t limit);

#endif
