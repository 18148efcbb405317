/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls -- the certificate that DNS over TLS is spoken with.
 *
 * TLS 1.2 and 1.3, no renegotiation, session tickets, ALPN "dot" where the
 * client offers it.  The files are read after privileges are dropped, so that
 * what can be read at the start can be read again.  Shell.
 *
 * Source: RFC 7858, RFC 8310, RFC 9325.
 */
#ifndef DNS_TLS_H
#define DNS_TLS_H

#include <stdbool.h>

struct error;
struct ssl_st;
struct tls;

/* Nothing is read yet; copies.  NULL when memory runs out. */
struct tls *tls_new(const char *cert_path, const char *key_path);

/*
 * Reads the chain and its key, both PEM; sessions from now on have them.
 * False with err set: then those before stay, if there were any.  Any thread.
 */
bool tls_load(struct tls *tls, struct error *err);

/* A server's side of a session, to be freed by SSL_free(); NULL when memory
 * runs out.  tls_load() has succeeded once.  Any thread. */
struct ssl_st *tls_session(struct tls *tls);

/* Accepts NULL.  Sessions live on. */
void tls_free(struct tls *tls);

#endif
