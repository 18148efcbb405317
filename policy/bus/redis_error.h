/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_error -- what a server's error reply means, in an operator's words.
 * Pure.
 */
#ifndef POLICY_BUS_REDIS_ERROR_H
#define POLICY_BUS_REDIS_ERROR_H

#include <stdbool.h>

struct redis_place;

struct redis_error {
	const char *code;  /* "OOM" */
	const char *words; /* "the server's memory is full ..." */
	bool ends_link;    /* another connection may find things better */
	bool garbage;      /* the key holds another type than ours */
	bool only_writes;  /* what reads is answered as ever */
};

/*
 * The row for the text of an error reply.  A script's error carries the code
 * of the command that failed in front (Redis 7) or inside (Redis 6).  Unknown
 * ones get a row of their own, never NULL.
 */
const struct redis_error *redis_error_of(const char *text);

/* False for the row of the unknown ones. */
bool redis_error_is_known(const struct redis_error *error);

/*
 * Where "MOVED 3999 HOST:PORT" sends a client of the server at asked; an empty
 * host is that server's own (Redis Cluster specification, "MOVED
 * Redirection").  False for anything else.
 */
bool redis_error_place(const char *text, const struct redis_place *asked,
		       struct redis_place *out);

#endif
