/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/informer.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/sign.h"
#include "steering/edge/ledger.h"
#include "steering/edge/proxy.h"

#include <inttypes.h>
#include <stdlib.h>

#include <event2/event.h>

struct informer {
	struct informer_config config;
	struct event *turn;
	struct proxy *proxy;
	struct haproxy_counters last; /* read; list NULL: none yet */
	struct ledger ledger;
	bool blind;      /* the last reading failed, which is logged */
	uint64_t losses; /* that were logged */
};

static void log_trouble(struct informer *i, const char *why)
{
	char quoted[512];

	if (!i->blind)
		log_event(LOG_LEVEL_WARN, "edge", "counters-failed", "error=%s",
			  log_quote(why, quoted, sizeof(quoted)));
	i->blind = true;
}

static void enter(struct informer *i, struct haproxy_counters *now)
{
	const struct informer_config *c = &i->config;

	/* What was there at first was counted for somebody else. */
	if (i->last.list != NULL)
		haproxy_counters_enter(&i->last, now, &c->routes,
				       c->plan(c->arg), &i->ledger);
	haproxy_counters_fini(&i->last);
	i->last = *now;
	if (i->ledger.losses > 0 && i->losses == 0)
		log_event(LOG_LEVEL_ERROR, "edge", "counters-lost",
			  "rows=%zu only=%d", i->ledger.served.count,
			  SERVED_ROWS_MAX);
	i->losses = i->ledger.losses;
	if (i->blind)
		log_event(LOG_LEVEL_INFO, "edge", "counters", "servers=%zu",
			  now->count);
	i->blind = false;
}

/* NULL: memory ran out. */
static char *seal(const struct informer *i, char *text, size_t *len)
{
	struct error err;
	char *sealed;

	if (text == NULL || i->config.key == NULL)
		return text;
	sealed = sign_wrap(i->config.key, SIGN_SERVED, text, *len, len, &err);
	free(text);
	return sealed;
}

static void publish(struct informer *i)
{
	size_t len = 0;
	char *text = ledger_write(&i->ledger, clock_wall_ms(), &len);

	text = seal(i, text, &len);
	if (text == NULL)
		log_event(LOG_LEVEL_ERROR, "edge", "publish",
			  "error=\"out of memory\"");
	else
		bus_put(i->config.bus, BUS_SERVED, i->config.name, text, len,
			SERVED_TTL_MS);
	free(text);
}

static void on_counters(void *arg, const char *answer, size_t len,
			const char *why)
{
	struct informer *i = arg;
	struct haproxy_counters now;
	struct error err;

	if (why != NULL)
		log_trouble(i, why);
	else if (!haproxy_counters_parse(answer, len, &now, &err))
		log_trouble(i, err.text);
	else
		enter(i, &now);
	publish(i);
}

/* A question that is still open is answered, or given up, and publishes. */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct informer *i = arg;

	(void)fd, (void)what;
	proxy_ask(i->proxy, HAPROXY_COUNTERS_QUESTION, on_counters, i);
}

struct informer *informer_start(struct event_base *loop,
				const struct informer_config *config,
				struct error *err)
{
	const struct timeval each = { .tv_sec = SERVED_EVERY_MS / 1000 };
	struct informer *i = calloc(1, sizeof(*i));

	if (i == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	i->config = *config;
	ledger_init(&i->ledger, config->name, clock_wall_ms());
	i->turn = event_new(loop, -1, EV_PERSIST, on_turn, i);
	i->proxy = proxy_new(loop, config->haproxy_path, err);
	if (i->proxy == NULL)
		goto fail;
	if (i->turn == NULL || event_add(i->turn, &each) != 0) {
		error_set(err, "out of memory");
		goto fail;
	}
	event_active(i->turn, 0, 0);
	return i;
fail:
	informer_stop(i);
	return NULL;
}

void informer_stop(struct informer *i)
{
	if (i == NULL)
		return;
	if (i->turn != NULL)
		event_free(i->turn);
	proxy_free(i->proxy);
	haproxy_counters_fini(&i->last);
	ledger_fini(&i->ledger);
	free(i);
}
