/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch -- one HTTP request whose answer is wanted whole, within a time and a
 * size.
 *
 * No redirection is followed, no proxy of the environment asked, no body longer
 * than was agreed is kept.  Shell: on policy/base/multi.
 */
#ifndef POLICY_BASE_FETCH_H
#define POLICY_BASE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct event_base;
struct fetch;
struct fetcher;

enum fetch_outcome {
	FETCH_OK, /* an answer, whatever its status */
	FETCH_TIMEOUT,
	FETCH_CONNECT, /* no connection, no such name, no valid certificate */
	FETCH_LARGE,
	FETCH_BROKEN, /* it broke off, or was no HTTP */
};

/* Borrowed for the call. */
struct fetch_answer {
	enum fetch_outcome outcome;
	unsigned status; /* of HTTP */
	const char *octets;
	size_t len;
	const char *why; /* in words, when it is not FETCH_OK */
};

typedef void fetch_done(void *arg, const struct fetch_answer *answer);

struct fetch_plan {
	const char *url;
	const char *form;   /* a body of application/x-www-form-urlencoded to
			     * POST; NULL: GET */
	int64_t timeout_ms; /* for all of it */
	size_t octets_max;
	fetch_done *done;
	void *arg;
};

/* NULL with err set.  Not to be made by two threads at once. */
struct fetcher *fetcher_new(struct event_base *loop, struct error *err);
/* Accepts NULL.  Every fetch has ended or was cancelled. */
void fetcher_free(struct fetcher *fetcher);

/*
 * plan and its texts are copied.  done is called once, never from within; then
 * the fetch is gone.  NULL: out of memory, or no URL.
 */
struct fetch *fetch_start(struct fetcher *fetcher,
			  const struct fetch_plan *plan);
/* done is not called.  Accepts NULL. */
void fetch_cancel(struct fetch *fetch);

#endif
