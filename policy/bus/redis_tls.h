/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_tls -- TLS towards Redis servers: TLS 1.2 or newer, and only with a
 * server whose certificate is trusted and names the host that we went to.
 *
 * The files are read at the start, and again for every connection round, so a
 * renewed certificate is used from the next reconnect on; while they cannot be
 * read, what was read before is used.  RFC 6125 (names), RFC 6066, 3 (SNI).
 * Shell.
 */
#ifndef POLICY_BUS_REDIS_TLS_H
#define POLICY_BUS_REDIS_TLS_H

#include <stdbool.h>
#include <stdint.h>

struct bufferevent;
struct error;
struct redis_tls;
struct redis_url;
struct ssl_st;

/*
 * With the url's ca, cert and key, which are borrowed.  NULL with err set when
 * they cannot be read or do not fit together.
 */
struct redis_tls *redis_tls_open(const struct redis_url *url,
				 struct error *err);

/* Reads the files again.  False with err set: what was read before stays. */
bool redis_tls_reload(struct redis_tls *tls, struct error *err);

/*
 * A session for one connection to host, an address or a name; the caller's.
 * NULL: out of memory.
 */
struct ssl_st *redis_tls_session(struct redis_tls *tls, const char *host);

/*
 * What broke a connection, in an operator's words (constant: the address tells
 * troubles apart), and the library's own in *detail, constant too.  NULL when
 * it was not TLS, but what errno says.
 */
const char *redis_tls_trouble(struct bufferevent *connection,
			      const char **detail);

/*
 * Seconds until the certificate that the server showed ends, and the one that
 * we did; negative: ago; INT64_MAX: there is none.
 */
void redis_tls_papers(struct bufferevent *connection, int64_t *theirs_s,
		      int64_t *ours_s);

/* Accepts NULL. */
void redis_tls_free(struct redis_tls *tls);

#endif
