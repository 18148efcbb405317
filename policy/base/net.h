/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net -- addresses and prefixes, in text and in octets.  Pure.
 */
#ifndef POLICY_BASE_NET_H
#define POLICY_BASE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum net_family { NET_NONE = 0, NET_V4 = 4, NET_V6 = 6 };

enum {
	NET_TEXT_SIZE = 64, /* any address or prefix in text, with its NUL */
};

struct net_addr {
	enum net_family family;
	uint8_t octets[16]; /* network order; IPv4 uses the first four */
};

struct net_prefix {
	struct net_addr addr; /* bits beyond the length are zero */
	uint8_t bits;
};

static inline unsigned net_bits(enum net_family family)
{
	return family == NET_V4 ? 32 : 128;
}

static inline size_t net_octets(enum net_family family)
{
	return family == NET_V4 ? 4 : 16;
}

static inline uint32_t net_v4(const struct net_addr *addr)
{
	return (uint32_t)addr->octets[0] << 24 |
	       (uint32_t)addr->octets[1] << 16 |
	       (uint32_t)addr->octets[2] << 8 | addr->octets[3];
}

struct net_addr net_from_v4(uint32_t host_order);

/* Every bit from the bits-th on is zero; bits above the width change nothing.
 */
struct net_addr net_mask(const struct net_addr *addr, unsigned bits);

/*
 * Moves addr to the first address behind its prefix of bits, 1 to the width of
 * its family; what addr had beyond them stays.  False: there is none behind it.
 */
bool net_step(struct net_addr *addr, unsigned bits);

bool net_equal(const struct net_addr *a, const struct net_addr *b);

/* Does one of count addresses equal addr? */
bool net_is_among(const struct net_addr *addr, const struct net_addr *among,
		  size_t count);

/* Is addr inside prefix?  Families never mix. */
bool net_within(const struct net_prefix *prefix, const struct net_addr *addr);

/* "192.0.2.1", "2001:db8::1".  False when text is not exactly one address. */
bool net_addr_parse(const char *text, struct net_addr *out);

/*
 * "192.0.2.0/24", or an address for its full length.  False when it is not
 * a prefix or has bits set beyond its length; *host_bits (may be NULL) then
 * says whether it was only that.
 */
bool net_prefix_parse(const char *text, struct net_prefix *out,
		      bool *host_bits);

/* Into buf of NET_TEXT_SIZE octets, which is returned. */
const char *net_addr_text(const struct net_addr *addr, char *buf);
const char *net_prefix_text(const struct net_prefix *prefix, char *buf);

#endif
