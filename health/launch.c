/* SPDX-License-Identifier: Apache-2.0 */
#include "health/launch.h"

#include "health/probe_dns.h"
#include "health/probe_external.h"
#include "health/probe_http.h"
#include "health/probe_named.h"
#include "health/probe_tcp.h"

typedef struct probe *starter(const struct launch_means *means,
			      const struct probe_spec *spec, probe_done *done,
			      void *arg);

static struct probe *start_http(const struct launch_means *means,
				const struct probe_spec *spec, probe_done *done,
				void *arg)
{
	return probe_http_start(means->http, spec, done, arg);
}

static struct probe *start_tcp(const struct launch_means *means,
			       const struct probe_spec *spec, probe_done *done,
			       void *arg)
{
	return probe_tcp_start(means->loop, spec, done, arg);
}

static struct probe *start_dns(const struct launch_means *means,
			       const struct probe_spec *spec, probe_done *done,
			       void *arg)
{
	return probe_dns_start(means->loop, spec, done, arg);
}

static struct probe *start_external(const struct launch_means *means,
				    const struct probe_spec *spec,
				    probe_done *done, void *arg)
{
	return probe_external_start(means->external, spec, done, arg);
}

static starter *const starters[] = {
	[CHECK_HTTP] = start_http,         [CHECK_HTTPS] = start_http,
	[CHECK_TCP] = start_tcp,           [CHECK_DNS] = start_dns,
	[CHECK_EXTERNAL] = start_external,
};

/* By address: see probe_begin. */
static struct probe *begin(const void *means, const struct probe_spec *spec,
			   probe_done *done, void *arg)
{
	return starters[spec->check->type](means, spec, done, arg);
}

struct probe *launch_probe(const struct launch_means *means,
			   const struct probe_spec *spec, probe_done *done,
			   void *arg)
{
	const struct probe_named_means named = {
		.loop = means->loop,
		.resolver = means->resolver,
		.begin = begin,
		.means = means,
	};

	return spec->name != NULL ? probe_named_start(&named, spec, done, arg)
				  : begin(means, spec, done, arg);
}
