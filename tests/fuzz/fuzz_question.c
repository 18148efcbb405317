/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes what a dns probe reads of an answer.  The octets are an answer to a
 * question with their own ID, or anything else; what they are worth may be
 * nothing but one of what the header says.
 */
#include "health/question.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void read_with(const struct policy_check *check, const uint8_t *octets,
		      size_t len)
{
	uint16_t id = 0;
	struct question q;
	struct reply reply, again;

	if (len >= 2)
		id = (uint16_t)(octets[0] << 8 | octets[1]);
	if (!question_init(&q, check, "www.example.test", id))
		abort();
	reply = question_read(&q, octets, len);
	again = question_read(&q, octets, len);
	if (reply.outcome != again.outcome || reply.rcode != again.rcode ||
	    reply.truncated != again.truncated)
		abort();
	/* A response, or nothing. */
	if ((reply.truncated || reply.outcome != OUTCOME_UNKNOWN) &&
	    (len < 12 || (octets[2] & 0x80) == 0))
		abort();
	if (reply.truncated && (octets[2] & 0x02) == 0)
		abort();
	if ((reply.outcome == OUTCOME_OK || reply.outcome == OUTCOME_RDATA) &&
	    (octets[3] & 0x0f) != q.rcode)
		abort();
	if (reply.outcome == OUTCOME_RCODE && (octets[3] & 0x0f) == q.rcode)
		abort();
	question_fini(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const struct policy_check checks[] = {
		{ .query_type = 1 },
		{ .query_type = 1, .rdata = "192.0.2.1" },
		{ .query_type = 15, .rdata = "10 mail.example.test." },
		{ .query_type = 16, .rdata = "\"Up and well\"" },
		{ .query_type = 1, .rcode = 3 },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		read_with(&checks[i], octets, len);
	return 0;
}
