/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/transports.h"

#include "dns/stats.h"
#include "dns/tcp.h"
#include "dns/tls.h"
#include "dns/udp.h"
#include "dns/xdp.h"
#include "policy/base/error.h"
#include "policy/base/log.h"

#include <sched.h>

static unsigned count_cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

/* The same sockets may come from the manager and from the one before. */
static bool add_given(struct transports *t, struct listeners *given,
		      struct error *err)
{
	struct listeners taken = t->before.listeners;
	bool ok;

	if (given == NULL || given->count == 0)
		return true;
	t->before.listeners = *given;
	*given = (struct listeners){ 0 };
	ok = listeners_merge(&t->before.listeners, &taken, err);
	listeners_fini(&taken);
	return ok;
}

/* Its files are read when privileges have been dropped. */
static bool make_tls(struct transports *t,
		     const struct transports_config *config, struct error *err)
{
	bool any = config->tls_cert != NULL || config->tls_key != NULL;

	if (!any && config->dot_count == 0)
		return true;
	if (config->tls_cert == NULL || config->tls_key == NULL) {
		error_set(err, "DNS over TLS needs a certificate and its key");
		return false;
	}
	t->tls = tls_new(config->tls_cert, config->tls_key);
	if (t->tls == NULL)
		error_set(err, "out of memory for TLS");
	return t->tls != NULL;
}

void transports_init(struct transports *t)
{
	*t = (struct transports){ 0 };
	takeover_init(&t->before);
}

/* A socket that is open and that nobody reads would swallow what is asked. */
static void leave_unwanted(struct listeners *given)
{
	for (size_t i = 0; i < given->count; i++)
		log_event(LOG_LEVEL_WARN, "dns", "listener-unused",
			  "kind=%s address=%s",
			  listener_kind_name(given->list[i].kind),
			  given->list[i].at.text);
	listeners_fini(given);
}

/* Only for who asks for it: it needs privileges. */
static bool open_xdp(struct transports *t,
		     const struct transports_config *config, struct error *err)
{
	if (config->xdp_count == 0)
		return true;
	t->xdp = xdp_open(
		&(struct xdp_config){
			.interfaces = config->xdp,
			.interface_count = config->xdp_count,
			.listeners = &t->listeners,
			.proxies = &t->proxies,
			.rrl = config->rrl,
			.waits = t->before.line >= 0,
		},
		err);
	return t->xdp != NULL;
}

bool transports_open(struct transports *t,
		     const struct transports_config *config, struct error *err)
{
	unsigned workers =
		config->workers > 0 ? config->workers : count_cores();
	const struct listeners_wish wish = {
		.listen = config->listen,
		.listen_count = config->listen_count,
		.dot = config->dot,
		.dot_count = config->dot_count,
		.tls = config->tls_cert != NULL,
		.workers = workers,
	};

	if (!proxy_sources_parse(config->proxy_from, config->proxy_from_count,
				 &t->proxies, err) ||
	    !make_tls(t, config, err))
		return false;
	if (config->take_over != NULL &&
	    !takeover_ask(&t->before, config->take_over, err))
		return false;
	if (!add_given(t, config->given, err) ||
	    !listeners_open(&t->listeners, &wish, &t->before.listeners, err))
		return false;
	leave_unwanted(&t->before.listeners);
	t->rrl = config->rrl;
	t->udp = udp_open(&t->listeners, workers, &t->proxies, err);
	if (t->udp == NULL || !open_xdp(t, config, err))
		return false;
	t->tcp = tcp_open(
		&(struct tcp_config){
			.listeners = &t->listeners,
			.limits = config->tcp != NULL ? config->tcp
						      : &tcp_default_limits,
			.proxies = &t->proxies,
			.tls = t->tls,
		},
		err);
	return t->tcp != NULL;
}

size_t transports_blocks(const struct transports *t)
{
	return udp_thread_count(t->udp) + 1 + xdp_thread_count(t->xdp);
}

uint64_t transports_lost(const struct transports *t)
{
	return xdp_lost(t->xdp);
}

bool transports_start(struct transports *t, const struct slot *slot,
		      struct stats *stats, struct error *err)
{
	return (t->tls == NULL || tls_load(t->tls, err)) &&
	       udp_start(t->udp, slot, stats, t->rrl, err) &&
	       tcp_start(t->tcp, slot,
			 stats_block(stats, udp_thread_count(t->udp)), err) &&
	       xdp_start(t->xdp, slot, stats, udp_thread_count(t->udp) + 1,
			 err);
}

void transports_reload(struct transports *t)
{
	char quoted[400];
	struct error err;

	if (t->tls != NULL && !tls_load(t->tls, &err))
		log_event(LOG_LEVEL_ERROR, "dns", "certificate",
			  "error=%s hint=\"the old one stays\"",
			  log_quote(err.text, quoted, sizeof(quoted)));
}

void transports_end_udp(struct transports *t)
{
	xdp_free(t->xdp);
	t->xdp = NULL;
	udp_free(t->udp);
	t->udp = NULL;
}

void transports_fini(struct transports *t)
{
	transports_end_udp(t);
	tcp_free(t->tcp);
	listeners_fini(&t->listeners);
	takeover_fini(&t->before);
	tls_free(t->tls);
	t->tls = NULL;
	t->tcp = NULL;
}
