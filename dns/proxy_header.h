/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy_header -- who asks, when a proxy asks for him: version 2 of the PROXY
 * protocol, which stands before a datagram or a connection.
 *
 * From sources that the operator lists a header must be there; what comes
 * without one, or with one that is wrong, is not for us.  From all others none
 * is read: anybody could write anything there.  Pure.
 *
 * Source: W. Tarreau, The PROXY protocol, versions 1 & 2, 2.2 (HAProxy).
 */
#ifndef DNS_PROXY_HEADER_H
#define DNS_PROXY_HEADER_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROXY_HEADER_FIXED = 16, /* octets, before the addresses */
	PROXY_HEADER_KNOWN = 52, /* with the longest addresses that matter */
	PROXY_SOURCES_MAX = 64,
};

struct error;

struct proxy_sources {
	struct net_prefix list[PROXY_SOURCES_MAX];
	size_t count;
};

/* Who asks.  Set to the sender of the packets before a header is read. */
struct proxy_client {
	struct net_addr addr;
	uint16_t port;
	size_t skip; /* octets of header before what he asks */
};

/* Reads "ADDR" or "ADDR/BITS" each.  False with err set. */
bool proxy_sources_parse(const char *const *texts, size_t count,
			 struct proxy_sources *out, struct error *err);

bool proxy_sources_has(const struct proxy_sources *sources,
		       const struct net_addr *addr);

/*
 * The whole length of a header from its first PROXY_HEADER_FIXED octets; 0:
 * this is none.
 */
size_t proxy_header_octets(const uint8_t fixed[PROXY_HEADER_FIXED]);

/*
 * Reads a header of which len octets are there: all, or PROXY_HEADER_KNOWN at
 * least.  The addresses of a proxied client replace those in client; a LOCAL
 * header, of the proxy's own, and addresses that are no Internet ones leave
 * them.  client->skip is the whole header.  False when it is wrong: client is
 * untouched.
 */
bool proxy_header_parse(const uint8_t *octets, size_t len,
			struct proxy_client *client);

/* For a datagram of client's: reads the header if he is a source.  False when
 * there should be one and is not. */
bool proxy_unwrap(const struct proxy_sources *sources, const uint8_t *octets,
		  size_t len, struct proxy_client *client);

#endif
