/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/measured.h"

#include <assert.h>

static const char *const outcomes[] = {
	[MEASURE_NONE] = "none yet",
	[MEASURE_OK] = "ok",
	[MEASURE_EMPTY] = "no series",
	[MEASURE_SERIES] = "several series",
	[MEASURE_TYPE] = "wrong type",
	[MEASURE_NAN] = "not a number",
	[MEASURE_RANGE] = "out of range",
	[MEASURE_BUCKETS] = "no histogram",
	[MEASURE_REFUSED] = "query refused",
	[MEASURE_HTTP] = "HTTP error",
	[MEASURE_MALFORMED] = "malformed",
	[MEASURE_LARGE] = "too large",
	[MEASURE_TIMEOUT] = "timeout",
	[MEASURE_CONNECT] = "no connection",
};

static_assert(sizeof(outcomes) / sizeof(outcomes[0]) == MEASURE_OUTCOMES,
	      "a word for every outcome");

const char *measure_outcome_name(enum measure_outcome outcome)
{
	return outcomes[outcome];
}

enum measure_outcome measure_outcome_of(enum fetch_outcome outcome)
{
	switch (outcome) {
	case FETCH_OK:
		return MEASURE_OK;
	case FETCH_TIMEOUT:
		return MEASURE_TIMEOUT;
	case FETCH_CONNECT:
		return MEASURE_CONNECT;
	case FETCH_LARGE:
		return MEASURE_LARGE;
	case FETCH_BROKEN:
		return MEASURE_MALFORMED;
	}
	return MEASURE_MALFORMED;
}

enum measure_outcome measure_fail(char detail[MEASURE_DETAIL_SIZE],
				  enum measure_outcome outcome, const char *why)
{
	size_t len = 0;

	/* Of a stranger's text: one line of visible ASCII. */
	for (; why[len] != '\0' && len + 1 < MEASURE_DETAIL_SIZE; len++)
		detail[len] = why[len] < ' ' || why[len] > '~' ? '?' : why[len];
	detail[len] = '\0';
	return outcome;
}
