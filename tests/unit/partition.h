/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partition -- the property of ECS scopes, on the whole path from a query's
 * octets to an answer's: any two clients inside a returned scope get the same
 * answer with the same scope, so the scopes of one name are a partition.
 */
#ifndef TESTS_UNIT_PARTITION_H
#define TESTS_UNIT_PARTITION_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stdint.h>

struct table;

struct partition {
	const struct table *table;
	const char *qname; /* text; QTYPE A is asked */
	uint64_t draw;     /* state of the random numbers: a seed at first */
	/* What was seen. */
	uint64_t scopes, clients;
	uint64_t scope_bits;     /* sum, for the mean */
	uint64_t source_widened; /* scopes wider than the /24 or /56 sent */
};

/* The next random number. */
uint64_t partition_draw(struct partition *p);

/* A random client that shares the first bits with around. */
struct net_addr partition_client(struct partition *p,
				 const struct net_addr *around, uint8_t bits);

/*
 * What a resolver that sends source_bits caches client's answer for (RFC 7871,
 * 7.3.1): the scope, but nothing narrower than what it sent.
 */
struct net_prefix partition_entry(struct partition *p,
				  const struct net_addr *client,
				  uint8_t source_bits);

/*
 * Asks for client with source_bits, then for count random clients, at full
 * length, inside the scope that came back.  False, with what differed printed,
 * when one gets another answer or another scope.
 */
bool partition_holds(struct partition *p, const struct net_addr *client,
		     uint8_t source_bits, unsigned count);

#endif
