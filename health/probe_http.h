/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_http -- http and https probes.
 *
 * What is asked, health/request says; the transfers are policy/base/multi's. Of
 * a body at most PROBE_BODY_MAX octets are read; a text that has not come by
 * then is not there.  Where the connection is to be kept the body is read to
 * its end, or to that; else no further than it is needed.
 *
 * Shell: owns the transfers.
 */
#ifndef HEALTH_PROBE_HTTP_H
#define HEALTH_PROBE_HTTP_H

#include "health/probe.h"

#include <stdbool.h>

struct error;
struct event_base;
struct probe_http_pool;

enum { PROBE_BODY_MAX = 64 << 10, PROBE_HEADERS_MAX = 64 << 10 };

/*
 * ca_file: PEM certificates to trust instead of the system's; NULL: those.
 * vantage: told where a check has an identity field; NULL: nobody is told.
 * NULL with err set.  Not to be made by two threads at once (libcurl's global
 * state).
 */
struct probe_http_pool *probe_http_pool_new(struct event_base *loop,
					    const char *ca_file,
					    const char *vantage,
					    struct error *err);

/* Accepts NULL.  Every probe of it has ended or been cancelled. */
void probe_http_pool_free(struct probe_http_pool *pool);

/* Has libcurl been built with HTTP/2? */
bool probe_http_speaks_2(void);

/* NULL when memory runs out, or libcurl cannot do what the check wants. */
struct probe *probe_http_start(struct probe_http_pool *pool,
			       const struct probe_spec *spec, probe_done *done,
			       void *arg);

#endif
