/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/reload.h"

#include "policy/base/error.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

struct reload {
	pthread_t thread;
	bool runs; /* and has to be joined */
	int pipe[2];
	struct event *ready;
	char *path;
	reload_done *done;
	void *arg;
	/* The thread's until it has been joined. */
	bool ok;
	struct loaded loaded;
	struct error err;
};

static void *load(void *arg)
{
	struct reload *l = arg;
	ssize_t written;

	l->ok = loaded_open(l->path, &l->loaded, &l->err);
	/* One octet into an empty pipe does not fail. */
	written = write(l->pipe[1], "", 1);
	(void)written;
	return NULL;
}

static void join(struct reload *l)
{
	if (l->runs)
		pthread_join(l->thread, NULL);
	l->runs = false;
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct reload *l = arg;
	struct loaded loaded;

	(void)fd, (void)what;
	join(l);
	loaded = l->loaded;
	l->loaded = (struct loaded){ .policy = NULL };
	l->done(l->arg, l->ok, &loaded, &l->err);
}

static bool start(struct reload *l, struct event_base *loop)
{
	if (l->path == NULL || pipe2(l->pipe, O_CLOEXEC) != 0)
		return false;
	l->ready = event_new(loop, l->pipe[0], EV_READ, on_ready, l);
	if (l->ready == NULL || event_add(l->ready, NULL) != 0)
		return false;
	l->runs = pthread_create(&l->thread, NULL, load, l) == 0;
	return l->runs;
}

struct reload *reload_start(struct event_base *loop, const char *path,
			    reload_done *done, void *arg, struct error *err)
{
	struct reload *l = calloc(1, sizeof(*l));

	if (l != NULL) {
		*l = (struct reload){
			.pipe = { -1, -1 },
			.path = strdup(path),
			.done = done,
			.arg = arg,
		};
		if (start(l, loop))
			return l;
	}
	reload_free(l);
	error_set(err, "%s: no thread to load it in", path);
	return NULL;
}

void reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	join(reload);
	if (reload->ready != NULL)
		event_free(reload->ready);
	for (int i = 0; i < 2; i++)
		if (reload->pipe[i] >= 0)
			close(reload->pipe[i]);
	loaded_fini(&reload->loaded);
	free(reload->path);
	free(reload);
}
