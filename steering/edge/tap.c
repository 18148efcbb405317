/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/tap.h"

#include "policy/base/error.h"
#include "policy/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

enum {
	LINES_MAX = 256, /* in one turn of the loop */
	/* Some seconds of lines; the kernel may give less. */
	BUFFER_OCTETS = 4 << 20,
};

struct tap {
	struct tap_config config;
	struct event *readable;
	int fd;
	bool strange; /* a line that is none of ours has come, as logged */
};

static void log_strange(struct tap *t, const char *line, size_t len)
{
	char text[160], quoted[512];

	if (t->strange)
		return;
	t->strange = true;
	snprintf(text, sizeof(text), "%.*s", (int)len, line);
	log_event(LOG_LEVEL_WARN, "edge", t->config.event, "line=%s",
		  log_quote(text, quoted, sizeof(quoted)));
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tap *t = arg;
	char line[TAP_LINE_MAX + 1];

	(void)what;
	for (int i = 0; i < LINES_MAX; i++) {
		ssize_t len = recv(fd, line, sizeof(line), MSG_DONTWAIT);

		if (len < 0)
			return;
		if (!t->config.take(t->config.arg, line, (size_t)len))
			log_strange(t, line, (size_t)len);
	}
}

/* A socket that was left behind goes; what else is there stays. */
static void remove_stale(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

/* Who may write: the socket's user and group. */
static bool bind_at(struct tap *t, struct error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int octets = BUFFER_OCTETS;

	if (strlen(t->config.path) >= sizeof(at.sun_path)) {
		error_set(err, "%s: too long for a unix socket",
			  t->config.path);
		return false;
	}
	strcpy(at.sun_path, t->config.path);
	remove_stale(t->config.path);
	t->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0 ||
	    bind(t->fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    chmod(t->config.path, 0660) != 0) {
		error_set(err, "%s: %s", t->config.path, strerror(errno));
		return false;
	}
	(void)setsockopt(t->fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	return true;
}

struct tap *tap_start(struct event_base *loop, const struct tap_config *config,
		      struct error *err)
{
	struct tap *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	t->config = *config;
	t->fd = -1;
	if (!bind_at(t, err))
		goto fail;
	t->readable =
		event_new(loop, t->fd, EV_READ | EV_PERSIST, on_readable, t);
	if (t->readable == NULL || event_add(t->readable, NULL) != 0) {
		error_set(err, "out of memory");
		goto fail;
	}
	return t;
fail:
	tap_stop(t);
	return NULL;
}

void tap_stop(struct tap *t)
{
	if (t == NULL)
		return;
	if (t->readable != NULL)
		event_free(t->readable);
	if (t->fd >= 0) {
		close(t->fd);
		remove_stale(t->config.path);
	}
	free(t);
}
