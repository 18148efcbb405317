/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request -- what is asked of an http or https endpoint, set up in libcurl.
 *
 * It goes to the endpoint's own address, whatever DNS says of the name; Host,
 * SNI and the name the certificate must be for are the service's.  Through no
 * proxy, following no redirect, without a TLS session of before.  A connection
 * is a fresh one unless the check wants one kept: that would not notice that
 * nobody can connect any more.
 *
 * Shell: of libcurl it touches nothing but the handle.
 */
#ifndef HEALTH_REQUEST_H
#define HEALTH_REQUEST_H

#include "health/probe.h"

#include <stdbool.h>

#include <curl/curl.h>

struct request {
	CURL *easy;
	struct curl_slist *connect_to, *headers; /* libcurl copies neither */
	int socket_error; /* errno, when there was no socket to be had; or 0 */
};

/* What is the same for all; borrowed, outlive the request. */
struct request_origin {
	const char *ca_file; /* PEM, trusted instead of the system's; NULL */
	const char *vantage; /* told where the check has an identity field */
};

/*
 * False when memory runs out, or libcurl cannot do what the check wants.  spec
 * outlives it; it stays where it is in memory.
 */
bool request_init(struct request *request, const struct probe_spec *spec,
		  const struct request_origin *origin);

/*
 * To be asked again, in no multi meanwhile: on a connection of its own, which
 * is kept as the first was to be, within left_ms.
 */
void request_renew(struct request *request, int64_t left_ms);

/* Accepts what request_init() refused.  The handle is in no multi. */
void request_fini(struct request *request);

#endif
