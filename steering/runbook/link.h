/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link -- how the windrose command reaches whoever answers it: the leading
 * agent over the bus, with a signature, or one daemon's control socket.
 *
 * Blocking, for a program that does one thing and ends.  Shell.
 */
#ifndef STEERING_RUNBOOK_LINK_H
#define STEERING_RUNBOOK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;
struct link;

struct link_config {
	const char *socket;   /* a control socket; NULL: use the bus */
	const char *bus;      /* redis://...; NULL only with socket */
	const char *key_path; /* the person's private key; bus only */
};

/* What came of link_open() and link_ask(), as exit statuses tell it. */
enum link_result { LINK_OK, LINK_UNREACHABLE, LINK_WRONG };

/* Connects; err is set unless it is LINK_OK.  The caller owns *out. */
enum link_result link_open(const struct link_config *config, struct link **out,
			   struct error *err);

/* Accepts NULL. */
void link_free(struct link *link);

/*
 * Sends {"op": ...} and waits for the answer: a new reference, or NULL with
 * err set when none came within timeout_ms.  The answer may still say no:
 * see its "ok".
 */
struct json_t *link_ask(struct link *link, const struct json_t *request,
			int64_t timeout_ms, struct error *err);

/*
 * A policy's bundle, put on the bus and read back from there; and read from
 * there: the caller's, NULL with err set when it did not come within
 * timeout_ms.  Over the bus only.
 */
bool link_put_bundle(struct link *link, const char *digest, const void *octets,
		     size_t len, struct error *err);
char *link_fetch_bundle(struct link *link, const char *digest,
			int64_t timeout_ms, size_t *len, struct error *err);

#endif
