/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_http -- http and https probes: libcurl's multi interface on libevent.
 *
 * A probe goes to the endpoint's own address, whatever DNS says of the name;
 * Host, SNI and the name the certificate must be for are the service's.  Each
 * is a fresh connection (a kept one would not notice that nobody can connect
 * any more) and a fresh TLS session, by HTTP/1.1, through no proxy, following
 * no redirect.  Of a body at most PROBE_BODY_MAX octets are read; a text that
 * has not come by then is not there.
 *
 * Shell: owns libcurl, its sockets and its timer.
 */
#ifndef HEALTH_PROBE_HTTP_H
#define HEALTH_PROBE_HTTP_H

#include "health/probe.h"

struct error;
struct event_base;
struct probe_http_pool;

enum { PROBE_BODY_MAX = 64 << 10, PROBE_HEADERS_MAX = 64 << 10 };

/*
 * ca_file: PEM certificates to trust instead of the system's; NULL: those.
 * NULL with err set.  Not to be made by two threads at once (libcurl's
 * global state).
 */
struct probe_http_pool *probe_http_pool_new(struct event_base *loop,
					    const char *ca_file,
					    struct error *err);

/* Accepts NULL.  Every probe of it has ended or been cancelled. */
void probe_http_pool_free(struct probe_http_pool *pool);

/* NULL when memory runs out, or the check cannot be put into a request. */
struct probe *probe_http_start(struct probe_http_pool *pool,
			       const struct probe_spec *spec, probe_done *done,
			       void *arg);

#endif
