/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_sentinel.h"

#include "policy/bus/redis_link.h"
#include "policy/bus/redis_session.h"
#include "policy/bus/redis_target.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>

struct redis_sentinel {
	const struct redis_url *url;
	struct redis_sentinel_user user;
	struct redis_target target; /* the sentinel whose turn it is */
	struct redis_link *link;
	struct event *again;
	size_t nth;    /* of the url's places */
	size_t silent; /* how many did not tell, since it was asked */
	bool asked;    /* somebody waits */
	bool waiting;  /* a query is on its way */
	bool told;     /* master is set */
	struct redis_place master;
};

static void go_to_next(struct redis_sentinel *s)
{
	s->nth = (s->nth + 1) % s->url->place_count;
}

static void start_link(struct redis_sentinel *s)
{
	s->target.place = s->url->places[s->nth];
	redis_link_connect(s->link);
}

static void end_link(struct redis_sentinel *s)
{
	redis_link_close(s->link);
	s->waiting = false;
}

/* [host, port]; nil for a name that it does not know. */
static bool read_master(const redisReply *reply, struct redis_place *out)
{
	const redisReply *host, *port;
	unsigned long number;
	char *end;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return false;
	host = reply->element[0];
	port = reply->element[1];
	if (host->type != REDIS_REPLY_STRING ||
	    port->type != REDIS_REPLY_STRING || host->len == 0 ||
	    (size_t)host->len >= sizeof(out->host) || port->str[0] < '0' ||
	    port->str[0] > '9')
		return false;
	number = strtoul(port->str, &end, 10);
	if (number == 0 || number > UINT16_MAX || *end != '\0')
		return false;
	memset(out, 0, sizeof(*out));
	memcpy(out->host, host->str, (size_t)host->len);
	out->port = (uint16_t)number;
	return true;
}

static bool is_same(const struct redis_place *a, const struct redis_place *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static void on_told(void *arg, const redisReply *reply)
{
	struct redis_sentinel *s = arg;
	struct redis_place master;
	bool other;

	s->waiting = false;
	if (reply == NULL)
		return;
	if (!read_master(reply, &master)) {
		redis_link_give_up(s->link,
				   "the sentinel knows no master of the name "
				   "in the url",
				   reply->type == REDIS_REPLY_ERROR
					   ? reply->str
					   : s->url->master);
		return;
	}
	other = s->told && !is_same(&master, &s->master);
	s->told = true;
	s->master = master;
	if (s->asked) {
		s->asked = false;
		s->user.on_master(s->user.arg, &master);
	} else if (other) {
		s->user.on_switch(s->user.arg);
	}
}

static void send_query(struct redis_sentinel *s)
{
	struct redis_command c = { 0 };

	redis_command_text(&c, "SENTINEL");
	redis_command_text(&c, "GET-MASTER-ADDR-BY-NAME");
	redis_command_text(&c, s->url->master);
	s->waiting = redis_link_send(s->link, &c, on_told, s);
}

static void on_link_up(void *arg)
{
	send_query(arg);
}

static void on_link_down(void *arg)
{
	struct redis_sentinel *s = arg;

	end_link(s);
	go_to_next(s);
	if (!s->asked)
		return; /* on_again goes on */
	if (++s->silent < s->url->place_count) {
		start_link(s);
		return;
	}
	s->asked = false;
	s->user.on_silence(s->user.arg);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct redis_sentinel *s = arg;

	(void)fd, (void)what;
	if (redis_link_is_up(s->link) && !s->waiting)
		send_query(s);
	else if (redis_link_is_down(s->link) && s->told)
		start_link(s);
}

void redis_sentinel_ask(struct redis_sentinel *s, bool another)
{
	s->asked = true;
	s->silent = 0;
	if (another && s->told && !redis_link_is_down(s->link)) {
		end_link(s);
		go_to_next(s);
	}
	if (redis_link_is_down(s->link))
		start_link(s);
	else if (redis_link_is_up(s->link) && !s->waiting)
		send_query(s);
}

struct redis_sentinel *
redis_sentinel_new(struct redis_session *session, struct redis_tls *tls,
		   const struct redis_sentinel_user *user)
{
	static const struct timeval every = {
		.tv_sec = REDIS_PING_MS / 1000,
		.tv_usec = REDIS_PING_MS % 1000 * 1000,
	};
	struct redis_sentinel *s = calloc(1, sizeof(*s));
	const struct redis_owner owner = {
		.bus = session->bus,
		.on_up = on_link_up,
		.on_down = on_link_down,
		.arg = s,
	};

	if (s == NULL)
		return NULL;
	s->url = &session->url;
	s->user = *user;
	s->target = (struct redis_target){
		.path = "",
		.login = &s->url->sentinel,
		.tls = tls,
		.part = REDIS_ANY,
		.key = "",
	};
	s->link = redis_link_new(session->loop, "sentinel", &s->target, &owner);
	s->again = event_new(session->loop, -1, EV_PERSIST, on_again, s);
	if (s->link == NULL || s->again == NULL ||
	    evtimer_add(s->again, &every) != 0) {
		redis_sentinel_free(s);
		return NULL;
	}
	return s;
}

void redis_sentinel_free(struct redis_sentinel *s)
{
	if (s == NULL)
		return;
	redis_link_free(s->link);
	if (s->again != NULL)
		event_free(s->again);
	free(s);
}
