/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/proxy_header.h"

#include "policy/base/error.h"

#include <string.h>

static const uint8_t signature[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
				       0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

enum {
	VERSION_2 = 2,
	LOCAL = 0,
	PROXIED = 1,
	INET = 1,
	INET6 = 2,
	DATAGRAM = 2,
	INET_OCTETS = 12,  /* two addresses, two ports */
	INET6_OCTETS = 36, /* the same */
};

static bool parse_source(const char *text, struct net_prefix *out)
{
	if (net_prefix_parse(text, out, NULL))
		return true;
	if (!net_addr_parse(text, &out->addr))
		return false;
	out->bits = (uint8_t)net_bits(out->addr.family);
	return true;
}

bool proxy_sources_parse(const char *const *texts, size_t count,
			 struct proxy_sources *out, struct error *err)
{
	out->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (i == PROXY_SOURCES_MAX) {
			error_set(err,
				  "more than %d sources of proxied "
				  "queries",
				  PROXY_SOURCES_MAX);
			return false;
		}
		if (!parse_source(texts[i], &out->list[i])) {
			error_set(err,
				  "source of proxied queries \"%s\" must be an "
				  "address, or a network as 192.0.2.0/24 with "
				  "no bits beyond its length",
				  texts[i]);
			return false;
		}
		out->count++;
	}
	return true;
}

bool proxy_sources_has(const struct proxy_sources *sources,
		       const struct net_addr *addr)
{
	for (size_t i = 0; i < sources->count; i++)
		if (net_within(&sources->list[i], addr))
			return true;
	return false;
}

size_t proxy_header_octets(const uint8_t fixed[PROXY_HEADER_FIXED])
{
	if (memcmp(fixed, signature, sizeof(signature)) != 0)
		return 0;
	return PROXY_HEADER_FIXED + ((size_t)fixed[14] << 8 | fixed[15]);
}

/* A v4 address in the v6 form is v4's, as everywhere. */
static struct net_addr read_v6(const uint8_t *octets)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct net_addr addr = { .family = NET_V6 };

	if (memcmp(octets, mapped, sizeof(mapped)) == 0) {
		addr.family = NET_V4;
		memcpy(addr.octets, octets + 12, 4);
	} else {
		memcpy(addr.octets, octets, 16);
	}
	return addr;
}

static uint16_t read_port(const uint8_t *octets)
{
	return (uint16_t)(octets[0] << 8 | octets[1]);
}

/* at has room octets of addresses and more.  The transport between client and
 * proxy need not be the one between proxy and us. */
static bool read_addresses(unsigned family, const uint8_t *at, size_t room,
			   struct proxy_client *client)
{
	unsigned transport = family & 15;

	family >>= 4;
	if (transport > DATAGRAM || family > 3)
		return false;
	if (family == INET && transport != 0) {
		if (room < INET_OCTETS)
			return false;
		client->addr = (struct net_addr){ .family = NET_V4 };
		memcpy(client->addr.octets, at, 4);
		client->port = read_port(at + 8);
	} else if (family == INET6 && transport != 0) {
		if (room < INET6_OCTETS)
			return false;
		client->addr = read_v6(at);
		client->port = read_port(at + 32);
	}
	return true;
}

bool proxy_header_parse(const uint8_t *octets, size_t len,
			struct proxy_client *client)
{
	size_t whole =
		len < PROXY_HEADER_FIXED ? 0 : proxy_header_octets(octets);
	size_t there = whole < PROXY_HEADER_KNOWN ? whole : PROXY_HEADER_KNOWN;

	if (whole == 0 || len < there || octets[12] >> 4 != VERSION_2)
		return false;
	switch (octets[12] & 15) {
	case LOCAL:
		break;
	case PROXIED:
		if (!read_addresses(octets[13], octets + PROXY_HEADER_FIXED,
				    there - PROXY_HEADER_FIXED, client))
			return false;
		break;
	default:
		return false;
	}
	client->skip = whole;
	return true;
}

bool proxy_unwrap(const struct proxy_sources *sources, const uint8_t *octets,
		  size_t len, struct proxy_client *client)
{
	struct proxy_client said = *client;

	if (sources->count == 0 || !proxy_sources_has(sources, &client->addr))
		return true;
	if (!proxy_header_parse(octets, len, &said) || said.skip > len)
		return false;
	*client = said;
	return true;
}
