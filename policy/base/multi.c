/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/multi.h"

#include "policy/base/error.h"

#include <stdlib.h>

#include <event2/event.h>

struct multi {
	struct event_base *loop; /* borrowed */
	CURLM *curl;
	struct event *timer;
	multi_done *done;
};

/* Hands over every transfer that has ended.  done may start others. */
static void reap(struct multi *m)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(m->curl, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			m->done(message->easy_handle, message->data.result);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct multi *m = arg;
	int running;

	(void)fd, (void)what;
	curl_multi_socket_action(m->curl, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(m);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct multi *m = arg;
	int action = (what & EV_READ ? CURL_CSELECT_IN : 0) |
		     (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(m->curl, fd, action, &running);
	reap(m);
}

static int set_timer(CURLM *curl, long timeout_ms, void *arg)
{
	struct multi *m = arg;
	const struct timeval after = { .tv_sec = timeout_ms / 1000,
				       .tv_usec = timeout_ms % 1000 * 1000 };

	(void)curl;
	if (timeout_ms < 0)
		evtimer_del(m->timer);
	else
		evtimer_add(m->timer, &after);
	return 0;
}

/* socket_arg is the event that watches fd, once there is one. */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		      void *socket_arg)
{
	struct multi *m = arg;
	struct event *event = socket_arg;
	short wanted = EV_PERSIST;

	(void)easy;
	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		if ((what & CURL_POLL_IN) != 0)
			wanted |= EV_READ;
		if ((what & CURL_POLL_OUT) != 0)
			wanted |= EV_WRITE;
		event = event_new(m->loop, fd, wanted, on_socket, m);
		/* Unwatched, the transfer ends at its deadline. */
		if (event != NULL)
			event_add(event, NULL);
	}
	curl_multi_assign(m->curl, fd, event);
	return 0;
}

static bool start(struct multi *m, long kept_max)
{
	m->curl = curl_multi_init();
	m->timer = evtimer_new(m->loop, on_timer, m);
	if (m->curl == NULL || m->timer == NULL)
		return false;
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	/* By itself, four for each transfer that is under way. */
	curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, kept_max);
	return true;
}

struct multi *multi_new(struct event_base *loop, multi_done *done,
			long kept_max, struct error *err)
{
	struct multi *m = calloc(1, sizeof(*m));

	if (m == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(m);
		error_set(err, "libcurl does not start; is memory left?");
		return NULL;
	}
	m->loop = loop;
	m->done = done;
	if (!start(m, kept_max)) {
		error_set(err, "out of memory while starting libcurl");
		multi_free(m);
		return NULL;
	}
	return m;
}

void multi_free(struct multi *m)
{
	if (m == NULL)
		return;
	/* Closing its sockets calls set_socket() a last time. */
	if (m->curl != NULL)
		curl_multi_cleanup(m->curl);
	if (m->timer != NULL)
		event_free(m->timer);
	free(m);
	curl_global_cleanup();
}

bool multi_add(struct multi *m, CURL *easy)
{
	return curl_multi_add_handle(m->curl, easy) == CURLM_OK;
}

void multi_remove(struct multi *m, CURL *easy)
{
	curl_multi_remove_handle(m->curl, easy);
}
