/* SPDX-License-Identifier: Apache-2.0 */
/* probe_dns against a name server on loopback that answers by UDP and TCP, or
 * badly, or not at all. */
#include "health/dialogue.h"
#include "health/probe_dns.h"
#include "tests/unit/forged_reply.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

enum { TIMEOUT_MS = 300 };

/* What the server says to a query; repeat: so often, 0 is never. */
struct speech {
	unsigned strangers; /* wrong ones before it */
	unsigned repeat;
	struct forged_reply reply;
	size_t pieces; /* TCP: octets of each write, 0: all at once */
	bool closes;   /* TCP: after it */
};

struct world {
	struct event_base *loop;
	int fd; /* UDP */
	struct event *readable;
	struct evconnlistener *listener;
	struct bufferevent *stream; /* the one connection there is */
	uint16_t port;
	struct speech udp, tcp;
	unsigned asked_udp, asked_tcp;
	struct policy_check check;
	struct probe_spec spec;
};

static void on_query(evutil_socket_t fd, short what, void *arg)
{
	static const struct forged_reply strange = { .other_id = true };
	struct world *w = arg;
	uint8_t query[512], reply[FORGED_REPLY_MAX];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(fd, query, sizeof(query), 0,
			     (struct sockaddr *)&from, &from_len);
	unsigned count = w->udp.strangers + w->udp.repeat;

	(void)what;
	assert_true(n > 0);
	w->asked_udp++;
	for (unsigned i = 0; i < count; i++) {
		size_t len =
			forged_reply_make(i < w->udp.strangers ? &strange
							       : &w->udp.reply,
					  query, (size_t)n, reply);

		sendto(fd, reply, len, 0, (struct sockaddr *)&from, from_len);
	}
}

static void say(struct world *w, const uint8_t *octets, size_t len)
{
	size_t piece = w->tcp.pieces == 0 ? len : w->tcp.pieces;
	int fd = bufferevent_getfd(w->stream);

	/* At once, so that pieces are segments of their own. */
	for (size_t at = 0; at < len; at += piece)
		if (send(fd, octets + at, at + piece < len ? piece : len - at,
			 MSG_NOSIGNAL) < 0)
			fail_msg("send");
}

static void on_stream(struct bufferevent *stream, void *arg)
{
	struct world *w = arg;
	uint8_t query[514], reply[2 + FORGED_REPLY_MAX];
	size_t n = bufferevent_read(stream, query, sizeof(query)), len;

	/* On loopback a query this small is one segment. */
	assert_true(n > 2 && n - 2 == ((size_t)query[0] << 8 | query[1]));
	w->asked_tcp++;
	if (w->tcp.repeat > 0) {
		len = forged_reply_make(&w->tcp.reply, query + 2, n - 2,
					reply + 2);
		reply[0] = (uint8_t)((len + w->tcp.reply.cut) >> 8);
		reply[1] = (uint8_t)(len + w->tcp.reply.cut);
		say(w, reply, 2 + len);
	}
	if (w->tcp.closes) {
		bufferevent_free(stream);
		w->stream = NULL;
	}
}

static void on_stream_end(struct bufferevent *stream, short what, void *arg)
{
	struct world *w = arg;

	(void)what;
	bufferevent_free(stream);
	w->stream = NULL;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *from, int len, void *arg)
{
	struct world *w = arg;

	(void)listener, (void)from, (void)len;
	if (w->stream != NULL)
		bufferevent_free(w->stream);
	w->stream = bufferevent_socket_new(w->loop, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(w->stream, on_stream, NULL, on_stream_end, w);
	bufferevent_enable(w->stream, EV_READ);
}

/* UDP and TCP on one port of the system's choice. */
static void serve(struct world *w)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	w->listener =
		evconnlistener_new_bind(w->loop, on_accept, w,
					LEV_OPT_CLOSE_ON_FREE, 8,
					(struct sockaddr *)&at, sizeof(at));
	assert_non_null(w->listener);
	getsockname(evconnlistener_get_fd(w->listener), (struct sockaddr *)&at,
		    &len);
	w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(w->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	w->port = ntohs(at.sin_port);
	w->readable =
		event_new(w->loop, w->fd, EV_READ | EV_PERSIST, on_query, w);
	event_add(w->readable, NULL);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->loop = event_base_new();
	serve(w);
	w->check = (struct policy_check){
		.name = "names",
		.type = CHECK_DNS,
		.query_type = 1,
		.timeout_ms = 20 * TIMEOUT_MS,
	};
	w->spec = (struct probe_spec){
		.host = "www.example.test",
		.port = w->port,
		.check = &w->check,
	};
	net_addr_parse("127.0.0.1", &w->spec.addr);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	if (w->stream != NULL)
		bufferevent_free(w->stream);
	evconnlistener_free(w->listener);
	event_free(w->readable);
	close(w->fd);
	event_base_free(w->loop);
	free(w);
	return 0;
}

struct ending {
	struct world *world;
	unsigned count;
	struct observation seen;
};

static void on_done(void *arg, const struct observation *seen)
{
	struct ending *e = arg;

	e->count++;
	e->seen = *seen;
	event_base_loopbreak(e->world->loop);
}

/* Runs one probe to its end; the loop itself ends after ten seconds. */
static struct observation run(struct world *w)
{
	const struct timeval deadline = { .tv_sec = 10 };
	struct ending e = { .world = w };

	assert_non_null(probe_dns_start(w->loop, &w->spec, on_done, &e));
	assert_int_equal(e.count, 0);
	event_base_loopexit(w->loop, &deadline);
	event_base_dispatch(w->loop);
	assert_int_equal(e.count, 1);
	return e.seen;
}

#define A_RR "www.example.test. 60 IN A 192.0.2.1"
#define TRUNCATED                                          \
	{                                                  \
		.repeat = 1, .reply = {.truncated = true } \
	}

/* clang-format off */
static const struct row {
	const char *title;
	struct speech udp, tcp;
	const char *rdata;
	const char *outcome;
	bool by_tcp;
} rows[] = {
	{ "an answer",      { .repeat = 1 }, { 0 }, NULL, "ok", false },
	{ "twice",          { .repeat = 2 }, { 0 }, NULL, "ok", false },
	{ "the record",     { .repeat = 1, .reply = { .answers = { A_RR } } },
	  { 0 }, "192.0.2.1", "ok", false },
	{ "not the record", { .repeat = 1, .reply = { .answers = { A_RR } } },
	  { 0 }, "192.0.2.2", "rdata", false },
	{ "SERVFAIL",       { .repeat = 1, .reply = { .rcode = 2 } }, { 0 },
	  NULL, "rcode-SERVFAIL", false },
	{ "silence",        { 0 }, { 0 }, NULL, "timeout", false },
	{ "broken",         { .repeat = 1, .reply = { .cut = 2 } }, { 0 },
	  NULL, "protocol", false },
	{ "strangers, then an answer", { .strangers = 20, .repeat = 1 }, { 0 },
	  NULL, "ok", false },
	{ "strangers alone", { .strangers = 20 }, { 0 }, NULL, "timeout",
	  false },
	{ "a crowd of strangers", { .strangers = DIALOGUE_STRANGERS_MAX },
	  { 0 }, NULL, "protocol", false },
	{ "truncated",      TRUNCATED,
	  { .repeat = 1, .reply = { .answers = { A_RR } } }, "192.0.2.1", "ok",
	  true },
	{ "truncated, the rest in pieces", TRUNCATED,
	  { .repeat = 1, .pieces = 1, .reply = { .answers = { A_RR } } },
	  "192.0.2.1", "ok", true },
	{ "truncated, and the end", TRUNCATED, { .closes = true }, NULL,
	  "closed", true },
	{ "truncated, and half a frame", TRUNCATED,
	  { .repeat = 1, .closes = true, .reply = { .cut = 9 } }, NULL,
	  "closed", true },
	{ "truncated, then silence", TRUNCATED, { 0 }, NULL, "timeout", true },
	{ "truncated twice", TRUNCATED, TRUNCATED, NULL, "protocol", true },
	{ "truncated, then a stranger", TRUNCATED,
	  { .repeat = 1, .reply = { .other_id = true } }, NULL, "protocol",
	  true },
	{ "truncated, then REFUSED", TRUNCATED,
	  { .repeat = 1, .reply = { .rcode = 5 } }, NULL, "rcode-REFUSED",
	  true },
};
/* clang-format on */

static void test_outcomes(void **state)
{
	struct world *w = *state;
	char text[OUTCOME_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct observation seen;

		w->udp = rows[i].udp;
		w->tcp = rows[i].tcp;
		w->check.rdata = rows[i].rdata;
		w->asked_udp = w->asked_tcp = 0;
		/* Only silence is waited for so briefly. */
		w->check.timeout_ms = strcmp(rows[i].outcome, "timeout") == 0
					      ? TIMEOUT_MS
					      : 20 * TIMEOUT_MS;
		seen = run(w);
		if (strcmp(outcome_text(&seen, text), rows[i].outcome) != 0)
			fail_msg("%s: %s", rows[i].title, text);
		assert_int_equal(w->asked_udp, 1);
		assert_int_equal(w->asked_tcp, rows[i].by_tcp);
		assert_true((seen.latency_ms > 0) ==
			    (seen.outcome == OUTCOME_OK));
		assert_true(
			(seen.connect_ms > 0) ==
			(rows[i].by_tcp && seen.outcome != OUTCOME_TIMEOUT));
		assert_true(seen.total_ms >= seen.first_byte_ms);
	}
}

static void test_nobody_listens(void **state)
{
	struct world *w = *state;

	w->udp = (struct speech)TRUNCATED;
	evconnlistener_disable(w->listener);
	event_del(w->readable);
	close(w->fd);
	w->fd = -1;
	assert_int_equal(run(w).outcome, OUTCOME_REFUSED);
	/* The kernel will not send there: not the endpoint's fault. */
	net_addr_parse("255.255.255.255", &w->spec.addr);
	assert_int_equal(run(w).outcome, OUTCOME_LOCAL);
}

static void test_cancelled_probes_say_nothing(void **state)
{
	struct world *w = *state;
	struct ending first = { .world = w }, second = { .world = w };
	struct probe *p;

	w->udp = (struct speech)TRUNCATED;
	probe_cancel(probe_dns_start(w->loop, &w->spec, on_done, &first));
	p = probe_dns_start(w->loop, &w->spec, on_done, &second);
	/* Until it asks by TCP, where it hears nothing. */
	while (w->asked_tcp == 0)
		event_base_loop(w->loop, EVLOOP_ONCE);
	probe_cancel(p);
	w->udp = (struct speech){ .repeat = 1 };
	assert_int_equal(run(w).outcome, OUTCOME_OK);
	assert_int_equal(first.count + second.count, 0);
}

/* Each query has an ID of its own: of sixteen, hardly two are alike. */
static void test_ids_are_drawn(void **state)
{
	struct world *w = *state;
	struct ending e = { .world = w };
	uint16_t ids[16];
	unsigned alike = 0;

	event_del(w->readable);
	for (size_t i = 0; i < 16; i++) {
		uint8_t query[512];
		struct probe *p =
			probe_dns_start(w->loop, &w->spec, on_done, &e);

		assert_true(recv(w->fd, query, sizeof(query), 0) > 12);
		ids[i] = (uint16_t)(query[0] << 8 | query[1]);
		for (size_t j = 0; j < i; j++)
			alike += ids[i] == ids[j];
		probe_cancel(p);
	}
	assert_true(alike < 4);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_outcomes),
		WITH_WORLD(test_nobody_listens),
		WITH_WORLD(test_cancelled_probes_say_nothing),
		WITH_WORLD(test_ids_are_drawn),
	};

	return cmocka_run_group_tests_name("probe_dns", tests, NULL, NULL);
}
