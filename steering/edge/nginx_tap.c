/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/nginx_tap.h"

#include "policy/base/error.h"
#include "policy/base/log.h"
#include "steering/edge/ledger.h"
#include "steering/edge/nginx_log.h"

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

struct nginx_tap {
	struct nginx_tap_config config;
	struct event *readable;
	int fd;
	bool strange; /* a line that is none of ours has come, as logged */
};

static void count(struct nginx_tap *t, const struct nginx_logged *logged)
{
	const struct serving *s = &t->config.servings[logged->serving];
	const char *name = s->portions.parts[logged->part].name;
	const char *slash = strchr(name, '/');
	char canary[PLAN_NAME_SIZE] = "";
	struct ledger_key key = { s->service, name, canary };

	if (slash != NULL) {
		snprintf(canary, sizeof(canary), "%.*s", (int)(slash - name),
			 name);
		key.endpoint = slash + 1;
	}
	ledger_add(t->config.ledger, &key, &logged->count);
}

static void log_strange(struct nginx_tap *t, const char *line, size_t len)
{
	char text[160], quoted[512];

	if (t->strange)
		return;
	t->strange = true;
	snprintf(text, sizeof(text), "%.*s", (int)len, line);
	log_event(LOG_LEVEL_WARN, "edge", "nginx-log", "line=%s",
		  log_quote(text, quoted, sizeof(quoted)));
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct nginx_tap *t = arg;
	char line[NGINX_LOG_MAX + 1];

	(void)what;
	for (int i = 0; i < LINES_MAX; i++) {
		struct nginx_logged logged;
		ssize_t len = recv(fd, line, sizeof(line), MSG_DONTWAIT);
		int got;

		if (len < 0)
			return;
		got = nginx_log_parse(line, (size_t)len, t->config.servings,
				      t->config.serving_count, &logged);
		if (got > 0)
			count(t, &logged);
		else if (got < 0)
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
static bool bind_at(struct nginx_tap *t, struct error *err)
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

struct nginx_tap *nginx_tap_start(struct event_base *loop,
				  const struct nginx_tap_config *config,
				  struct error *err)
{
	struct nginx_tap *t = calloc(1, sizeof(*t));

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
	nginx_tap_stop(t);
	return NULL;
}

void nginx_tap_stop(struct nginx_tap *t)
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
