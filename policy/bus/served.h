/* SPDX-License-Identifier: Apache-2.0 */
/*
 * served -- what one edge node saw of requests: for each endpoint behind it
 * how many there were, how many failed, and how long they took.
 *
 * Published whole every second or so, whether or not anything changed.  The
 * counters are cumulative from wall_start_ms on, so a document that is lost
 * loses nothing; who reads takes differences of two documents of the same
 * start.  The edge counts on over a restart of its proxy; when it restarts
 * itself it begins at zero with another start, and what came between its last
 * document and that is lost: nobody can tell it from what was counted already.
 *
 * A row that has been there stays while the start is the same; one that is not
 * there counts as zeros.  A failed request is one that was answered with a 5xx
 * status, or not at all: no connection, or none that held until the answer.
 * What the client broke off is no failure.
 *
 * JSON on the bus, as BUS_SERVED under the node's name, signed (SIGN_SERVED)
 * where the edge has a key: see policy/bus/witness.  Pure.
 */
#ifndef POLICY_BUS_SERVED_H
#define POLICY_BUS_SERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
	SERVED_NAME_SIZE = 64,
	SERVED_ROWS_MAX = 4096,
	SERVED_OCTETS_MAX = 4 << 20,
	SERVED_EVERY_MS = 1000,
	SERVED_TTL_MS = 15000,
	/* Older than this it says nothing of now. */
	SERVED_STALE_MS = 10000,
	/* Four an octave: see served_bucket(). */
	SERVED_BUCKETS = 64,
};

/* Since the start, or between two documents. */
struct served_count {
	uint64_t requests; /* that have ended */
	uint64_t errors;   /* of these */
	/* Of these, by the time they took; all zero where a proxy does not
	 * tell: fewer than requests when it tells of some. */
	uint64_t latency[SERVED_BUCKETS];
};

struct served_row {
	char service[SERVED_NAME_SIZE];
	char endpoint[SERVED_NAME_SIZE];
	char canary[SERVED_NAME_SIZE]; /* whose endpoint it is; "": the
					* service's own */
	struct served_count count;
};

struct served {
	char node[SERVED_NAME_SIZE];
	uint64_t sequence; /* rises by one per publication; starts from the
			    * wall clock so a restart goes on up */
	int64_t wall_made_ms;
	int64_t wall_start_ms; /* of the counters; tells one series of them
				* from another */
	struct served_row *rows;
	size_t count;
	bool sorted; /* rows are by service, endpoint, canary: found faster */
};

/*
 * Parses octets.  NULL with err set when it is too large, malformed, has a
 * wrong type, a row twice, more errors or latencies than requests, or names
 * longer than fit.  Unknown members are ignored (a newer writer).  The caller
 * owns it; it is sorted.
 */
struct served *served_parse(const void *octets, size_t len, struct error *err);

/* JSON, NUL-terminated; *len without the NUL.  The caller frees it; NULL when
 * memory runs out. */
char *served_write(const struct served *served, size_t *len);

/* Accepts NULL. */
void served_free(struct served *served);

/* Puts the rows in order of service, endpoint, canary (strcmp(3)). */
void served_sort(struct served *served);

/* canary "": the service's own.  NULL when it has no such row. */
const struct served_row *served_find(const struct served *served,
				     const char *service, const char *endpoint,
				     const char *canary);

/*
 * Was now made after before, by the same node, with counters of the same
 * start?  If not, their difference says nothing.
 */
bool served_follows(const struct served *now, const struct served *before);

/*
 * What was counted from before, which the document of now follows, until now.
 * False, *out untouched, when a counter went back: the row is to be taken for
 * a first one.
 */
bool served_since(const struct served *before, const struct served_row *now,
		  struct served_count *out);

/* Adds what is counted in more. */
void served_add(struct served_count *sum, const struct served_count *more);

/*
 * The bucket of a request that took us microseconds: 0 below 256 us; from
 * there four to each doubling, and what takes 12.6 s or longer is in the last.
 */
size_t served_bucket(uint64_t us);

/* Milliseconds: the middle of a bucket; of the last, where it begins. */
double served_bucket_ms(size_t bucket);

#endif
