/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes what a prober reads of a responder's answer.  The octets are an answer
 * to a query with their own ID, or anything else.
 */
#include "health/client_query.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void read_as(enum asked_kind kind, const uint8_t *octets, size_t len)
{
	const struct net_prefix client = { { NET_V4, { 192, 0, 2 } }, 24 };
	uint16_t id = 0;
	struct client_query q;
	struct said said = { 0 }, again = { 0 };
	struct reply reply;

	if (len >= 2)
		id = (uint16_t)(octets[0] << 8 | octets[1]);
	if (!client_query_init(&q, "www.example.test.", kind, &client, id))
		abort();
	reply = client_query_read(&q, octets, len, &said);
	client_query_read(&q, octets, len, &again);
	if (memcmp(&said, &again, sizeof(said)) != 0)
		abort();
	/* A response, or nothing. */
	if ((reply.truncated || reply.outcome != OUTCOME_UNKNOWN) &&
	    (len < 12 || (octets[2] & 0x80) == 0))
		abort();
	if (said.count > SAID_ADDRESSES_MAX ||
	    memchr(said.alias, 0, sizeof(said.alias)) == NULL)
		abort();
	if (reply.outcome != OUTCOME_OK && (said.count > 0 || said.subnet))
		abort();
	if (kind == ASKED_CNAME ? said.count > 0 : said.alias[0] != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	read_as(ASKED_A, octets, len);
	read_as(ASKED_AAAA, octets, len);
	read_as(ASKED_CNAME, octets, len);
	return 0;
}
