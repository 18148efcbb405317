/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ecs -- the client subnet a resolver asks for: RFC 7871.
 *
 * Every form that RFC 7871, 6 does not allow in a query is malformed and gets
 * FORMERR: an unknown FAMILY, SOURCE PREFIX-LENGTH above the family's
 * width, an ADDRESS of more or fewer octets than that prefix needs, bits set
 * beyond it, a SCOPE PREFIX-LENGTH that is not 0.  FAMILY 0 is taken when
 * SOURCE is 0 and there is no ADDRESS: "no subnet of mine", as dig and BIND
 * write it.  Pure.
 */
#ifndef DNS_ECS_H
#define DNS_ECS_H

#include "dns/octets.h"
#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire;

enum { ECS_OPTION = 8 }; /* OPTION-CODE */

struct ecs {
	uint16_t family;      /* as on the wire: 1 IPv4, 2 IPv6, 0 see above */
	uint8_t source_bits;  /* SOURCE PREFIX-LENGTH */
	struct net_addr addr; /* zero beyond source_bits; NET_NONE: family 0 */
};

/* From OPTION-DATA; false when it is malformed, out then undefined. */
bool ecs_parse(const uint8_t *octets, size_t len, struct ecs *out);

/* Octets that ecs_write() writes. */
static inline size_t ecs_octets(const struct ecs *ecs)
{
	return 8 + (ecs->source_bits + 7u) / 8u;
}

/* ecs_write() to where there are ecs_octets(). */
static inline void ecs_put(uint8_t *at, const struct ecs *ecs,
			   uint8_t scope_bits)
{
	size_t address = (ecs->source_bits + 7u) / 8u;

	octets_put_u16(at, ECS_OPTION);
	octets_put_u16(at + 2, (uint16_t)(4 + address));
	octets_put_u16(at + 4, ecs->family);
	at[6] = ecs->source_bits;
	at[7] = scope_bits;
	octets_copy(at + 8, ecs->addr.octets, address);
}

/*
 * The whole option: FAMILY, SOURCE PREFIX-LENGTH and ADDRESS exactly as they
 * came (RFC 7871, 7.2.1), with this SCOPE PREFIX-LENGTH.
 */
void ecs_write(struct wire *w, const struct ecs *ecs, uint8_t scope_bits);

#endif
