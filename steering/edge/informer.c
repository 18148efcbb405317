/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/informer.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/option.h"
#include "policy/bus/bus.h"
#include "policy/bus/sign.h"
#include "steering/edge/haproxy_log.h"
#include "steering/edge/ledger.h"
#include "steering/edge/proxy.h"
#include "steering/edge/tap.h"

#include <inttypes.h>
#include <stdlib.h>

#include <event2/event.h>

/* One HAProxy. */
struct source {
	struct informer *informer;
	struct proxy *proxy;
	struct haproxy_counters last; /* read; list NULL: none yet */
	bool blind;                   /* the last reading failed, as logged */
};

struct informer {
	struct informer_config config;
	struct event *turn;
	struct source sources[OPTION_LIST_MAX];
	size_t source_count;
	size_t open; /* questions */
	struct ledger ledger;
	struct ledger times; /* heard since the last document: of its rows only
			      * the latencies */
	bool waited;         /* some of these for this document, not the
			      * last */
	struct tap *tap;     /* NULL: none */
	uint64_t losses;     /* that were logged */
};

static void log_trouble(struct source *s, const char *why)
{
	char quoted[512];

	if (!s->blind)
		log_event(LOG_LEVEL_WARN, "edge", "counters-failed", "error=%s",
			  log_quote(why, quoted, sizeof(quoted)));
	s->blind = true;
}

static void enter(struct source *s, struct haproxy_counters *now)
{
	struct informer *i = s->informer;
	const struct informer_config *c = &i->config;

	/* What was there at first was counted for somebody else. */
	if (s->last.list != NULL)
		haproxy_counters_enter(&s->last, now, &c->routes,
				       c->plan(c->arg), &i->ledger);
	haproxy_counters_fini(&s->last);
	s->last = *now;
	if (i->ledger.losses > 0 && i->losses == 0)
		log_event(LOG_LEVEL_ERROR, "edge", "counters-lost",
			  "rows=%zu only=%d", i->ledger.served.count,
			  SERVED_ROWS_MAX);
	i->losses = i->ledger.losses;
	if (s->blind)
		log_event(LOG_LEVEL_INFO, "edge", "counters", "servers=%zu",
			  now->count);
	s->blind = false;
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

static bool hear(void *arg, const char *line, size_t len)
{
	struct informer *i = arg;
	const struct informer_config *c = &i->config;
	struct served_count growth = { .requests = 0 };
	struct haproxy_logged logged;
	const struct haproxy_place at = { logged.backend, logged.server };
	int got = haproxy_log_parse(line, len, &logged);

	if (got == 1) {
		growth.latency[served_bucket(logged.us)] = 1;
		haproxy_enter(&at, &growth, &c->routes, c->plan(c->arg),
			      &i->times);
	}
	return got >= 0;
}

/*
 * HAProxy counts a request before it logs it, but the counters may have been
 * read before that: what does not fit waits for the next ones, and no longer,
 * for those of a HAProxy that ended meanwhile will never be counted.
 */
static void enter_times(struct informer *i)
{
	struct served *times = &i->times.served;
	uint64_t left = 0;

	for (size_t n = 0; n < times->count; n++) {
		struct served_row *row = &times->rows[n];
		const struct ledger_key key = { row->service, row->endpoint,
						row->canary };

		left += ledger_time(&i->ledger, &key, row->count.latency);
	}
	if (left == 0 || i->waited)
		times->count = 0;
	i->waited = left > 0 && !i->waited;
}

static void publish(struct informer *i)
{
	size_t len = 0;
	char *text;

	enter_times(i);
	text = ledger_write(&i->ledger, clock_wall_ms(), &len);
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
	struct source *s = arg;
	struct haproxy_counters now;
	struct error err;

	if (why != NULL)
		log_trouble(s, why);
	else if (!haproxy_counters_parse(answer, len, &now, &err))
		log_trouble(s, err.text);
	else
		enter(s, &now);
	if (--s->informer->open == 0)
		publish(s->informer);
}

/* Questions that are still open are answered, or given up, and publish. */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct informer *i = arg;

	(void)fd, (void)what;
	for (size_t n = 0; n < i->source_count; n++)
		if (proxy_ask(i->sources[n].proxy, HAPROXY_COUNTERS_QUESTION,
			      on_counters, &i->sources[n]))
			i->open++;
	if (i->open == 0)
		publish(i);
}

static bool add_sources(struct informer *i, struct event_base *loop,
			struct error *err)
{
	const struct option_list *paths = i->config.haproxies;

	for (size_t n = 0; n < paths->count; n++) {
		struct source *s = &i->sources[n];

		s->informer = i;
		s->proxy = proxy_new(loop, paths->items[n], err);
		if (s->proxy == NULL)
			return false;
		i->source_count++;
	}
	return true;
}

static bool open_log(struct informer *i, struct event_base *loop,
		     struct error *err)
{
	const struct tap_config config = { i->config.log, "haproxy-log", hear,
					   i };

	if (config.path == NULL)
		return true;
	i->tap = tap_start(loop, &config, err);
	return i->tap != NULL;
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
	ledger_init(&i->times, "", 0);
	if (!add_sources(i, loop, err) || !open_log(i, loop, err))
		goto fail;
	i->turn = event_new(loop, -1, EV_PERSIST, on_turn, i);
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

struct ledger *informer_ledger(struct informer *i)
{
	return &i->ledger;
}

void informer_stop(struct informer *i)
{
	if (i == NULL)
		return;
	if (i->turn != NULL)
		event_free(i->turn);
	for (size_t n = 0; n < i->source_count; n++) {
		proxy_free(i->sources[n].proxy);
		haproxy_counters_fini(&i->sources[n].last);
	}
	tap_stop(i->tap);
	ledger_fini(&i->times);
	ledger_fini(&i->ledger);
	free(i);
}
