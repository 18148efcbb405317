/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nginx_log -- what one line of nginx's access log says of a request.
 *
 *   log_format windrose "SERVICE|$windrose_SERVICE|$upstream_status|"
 *                       "$upstream_response_time";
 *   access_log syslog:server=unix:PATH,nohostname,tag=windrose windrose;
 *
 * The last of several upstreams that were tried is the one that answered; its
 * time is in seconds, to the millisecond.  A request that no upstream was asked
 * for, or whose client left (499), says nothing of an endpoint.
 *
 * Source: ngx_syslog.c of nginx 1.22; ngx_http_upstream_module.  Pure.
 */
#ifndef STEERING_EDGE_NGINX_LOG_H
#define STEERING_EDGE_NGINX_LOG_H

#include "policy/bus/served.h"
#include "steering/edge/serving.h"

#include <stddef.h>

enum { NGINX_LOG_MAX = 2048 }; /* octets of a line */

struct nginx_logged {
	size_t serving, part; /* which endpoint */
	struct served_count count;
};

/*
 * 1 with out filled in; 0 when it says nothing of an endpoint; -1 when it is
 * no such line, or of an endpoint that is not served here.
 */
int nginx_log_parse(const char *line, size_t len,
		    const struct serving *servings, size_t count,
		    struct nginx_logged *out);

#endif
