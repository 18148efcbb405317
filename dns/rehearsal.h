/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rehearsal -- does a new policy still answer whom the old one answered?
 *
 * A responder that takes a new policy asks itself, with queries as clients
 * send them, about every service: a client of each class of the new policy, of
 * REHEARSAL_CLIENTS classes spread over all when there are more.  So a policy
 * that makes a service answer nothing is found out where nobody asks for it.
 * Services that are new, or gone, are not compared.  Pure.
 */
#ifndef DNS_REHEARSAL_H
#define DNS_REHEARSAL_H

#include <stddef.h>
#include <stdint.h>

struct geo;
struct rehearsal;
struct table;

enum { REHEARSAL_CLIENTS = 64 };

/*
 * What before answers to clients of geo's classes; borrows nothing.  NULL when
 * memory runs out.  Walks all of geo's networks: some tenths of a second for a
 * city database.
 */
struct rehearsal *rehearsal_new(const struct table *before,
				const struct geo *geo);

/*
 * How many services of both answer nothing in after to a client that got an
 * answer; text names the first of them, "" when there is none.
 */
uint32_t rehearsal_mute(const struct rehearsal *r, const struct table *after,
			char *text, size_t size);

/* Accepts NULL. */
void rehearsal_free(struct rehearsal *r);

#endif
