/* SPDX-License-Identifier: Apache-2.0 */
#include "health/probe_tcp.h"

#include "health/exchange.h"
#include "health/match.h"

#include <stdlib.h>
#include <string.h>

struct probe_tcp {
	struct probe probe; /* first */
	struct match match;
	struct probe *exchange; /* NULL: has ended */
	bool heard;
	probe_done *done;
	void *arg;
};

static void destroy(struct probe_tcp *p)
{
	probe_cancel(p->exchange);
	match_fini(&p->match);
	free(p);
}

static void cancel(struct probe *probe)
{
	destroy((struct probe_tcp *)probe);
}

static enum outcome take(void *arg, const void *octets, size_t len)
{
	struct probe_tcp *p = arg;

	if (len == 0)
		return p->heard ? OUTCOME_BODY : OUTCOME_CLOSED;
	p->heard = true;
	return match_feed(&p->match, octets, len) ? OUTCOME_OK
						  : OUTCOME_UNKNOWN;
}

static void on_done(void *arg, const struct observation *seen)
{
	struct probe_tcp *p = arg;
	probe_done *done = p->done;
	void *done_arg = p->arg;

	p->exchange = NULL;
	destroy(p);
	done(done_arg, seen);
}

struct probe *probe_tcp_start(struct event_base *loop,
			      const struct probe_spec *spec, probe_done *done,
			      void *arg)
{
	const struct policy_check *check = spec->check;
	struct probe_tcp *p = calloc(1, sizeof(*p));
	const struct exchange_plan plan = {
		.addr = spec->addr,
		.port = spec->port,
		.timeout_ms = check->timeout_ms,
		.send = check->send,
		.send_octets = check->send == NULL ? 0 : strlen(check->send),
		.take = check->body == NULL ? NULL : take,
		.done = on_done,
		.arg = p,
	};

	if (p == NULL)
		return NULL;
	p->probe.cancel = cancel;
	p->done = done;
	p->arg = arg;
	if (match_init(&p->match, check->body == NULL ? "" : check->body))
		p->exchange = exchange_start(loop, &plan);
	if (p->exchange == NULL) {
		destroy(p);
		return NULL;
	}
	return &p->probe;
}
