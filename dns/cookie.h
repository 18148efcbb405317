/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cookie -- proof that a client is where its queries say they come from.
 *
 * A client sends eight octets of its own; we add sixteen that only who has a
 * secret could make, bound to the client's cookie and address and to a time:
 *
 *	 0        8   9        12         16      24
 *	 | client | 1 | reserved | timestamp | hash |
 *
 * hash is SipHash-2-4 over all before it and the client's address.  Servers of
 * one address that share secrets take each other's, whoever made them.  Pure.
 *
 * Source: RFC 7873; RFC 9018, 4.
 */
#ifndef DNS_COOKIE_H
#define DNS_COOKIE_H

#include "dns/siphash.h"
#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
	COOKIE_OPTION = 10, /* OPTION-CODE */
	COOKIE_CLIENT_OCTETS = 8,
	COOKIE_SERVER_OCTETS = 16,    /* ours */
	COOKIE_SERVER_OCTETS_MIN = 8, /* any server's: RFC 7873, 4 */
	COOKIE_SERVER_OCTETS_MAX = 32,
	COOKIE_OCTETS = COOKIE_CLIENT_OCTETS + COOKIE_SERVER_OCTETS,
	COOKIE_SECRETS_MAX = 8,
	COOKIE_PAST_S = 3600, /* valid so long: RFC 9018, 4.3 */
	COOKIE_FUTURE_S = 300,
	COOKIE_RENEW_S = 1800, /* older ones are answered with a fresh one */
};

/* As a query has it. */
struct cookie {
	uint8_t client[COOKIE_CLIENT_OCTETS];
	uint8_t server[COOKIE_SERVER_OCTETS_MAX];
	uint8_t server_octets; /* 0: the client has none yet */
};

/* The first makes cookies, all of them are good: so secrets are rolled. */
struct cookie_secrets {
	struct siphash_key keys[COOKIE_SECRETS_MAX];
	size_t count;
};

enum cookie_verdict {
	COOKIE_NONE,   /* there was no option */
	COOKIE_CLIENT, /* a client's alone: anybody could have sent it */
	COOKIE_BAD,    /* not ours, not this client's, or not of this hour */
	COOKIE_GOOD,   /* the client gets what is sent to its address */
};

/* From OPTION-DATA; false when its length is none a cookie has. */
bool cookie_parse(const uint8_t *octets, size_t len, struct cookie *out);

/*
 * Judges the cookie of a query that came from client at now_s (wall clock,
 * seconds since 1970 modulo 2^32), and writes the one to answer with: the same
 * while it is young and of the first secret, else a fresh one.  There is at
 * least one secret.
 */
enum cookie_verdict cookie_turn(const struct cookie *cookie,
				const struct cookie_secrets *secrets,
				const struct net_addr *client, uint32_t now_s,
				uint8_t answer[static COOKIE_OCTETS]);

/*
 * Secrets from text: 32 hexadecimal digits a line; empty lines and lines that
 * begin with '#' mean nothing.  False with err set, naming path and line, when
 * there is another line, none, or more than COOKIE_SECRETS_MAX.
 */
bool cookie_secrets_parse(const char *text, const char *path,
			  struct cookie_secrets *out, struct error *err);

#endif
