/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_query -- asks as a resolver asks for one of its clients, and reads
 * what is said to it.
 *
 * Without recursion desired, with the client's subnet.  Pure.  Source: RFC
 * 1035, 4.1; RFC 5452, 9.1; RFC 6891; RFC 7871, 6; RFC 8914.
 */
#ifndef HEALTH_CLIENT_QUERY_H
#define HEALTH_CLIENT_QUERY_H

#include "health/expectation.h"
#include "health/question.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client_query {
	uint16_t id;
	enum asked_kind kind;
	char name[SAID_NAME_SIZE];
	uint8_t octets[QUESTION_OCTETS_MAX];
	size_t len;
};

/* A wildcard service is asked for by a label that nobody uses.  False when
 * memory runs out. */
bool client_query_init(struct client_query *q, const char *fqdn,
		       enum asked_kind kind, const struct net_prefix *client,
		       uint16_t id);

/*
 * Any octets.  OK: said is filled; UNKNOWN: it is no answer to this query;
 * truncated: to be asked by TCP, which is also what one who wants a cookie
 * means; PROTOCOL: it is broken.
 */
struct reply client_query_read(const struct client_query *q, const void *octets,
			       size_t len, struct said *said);

#endif
