/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witness -- whose word is taken for what a vantage reports, or an edge saw.
 *
 * A vantage may sign its reports (SIGN_REPORT), and an edge what it saw
 * (SIGN_SERVED).  A reader that was given keys takes only what a key of that
 * very vantage or edge signed, so that whoever holds one of them, or Redis,
 * cannot speak for the others.  A reader that was given none takes signed and
 * plain ones alike, unverified.  Shell: reads key files.
 */
#ifndef POLICY_BUS_WITNESS_H
#define POLICY_BUS_WITNESS_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct report;
struct witnesses;

enum witness_kind {
	WITNESS_VANTAGES, /* sign reports */
	WITNESS_EDGES,    /* sign what they saw, under their node's name */
};

/*
 * rows are "VANTAGE=FILE" or "NODE=FILE"; a file holds one public key or more,
 * and a name may have several.  No rows: nobody has to sign.  NULL with err
 * set.
 */
struct witnesses *witnesses_open(enum witness_kind kind,
				 const char *const *rows, size_t count,
				 struct error *err);

/* w has next's keys from now on, wherever it was lent to.  Takes ownership of
 * next. */
void witnesses_replace(struct witnesses *w, struct witnesses *next);

/*
 * What is in what came under the vantage's or edge's name; *payload points into
 * octets.  w NULL: nobody has to sign.  False with err set.
 */
bool witnesses_read(const struct witnesses *w, const char *name,
		    const void *octets, size_t len, const char **payload,
		    size_t *payload_len, struct error *err);

/*
 * The same, read: the report of that very vantage, which the caller owns.  NULL
 * with err set.
 */
struct report *witnesses_report(const struct witnesses *w, const char *vantage,
				const void *octets, size_t len,
				struct error *err);

/* Accepts NULL. */
void witnesses_free(struct witnesses *w);

#endif
