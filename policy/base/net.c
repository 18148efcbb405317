/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct net_addr net_from_v4(uint32_t host_order)
{
	return (struct net_addr){
		.family = NET_V4,
		.octets = { (uint8_t)(host_order >> 24),
			    (uint8_t)(host_order >> 16),
			    (uint8_t)(host_order >> 8), (uint8_t)host_order },
	};
}

struct net_addr net_mask(const struct net_addr *addr, unsigned bits)
{
	struct net_addr out = *addr;
	size_t octets = net_octets(addr->family);

	for (size_t i = bits / 8; i < octets; i++) {
		unsigned keep = i == bits / 8 ? bits % 8 : 0;

		out.octets[i] &= (uint8_t)(0xff00u >> keep);
	}
	return out;
}

bool net_step(struct net_addr *addr, unsigned bits)
{
	unsigned at = (bits - 1) / 8;
	unsigned sum = addr->octets[at] + (1u << (7 - (bits - 1) % 8));

	addr->octets[at] = (uint8_t)sum;
	while (sum > UINT8_MAX && at > 0) {
		sum = addr->octets[--at] + 1u;
		addr->octets[at] = (uint8_t)sum;
	}
	return sum <= UINT8_MAX;
}

bool net_equal(const struct net_addr *a, const struct net_addr *b)
{
	return a->family == b->family &&
	       memcmp(a->octets, b->octets, net_octets(a->family)) == 0;
}

bool net_is_among(const struct net_addr *addr, const struct net_addr *among,
		  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (net_equal(addr, &among[i]))
			return true;
	return false;
}

bool net_within(const struct net_prefix *prefix, const struct net_addr *addr)
{
	struct net_addr masked;

	if (prefix->addr.family != addr->family)
		return false;
	masked = net_mask(addr, prefix->bits);
	return net_equal(&masked, &prefix->addr);
}

bool net_addr_parse(const char *text, struct net_addr *out)
{
	struct net_addr addr = { .family = NET_V4 };

	if (inet_pton(AF_INET, text, addr.octets) != 1) {
		addr.family = NET_V6;
		if (inet_pton(AF_INET6, text, addr.octets) != 1)
			return false;
	}
	*out = addr;
	return true;
}

/* Digits only, no sign, no space, at most max. */
static bool parse_bits(const char *text, unsigned max, uint8_t *out)
{
	unsigned value = 0;

	if (*text == '\0' || strlen(text) > 3)
		return false;
	for (const char *c = text; *c != '\0'; c++) {
		if (*c < '0' || *c > '9')
			return false;
		value = value * 10 + (unsigned)(*c - '0');
	}
	if (value > max)
		return false;
	*out = (uint8_t)value;
	return true;
}

bool net_prefix_parse(const char *text, struct net_prefix *out, bool *host_bits)
{
	char copy[NET_TEXT_SIZE];
	struct net_prefix p;
	struct net_addr masked;
	char *slash;

	if (host_bits != NULL)
		*host_bits = false;
	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash = '\0';
	if (!net_addr_parse(copy, &p.addr))
		return false;
	p.bits = (uint8_t)net_bits(p.addr.family);
	if (slash != NULL && !parse_bits(slash + 1, p.bits, &p.bits))
		return false;
	masked = net_mask(&p.addr, p.bits);
	if (!net_equal(&masked, &p.addr)) {
		if (host_bits != NULL)
			*host_bits = true;
		return false;
	}
	*out = p;
	return true;
}

const char *net_addr_text(const struct net_addr *addr, char *buf)
{
	int family = addr->family == NET_V4 ? AF_INET : AF_INET6;

	if (addr->family == NET_NONE ||
	    inet_ntop(family, addr->octets, buf, NET_TEXT_SIZE) == NULL)
		snprintf(buf, NET_TEXT_SIZE, "none");
	return buf;
}

const char *net_prefix_text(const struct net_prefix *prefix, char *buf)
{
	char text[NET_TEXT_SIZE];

	net_addr_text(&prefix->addr, text);
	snprintf(buf, NET_TEXT_SIZE, "%.50s/%u", text, prefix->bits);
	return buf;
}
