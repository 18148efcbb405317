/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/transports.h"

#include "dns/stats.h"
#include "dns/tcp.h"
#include "dns/udp.h"

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

void transports_init(struct transports *t)
{
	*t = (struct transports){ 0 };
	takeover_init(&t->before);
}

bool transports_open(struct transports *t,
		     const struct transports_config *config, struct error *err)
{
	unsigned workers =
		config->workers > 0 ? config->workers : count_cores();
	const struct listeners_wish wish = {
		.listen = config->listen,
		.listen_count = config->listen_count,
		.workers = workers,
	};

	if (config->take_over != NULL &&
	    !takeover_ask(&t->before, config->take_over, err))
		return false;
	if (!add_given(t, config->given, err) ||
	    !listeners_open(&t->listeners, &wish, &t->before.listeners, err))
		return false;
	t->rrl = config->rrl;
	t->udp = udp_open(&t->listeners, workers, err);
	if (t->udp == NULL)
		return false;
	t->tcp = tcp_open(&t->listeners,
			  config->tcp != NULL ? config->tcp
					      : &tcp_default_limits,
			  err);
	return t->tcp != NULL;
}

size_t transports_blocks(const struct transports *t)
{
	return udp_thread_count(t->udp) + 1;
}

bool transports_start(struct transports *t, const struct slot *slot,
		      struct stats *stats, struct error *err)
{
	return udp_start(t->udp, slot, stats, t->rrl, err) &&
	       tcp_start(t->tcp, slot,
			 stats_block(stats, udp_thread_count(t->udp)), err);
}

void transports_end_udp(struct transports *t)
{
	udp_free(t->udp);
	t->udp = NULL;
}

void transports_fini(struct transports *t)
{
	udp_free(t->udp);
	tcp_free(t->tcp);
	listeners_fini(&t->listeners);
	takeover_fini(&t->before);
	t->udp = NULL;
	t->tcp = NULL;
}
