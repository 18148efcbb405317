/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rrl_config -- the limits of response rate limiting, from KEY=VALUE text with
 * the keys and defaults of BIND's rate-limit statement.  Pure.
 */
#ifndef DNS_RRL_CONFIG_H
#define DNS_RRL_CONFIG_H

#include "dns/answer.h"
#include "policy/base/net.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

enum {
	RRL_ALL = ANSWER_KINDS, /* one account for all kinds */
	RRL_RATES,
	RRL_EXEMPT_MAX = 64,
	RRL_RATE_MAX = 1000,
	RRL_WINDOW_MAX_S = 3600,
	RRL_SLIP_MAX = 10,
	RRL_TABLE_MAX = 16 * 1024 * 1024, /* accounts */
};

struct rrl_config {
	unsigned per_second[RRL_RATES]; /* by enum answer_kind; 0: no limit */
	unsigned window_s;
	unsigned slip; /* 0: never; 1: all; N: each N-th */
	unsigned v4_bits, v6_bits;
	unsigned table_size; /* accounts */
	bool only_counts;
	struct net_prefix exempt[RRL_EXEMPT_MAX];
	size_t exempt_count;
};

/*
 * From count texts of "KEY=VALUE,...".  Kinds without a rate of their own have
 * that of responses-per-second.  False with err set.
 */
bool rrl_config_parse(const char *const *texts, size_t count,
		      struct rrl_config *out, struct error *err);

#endif
