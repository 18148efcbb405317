/* SPDX-License-Identifier: Apache-2.0 */
#include "health/probe_named.h"

#include "health/resolver.h"
#include "policy/base/clock.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

struct probe_named;

/*
 * A request that was cancelled ends later, in a turn of its own: so it is not
 * part of the probe.
 */
struct lookup {
	struct probe_named *probe;                 /* NULL: cancelled */
	struct evdns_getaddrinfo_request *request; /* NULL: has ended */
};

struct probe_named {
	struct probe probe; /* first */
	struct probe_named_means means;
	struct probe_spec spec;
	struct lookup *lookup; /* NULL: has ended */
	struct probe *inner;   /* once there is an address */
	struct event *end;     /* the deadline, or a failure to tell */
	enum outcome outcome;  /* of the latter */
	uint64_t answered;     /* the resolver's, when it was asked */
	int64_t start_ns;
	float resolve_ms; /* 0: not resolved */
	probe_done *done;
	void *arg;
};

static void destroy(struct probe_named *p)
{
	if (p->lookup != NULL) {
		p->lookup->probe = NULL;
		if (p->lookup->request != NULL)
			evdns_getaddrinfo_cancel(p->lookup->request);
	}
	probe_cancel(p->inner);
	if (p->end != NULL)
		event_free(p->end);
	free(p);
}

static void cancel(struct probe *probe)
{
	destroy((struct probe_named *)probe);
}

static void finish(struct probe_named *p, const struct observation *seen)
{
	probe_done *done = p->done;
	void *arg = p->arg;

	destroy(p);
	done(arg, seen);
}

static void on_inner(void *arg, const struct observation *seen)
{
	struct probe_named *p = arg;
	struct observation all = *seen;

	p->inner = NULL;
	all.resolve_ms = p->resolve_ms;
	finish(p, &all);
}

/* Nothing was answered to anybody since it asked: what resolves names for this
 * machine is silent, and of the name nobody knows. */
static bool is_unheard(const struct probe_named *p)
{
	return p->lookup != NULL && p->means.resolver->answered == p->answered;
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct probe_named *p = arg;
	struct observation seen = { .outcome = p->outcome,
				    .resolve_ms = p->resolve_ms };

	(void)fd;
	if ((what & EV_TIMEOUT) != 0)
		seen.outcome = is_unheard(p) ? OUTCOME_LOCAL : OUTCOME_TIMEOUT;
	finish(p, &seen);
}

/* The first of a family; NET_NONE: there is none. */
static struct net_addr first_of(const struct evutil_addrinfo *at, int family)
{
	struct net_addr addr = { 0 };

	while (at != NULL && at->ai_family != family)
		at = at->ai_next;
	if (at == NULL)
		return addr;
	if (family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, at->ai_addr, sizeof(v4));
		addr.family = NET_V4;
		memcpy(addr.octets, &v4.sin_addr, 4);
	} else {
		struct sockaddr_in6 v6;

		memcpy(&v6, at->ai_addr, sizeof(v6));
		addr.family = NET_V6;
		memcpy(addr.octets, &v6.sin6_addr, 16);
	}
	return addr;
}

/* evdns says FAIL also of a name that has no records of the types asked for. */
static enum outcome outcome_of(int result)
{
	switch (result) {
	case EVUTIL_EAI_NONAME:
	case EVUTIL_EAI_NODATA:
	case EVUTIL_EAI_FAIL:
		return OUTCOME_NAME;
	default:
		return OUTCOME_LOCAL;
	}
}

/* May be called before evdns_getaddrinfo() returns. */
static void on_resolved(int result, struct evutil_addrinfo *found, void *arg)
{
	struct lookup *lookup = arg;
	struct probe_named *p = lookup->probe;
	bool asked = lookup->request != NULL; /* else the hosts file has it */

	lookup->request = NULL;
	if (p != NULL) {
		p->means.resolver->answered +=
			asked &&
			(result == 0 || outcome_of(result) == OUTCOME_NAME);
		p->lookup = NULL;
		p->resolve_ms = (float)(clock_now_ns() - p->start_ns) / 1e6f;
		p->spec.addr = first_of(found, AF_INET);
		if (p->spec.addr.family == NET_NONE)
			p->spec.addr = first_of(found, AF_INET6);
		if (p->spec.addr.family != NET_NONE)
			p->inner = p->means.begin(p->means.means, &p->spec,
						  on_inner, p);
		if (p->inner == NULL) {
			p->outcome = outcome_of(result);
			event_active(p->end, EV_WRITE, 1);
		}
	}
	if (found != NULL)
		evutil_freeaddrinfo(found);
	free(lookup);
}

static void resolve(struct probe_named *p, struct lookup *lookup)
{
	const struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
	};
	struct evdns_getaddrinfo_request *request;

	p->lookup = lookup;
	lookup->probe = p;
	request = evdns_getaddrinfo(p->means.resolver->dns, p->spec.name, NULL,
				    &hints, on_resolved, lookup);
	if (p->lookup != NULL)
		lookup->request = request;
}

struct probe *probe_named_start(const struct probe_named_means *means,
				const struct probe_spec *spec, probe_done *done,
				void *arg)
{
	const struct timeval deadline = {
		.tv_sec = spec->check->timeout_ms / 1000,
		.tv_usec = spec->check->timeout_ms % 1000 * 1000,
	};
	struct probe_named *p = calloc(1, sizeof(*p));
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (p == NULL || lookup == NULL)
		goto fail;
	p->probe.cancel = cancel;
	p->means = *means;
	p->spec = *spec;
	p->done = done;
	p->arg = arg;
	p->start_ns = clock_now_ns();
	p->answered = means->resolver->answered;
	p->end = event_new(means->loop, -1, 0, on_end, p);
	if (p->end == NULL || event_add(p->end, &deadline) < 0)
		goto fail;
	resolve(p, lookup);
	return &p->probe;
fail:
	free(lookup);
	if (p != NULL)
		destroy(p);
	return NULL;
}
