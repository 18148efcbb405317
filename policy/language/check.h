/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check -- how endpoints are probed and judged, as a team declared it: a part
 * of struct policy.
 */
#ifndef POLICY_LANGUAGE_CHECK_H
#define POLICY_LANGUAGE_CHECK_H

#include "policy/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum check_type {
	CHECK_HTTP,
	CHECK_HTTPS,
	CHECK_TCP,
	CHECK_DNS,
	CHECK_EXTERNAL,
};

/* Which addresses of an endpoint are probed; of several, which must be up. */
enum check_addresses {
	CHECK_ADDRESSES_FIRST,
	CHECK_ADDRESSES_ALL,
	CHECK_ADDRESSES_ANY,
};

enum { POLICY_ARGUMENTS_MAX = 32 };

struct policy_breaker {
	uint32_t window;   /* outcomes remembered, 1..64 */
	int64_t window_ms; /* and none longer than this; 0: no bound */
	uint32_t failure_rate_pct;
	uint32_t consecutive; /* failures in a row that open it */
	int64_t slow_ms;      /* 0: slowness is not judged */
	uint32_t slow_rate_pct;
	int64_t open_for_ms, max_open_for_ms;
	uint32_t half_open_probes; /* passes in a row that close it */
	/* Openings that damp it, 0: none do; and when half are forgiven. */
	uint32_t damp_openings;
	int64_t half_life_ms;
};

/* A Prometheus that counts what users met, as one edge more. */
struct policy_counting {
	const char *url;               /* without a final slash; NULL: none */
	const char *requests, *errors; /* PromQL: a vector of counters with the
					* labels service and endpoint */
	int64_t interval_ms, timeout_ms;
};

/* What users met at edges: see health/evidence. */
struct policy_passive {
	uint32_t weight; /* of one outcome in the breaker's window; 0: off */
	uint32_t min_requests, failure_rate_pct, edges; /* when they fail */
	struct policy_counting prometheus;
};

enum http_version { HTTP_1_1, HTTP_2 };

struct status_range {
	uint16_t first, last; /* inclusive, 100..599 */
};

/* A header field of HTTP: a token, and a value of one line. */
struct policy_field {
	const char *name, *value;
};

struct policy_check {
	const char *name;
	struct place at;
	enum check_type type;
	const char *path; /* http(s): request target, default "/" */
	const char *host; /* Host, SNI; NULL: the service's own name */
	uint16_t port;    /* defaults 80, 443, 53; tcp must state it; 0:
			   * external, where it is not stated */
	struct status_range *statuses; /* http(s): default 200-299 */
	size_t status_count;
	const char *body; /* http(s), tcp: must contain this; NULL: any */
	bool verify;      /* https: verify the certificate (default) */
	uint32_t certificate_left_s; /* https: less left is a failure */
	const char *client_certificate, *client_key; /* https: PEM; NULL */
	enum http_version http;
	bool kept; /* http(s): the connection, for the next probe */
	struct policy_field *headers; /* http(s): sent, too */
	size_t header_count;
	const char *user_agent; /* http(s); NULL: the prober's own */
	const char *identity;   /* http(s): field for the vantage's name */
	const char *send;       /* tcp; NULL: nothing */
	const char *query_name; /* dns; NULL: the service's own */
	uint16_t query_type;    /* dns: RRTYPE */
	unsigned rcode;         /* dns: expected; below POLICY_RCODES */
	const char *rdata;      /* dns: expected, as in a master file; NULL */
	const char *program;    /* external: a file name */
	const char **arguments;
	size_t argument_count;
	enum check_addresses addresses;
	int64_t interval_ms, timeout_ms, confirm_ms;
	struct policy_breaker breaker;
	struct policy_passive passive;
	bool shadow;     /* measured and reported, and never counted */
	uint32_t quorum; /* votes that it takes for "down" */
};

#endif
