/* SPDX-License-Identifier: Apache-2.0 */
#include "health/outcome.h"

#include "policy/language/policy.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

/* clang-format off */
static const char *const words[] = {
	[OUTCOME_UNKNOWN]     = "unknown",
	[OUTCOME_OK]          = "ok",
	[OUTCOME_SLOW]        = "slow",
	[OUTCOME_REFUSED]     = "connect-refused",
	[OUTCOME_UNREACHABLE] = "unreachable",
	[OUTCOME_TIMEOUT]     = "timeout",
	[OUTCOME_TLS]         = "tls",
	[OUTCOME_CERTIFICATE] = "tls-certificate",
	[OUTCOME_EXPIRING]    = "certificate-expiring",
	[OUTCOME_CLOSED]      = "closed",
	[OUTCOME_PROTOCOL]    = "protocol",
	[OUTCOME_STATUS]      = "status",
	[OUTCOME_BODY]        = "body",
	[OUTCOME_RCODE]       = "rcode",
	[OUTCOME_RDATA]       = "rdata",
	[OUTCOME_EXIT]        = "exit",
	[OUTCOME_NAME]        = "name",
	[OUTCOME_LOCAL]       = "local",
};

/* Whatever is not here came from the far end or the way to it. */
static const struct {
	int error;
	enum outcome outcome;
} errors[] = {
	{ ECONNREFUSED,    OUTCOME_REFUSED },
	{ EHOSTUNREACH,    OUTCOME_UNREACHABLE },
	{ ETIMEDOUT,       OUTCOME_TIMEOUT },
	{ ENETUNREACH,     OUTCOME_LOCAL },
	{ ENETDOWN,        OUTCOME_LOCAL },
	{ EADDRNOTAVAIL,   OUTCOME_LOCAL },
	{ EAFNOSUPPORT,    OUTCOME_LOCAL },
	{ EACCES,          OUTCOME_LOCAL },
	{ EPERM,           OUTCOME_LOCAL },
	{ EMFILE,          OUTCOME_LOCAL },
	{ ENFILE,          OUTCOME_LOCAL },
	{ ENOBUFS,         OUTCOME_LOCAL },
	{ ENOMEM,          OUTCOME_LOCAL },
	{ EAGAIN,          OUTCOME_LOCAL },
};
/* clang-format on */

static_assert(sizeof(words) / sizeof(words[0]) == OUTCOME_COUNT,
	      "every outcome has its word");

const char *outcome_word(enum outcome outcome)
{
	return words[outcome];
}

bool outcome_passed(enum outcome outcome)
{
	return outcome == OUTCOME_OK || outcome == OUTCOME_SLOW;
}

bool outcome_failed(enum outcome outcome)
{
	return outcome != OUTCOME_UNKNOWN && outcome != OUTCOME_LOCAL &&
	       !outcome_passed(outcome);
}

bool outcome_stalled(const struct observation *seen, int64_t took_ms,
		     int64_t timeout_ms)
{
	return seen->outcome == OUTCOME_TIMEOUT &&
	       took_ms - (int64_t)seen->waited_ms >
		       timeout_ms + timeout_ms / 20 + OUTCOME_STALL_MS;
}

static const char *rcode_text(unsigned rcode, char *buf)
{
	if (rcode < POLICY_RCODES)
		snprintf(buf, OUTCOME_TEXT_SIZE, "rcode-%s",
			 policy_rcodes[rcode]);
	else
		snprintf(buf, OUTCOME_TEXT_SIZE, "rcode-%u", rcode);
	return buf;
}

const char *outcome_text(const struct observation *seen, char *buf)
{
	if (seen->outcome == OUTCOME_STATUS)
		snprintf(buf, OUTCOME_TEXT_SIZE, "status-%u", seen->status);
	else if (seen->outcome == OUTCOME_EXIT)
		snprintf(buf, OUTCOME_TEXT_SIZE, "exit-%u", seen->status);
	else if (seen->outcome == OUTCOME_RCODE)
		return rcode_text(seen->status, buf);
	else
		snprintf(buf, OUTCOME_TEXT_SIZE, "%s", words[seen->outcome]);
	return buf;
}

enum outcome outcome_of_errno(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].error == error)
			return errors[i].outcome;
	return OUTCOME_CLOSED;
}
