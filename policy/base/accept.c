/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/accept.h"

#include "policy/base/error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/listener.h>
#include <event2/util.h>

void accept_pause(struct evconnlistener *listener, void *arg)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	(void)listener, (void)arg;
	nanosleep(&pause, NULL);
}

/* An address and a port, which is not 0. */
static bool read_address(const char *text, struct sockaddr_storage *out,
			 int *len)
{
	const char *colon = strrchr(text, ':');

	return colon != NULL && colon[1] != '0' && colon[1] != '\0' &&
	       colon[1 + strspn(colon + 1, "0123456789")] == '\0' &&
	       evutil_parse_sockaddr_port(text, (struct sockaddr *)out, len) ==
		       0;
}

struct evconnlistener *accept_http(struct event_base *loop, const char *text,
				   int backlog, struct error *err)
{
	char local[32];
	struct sockaddr_storage at;
	int len = sizeof(at);
	struct evconnlistener *listener;

	if (text[strspn(text, "0123456789")] == '\0') {
		snprintf(local, sizeof(local), "127.0.0.1:%.8s", text);
		text = local;
	}
	if (!read_address(text, &at, &len)) {
		error_set(err,
			  "listen address \"%.60s\" must be ADDRESS:PORT or "
			  "[ADDRESS]:PORT with a port from 1 to 65535",
			  text);
		return NULL;
	}
	listener = evconnlistener_new_bind(loop, NULL, NULL,
					   LEV_OPT_REUSEABLE |
						   LEV_OPT_REUSEABLE_PORT |
						   LEV_OPT_CLOSE_ON_EXEC |
						   LEV_OPT_CLOSE_ON_FREE,
					   backlog,
					   (const struct sockaddr *)&at, len);
	if (listener == NULL)
		error_set(err, "cannot listen on %s: %s", text,
			  strerror(errno));
	else
		evconnlistener_set_error_cb(listener, accept_pause);
	return listener;
}
