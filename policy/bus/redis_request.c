/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_request.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>

struct request {
	struct request *next;
	struct redis_requests *requests;
	char id[BUS_KEY_MAX + 1];
	bool published;
	bus_reply *reply;
	void *arg;
	struct event *timeout;
	size_t len;
	char frame[]; /* ID "\n" octets */
};

struct redis_requests {
	struct redis_session *session;
	struct request *first;
	size_t count;
};

static void send_channel(struct redis_session *s, const char *verb,
			 const char *id, redis_done *done, void *arg)
{
	struct redis_command c = { 0 };
	char channel[REDIS_KEY_SIZE];

	redis_command_text(&c, verb);
	redis_command_text(&c, redis_key(s, "reply:", id, channel));
	redis_link_send(s->subscription, &c, done, arg);
}

static void free_request(struct request *r)
{
	if (r->timeout != NULL)
		event_free(r->timeout);
	free(r);
}

/* Replies, and forgets it. */
static void end_request(struct request *r, const char *octets, size_t len)
{
	struct request **at = &r->requests->first;
	bus_reply *reply = r->reply;
	void *arg = r->arg;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->requests->count--;
	send_channel(r->requests->session, "UNSUBSCRIBE", r->id, NULL, NULL);
	free_request(r);
	reply(arg, octets, len);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	end_request(arg, NULL, 0);
}

/*
 * Confirmations name their channel, and requests may have ended meanwhile, so
 * what to publish is looked up: everything that has not been.
 */
static void on_subscribed(void *arg, const redisReply *reply)
{
	struct redis_requests *requests = arg;
	struct redis_session *s = requests->session;
	char channel[REDIS_KEY_SIZE], mine[REDIS_KEY_SIZE];

	if (redis_failed(reply) || reply->elements != 3 ||
	    reply->element[1]->type != REDIS_REPLY_STRING)
		return;
	redis_key(s, "request", "", channel);
	for (struct request *r = requests->first; r != NULL; r = r->next) {
		struct redis_command c = { 0 };

		redis_key(s, "reply:", r->id, mine);
		if (r->published || strcmp(mine, reply->element[1]->str) != 0)
			continue;
		redis_command_text(&c, "PUBLISH");
		redis_command_text(&c, channel);
		redis_command_add(&c, r->frame, r->len);
		r->published = redis_link_send(s->commands, &c, NULL, NULL);
	}
}

static struct request *new_request(struct redis_requests *requests,
				   const char *id, struct bus_octets octets,
				   int64_t timeout_ms)
{
	struct timeval timeout = { .tv_sec = timeout_ms / 1000,
				   .tv_usec = timeout_ms % 1000 * 1000 };
	size_t id_len = strlen(id);
	struct request *r = calloc(1, sizeof(*r) + id_len + 1 + octets.len);

	if (r == NULL)
		return NULL;
	strcpy(r->id, id);
	memcpy(r->frame, id, id_len);
	r->frame[id_len] = '\n';
	if (octets.len > 0)
		memcpy(r->frame + id_len + 1, octets.at, octets.len);
	r->len = id_len + 1 + octets.len;
	r->requests = requests;
	r->timeout = evtimer_new(requests->session->loop, on_timeout, r);
	if (r->timeout == NULL || evtimer_add(r->timeout, &timeout) != 0) {
		free_request(r);
		return NULL;
	}
	return r;
}

bool redis_request_open(struct redis_requests *requests, const char *id,
			struct bus_octets octets, int64_t timeout_ms,
			bus_reply *reply, void *arg)
{
	struct request *r = NULL;

	if (requests->count < BUS_REQUESTS_MAX)
		r = new_request(requests, id, octets, timeout_ms);
	if (r == NULL)
		return false;
	r->reply = reply;
	r->arg = arg;
	r->next = requests->first;
	requests->first = r;
	requests->count++;
	send_channel(requests->session, "SUBSCRIBE", id, on_subscribed,
		     requests);
	return true;
}

void redis_requests_up(struct redis_requests *requests)
{
	for (struct request *r = requests->first; r != NULL; r = r->next)
		send_channel(requests->session, "SUBSCRIBE", r->id,
			     on_subscribed, requests);
}

void redis_requests_answer(struct redis_requests *requests, const char *id,
			   const char *octets, size_t len)
{
	struct request *r = requests->first;

	while (r != NULL && strcmp(r->id, id) != 0)
		r = r->next;
	if (r == NULL)
		return;
	if (len > BUS_ANSWER_MAX)
		bus_refuse(requests->session->bus, "answer", id, len);
	else
		end_request(r, octets, len);
}

struct redis_requests *redis_requests_new(struct redis_session *session)
{
	struct redis_requests *requests = calloc(1, sizeof(*requests));

	if (requests != NULL)
		requests->session = session;
	return requests;
}

void redis_requests_free(struct redis_requests *requests)
{
	if (requests == NULL)
		return;
	while (requests->first != NULL) {
		struct request *r = requests->first;

		requests->first = r->next;
		free_request(r);
	}
	free(requests);
}
