/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/agent_driver.h"

#include "policy/base/accept.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "steering/edge/agent_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>

/* One server of HAProxy. */
struct asker {
	char words[AGENT_CHECK_WORDS_SIZE]; /* the answer in force */
	int64_t asked_ms;                   /* last; 0: never */
};

struct guest {
	LIST_ENTRY(guest) list;
	struct agent_driver *agent;
	struct bufferevent *connection;
};

struct agent_driver {
	struct driver driver;
	struct agent_config *config;
	struct event_base *loop;
	struct sockaddr_storage address;
	int address_len;
	struct evconnlistener *listener; /* NULL: no orders yet */
	LIST_HEAD(guests, guest) guests;
	size_t guest_count;
	struct asker *askers; /* PORTIONS_MAX for each serving */
	uint64_t serial;      /* of the orders that answers are of */
	int64_t renewed_ms;   /* when they came */
	int64_t listening_ms; /* since when */
	int64_t waiting_ms;   /* since when for somebody to ask; 0: not */
	bool stranger;        /* one who is not served has asked, as logged */
};

static struct asker *asker_of(const struct agent_driver *a,
			      struct agent_check_place at)
{
	return &a->askers[at.serving * PORTIONS_MAX + at.part];
}

static void dismiss(struct guest *guest)
{
	LIST_REMOVE(guest, list);
	guest->agent->guest_count--;
	bufferevent_free(guest->connection);
	free(guest);
}

/* How many servers ask at all, and who of them has not asked since. */
static size_t count_askers(const struct agent_driver *a,
			   const struct portion **missing)
{
	int64_t now_ms = clock_now_ms();
	size_t count = 0;

	*missing = NULL;
	for (size_t i = 0; i < a->config->serving_count; i++) {
		const struct portions *p = &a->config->servings[i].portions;

		for (size_t j = 0; j < p->count; j++) {
			const struct asker *asker =
				asker_of(a, (struct agent_check_place){ i, j });

			if (asker->asked_ms == 0 &&
			    now_ms - a->listening_ms < AGENT_OVERDUE_MS)
				*missing = &p->parts[j];
			if (asker->asked_ms == 0 ||
			    now_ms - asker->asked_ms > AGENT_OVERDUE_MS)
				continue;
			count++;
			/* In the same millisecond is not after. */
			if (asker->asked_ms <= a->renewed_ms)
				*missing = &p->parts[j];
		}
	}
	return count;
}

static void on_asked(struct guest *guest, struct agent_check_place at)
{
	struct agent_driver *a = guest->agent;
	struct asker *asker = asker_of(a, at);
	const struct portion *missing;

	bufferevent_write(guest->connection, asker->words,
			  strlen(asker->words));
	asker->asked_ms = clock_now_ms();
	if (a->driver.epoch != a->driver.orders->plan->epoch ||
	    a->driver.sequence != a->driver.orders->plan->sequence)
		if (count_askers(a, &missing) > 0 && missing == NULL)
			driver_again(&a->driver);
}

static void log_stranger(struct agent_driver *a, const char *text, size_t len)
{
	char question[AGENT_CHECK_QUESTION_MAX], quoted[512];

	if (a->stranger)
		return;
	a->stranger = true;
	snprintf(question, sizeof(question), "%.*s", (int)len, text);
	log_event(LOG_LEVEL_WARN, "edge", "agent-unknown", "question=%s",
		  log_quote(question, quoted, sizeof(quoted)));
}

static void on_read(struct bufferevent *connection, void *arg)
{
	struct guest *guest = arg;
	struct agent_driver *a = guest->agent;
	struct evbuffer *in = bufferevent_get_input(connection);
	size_t len = evbuffer_get_length(in);
	const char *text = (const char *)evbuffer_pullup(in, -1);
	struct agent_check_place at;
	int found = agent_check_find(a->config->servings,
				     a->config->serving_count, text, len, &at);

	if (found == 0)
		return;
	if (found < 0) {
		log_stranger(a, text, len);
		dismiss(guest);
		return;
	}
	bufferevent_disable(connection, EV_READ);
	on_asked(guest, at);
}

/* The answer is out: HAProxy waits for the end. */
static void on_written(struct bufferevent *connection, void *arg)
{
	if ((bufferevent_get_enabled(connection) & EV_READ) == 0)
		dismiss(arg);
}

static void on_event(struct bufferevent *connection, short what, void *arg)
{
	(void)connection, (void)what;
	dismiss(arg);
}

static void on_guest(struct evconnlistener *listener, evutil_socket_t fd,
		     struct sockaddr *from, int from_len, void *arg)
{
	const struct timeval patience = { .tv_sec = AGENT_PATIENCE_MS / 1000 };
	struct agent_driver *a = arg;
	struct guest *guest = NULL;

	(void)listener, (void)from, (void)from_len;
	if (a->guest_count < AGENT_GUESTS_MAX)
		guest = calloc(1, sizeof(*guest));
	if (guest != NULL)
		guest->connection =
			bufferevent_socket_new(a->loop, fd,
					       BEV_OPT_CLOSE_ON_FREE);
	if (guest == NULL || guest->connection == NULL) {
		free(guest);
		evutil_closesocket(fd);
		return;
	}
	guest->agent = a;
	LIST_INSERT_HEAD(&a->guests, guest, list);
	a->guest_count++;
	bufferevent_setcb(guest->connection, on_read, on_written, on_event,
			  guest);
	bufferevent_setwatermark(guest->connection, EV_READ, 0,
				 AGENT_CHECK_QUESTION_MAX);
	bufferevent_set_timeouts(guest->connection, &patience, &patience);
	bufferevent_enable(guest->connection, EV_READ | EV_WRITE);
}

/* Not before there is something to answer. */
static bool listen_now(struct agent_driver *a, struct error *err)
{
	if (a->listener != NULL)
		return true;
	a->listener = evconnlistener_new_bind(a->loop, on_guest, a,
					      LEV_OPT_REUSEABLE |
						      LEV_OPT_CLOSE_ON_EXEC |
						      LEV_OPT_CLOSE_ON_FREE,
					      AGENT_GUESTS_MAX,
					      (struct sockaddr *)&a->address,
					      a->address_len);
	if (a->listener == NULL) {
		error_set(err, "cannot listen: %s", strerror(errno));
		return false;
	}
	evconnlistener_set_error_cb(a->listener, accept_pause);
	a->listening_ms = clock_now_ms();
	return true;
}

/* Answers of other orders; those who asked before have not heard them. */
static void renew(struct agent_driver *a)
{
	for (size_t i = 0; i < a->config->serving_count; i++) {
		const struct serving *s = &a->config->servings[i];

		for (size_t j = 0; j < s->portions.count; j++)
			agent_check_write(
				s, j,
				asker_of(a, (struct agent_check_place){ i, j })
					->words);
	}
	if (a->listener == NULL || a->serial != a->driver.orders->serial)
		a->renewed_ms = clock_now_ms();
	a->serial = a->driver.orders->serial;
}

static void settle(struct agent_driver *a)
{
	const struct portion *missing;
	size_t count = count_askers(a, &missing);
	char text[NODE_TEXT_SIZE];

	if (count > 0 && missing == NULL) {
		a->waiting_ms = 0;
		driver_settle(&a->driver, "");
		return;
	}
	if (a->waiting_ms == 0)
		a->waiting_ms = clock_now_ms();
	if (clock_now_ms() - a->waiting_ms < AGENT_OVERDUE_MS) {
		driver_defer(&a->driver);
	} else {
		snprintf(text, sizeof(text),
			 "HAProxy's agent-check of %.64s "
			 "does not ask",
			 count == 0 ? "any server" : missing->name);
		driver_settle(&a->driver, text);
	}
}

static void begin(struct driver *driver)
{
	struct agent_driver *a = (struct agent_driver *)driver;
	struct error err;

	for (size_t i = 0; i < a->config->serving_count; i++)
		if (!serving_divide(&a->config->servings[i], driver->orders,
				    &err)) {
			driver_settle(driver, err.text);
			return;
		}
	renew(a);
	if (listen_now(a, &err))
		settle(a);
	else
		driver_settle(driver, err.text);
}

static void driver_end(struct driver *driver)
{
	struct agent_driver *a = (struct agent_driver *)driver;
	struct guest *guest = LIST_FIRST(&a->guests);

	while (guest != NULL) {
		struct guest *next = LIST_NEXT(guest, list);

		dismiss(guest);
		guest = next;
	}
	if (a->listener != NULL)
		evconnlistener_free(a->listener);
	free(a->askers);
	free(a);
}

static bool read_address(struct agent_driver *a, struct error *err)
{
	a->address_len = sizeof(a->address);
	if (strchr(a->config->listen, ':') != NULL &&
	    evutil_parse_sockaddr_port(a->config->listen,
				       (struct sockaddr *)&a->address,
				       &a->address_len) == 0)
		return true;
	error_set(err, "--agent is \"%.60s\"; it must be ADDRESS:PORT",
		  a->config->listen);
	return false;
}

struct driver *agent_driver_new(struct event_base *loop,
				struct agent_config *config, struct error *err)
{
	static const struct driver_kind kind = { "agent", begin, driver_end };
	struct agent_driver *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	a->driver.kind = &kind;
	a->driver.place = config->listen;
	a->config = config;
	a->loop = loop;
	LIST_INIT(&a->guests);
	a->askers = calloc(config->serving_count * PORTIONS_MAX,
			   sizeof(*a->askers));
	if (a->askers == NULL)
		error_set(err, "out of memory");
	else if (read_address(a, err))
		return &a->driver;
	driver_end(&a->driver);
	return NULL;
}
