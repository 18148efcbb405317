/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/loader.h"

#include "policy/base/error.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

struct loader {
	pthread_t thread;
	bool runs; /* and has to be joined */
	int pipe[2];
	struct event *ready;
	char *path;
	loader_done *done;
	void *arg;
	/* The thread's until it has been joined. */
	bool ok;
	struct loaded loaded;
	struct error err;
};

static void *load(void *arg)
{
	struct loader *l = arg;
	ssize_t written;

	l->ok = loaded_open(l->path, &l->loaded, &l->err);
	/* One octet into an empty pipe does not fail. */
	written = write(l->pipe[1], "", 1);
	(void)written;
	return NULL;
}

static void join(struct loader *l)
{
	if (l->runs)
		pthread_join(l->thread, NULL);
	l->runs = false;
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loader *l = arg;
	struct loaded loaded;

	(void)fd, (void)what;
	join(l);
	loaded = l->loaded;
	l->loaded = (struct loaded){ .policy = NULL };
	l->done(l->arg, l->ok, &loaded, &l->err);
}

static bool start(struct loader *l, struct event_base *loop)
{
	if (l->path == NULL || pipe2(l->pipe, O_CLOEXEC) != 0)
		return false;
	l->ready = event_new(loop, l->pipe[0], EV_READ, on_ready, l);
	if (l->ready == NULL || event_add(l->ready, NULL) != 0)
		return false;
	l->runs = pthread_create(&l->thread, NULL, load, l) == 0;
	return l->runs;
}

struct loader *loader_start(struct event_base *loop, const char *path,
			    loader_done *done, void *arg, struct error *err)
{
	struct loader *l = calloc(1, sizeof(*l));

	if (l != NULL) {
		*l = (struct loader){
			.pipe = { -1, -1 },
			.path = strdup(path),
			.done = done,
			.arg = arg,
		};
		if (start(l, loop))
			return l;
	}
	loader_free(l);
	error_set(err, "%s: no thread to load it in", path);
	return NULL;
}

void loader_free(struct loader *loader)
{
	if (loader == NULL)
		return;
	join(loader);
	if (loader->ready != NULL)
		event_free(loader->ready);
	for (int i = 0; i < 2; i++)
		if (loader->pipe[i] >= 0)
			close(loader->pipe[i]);
	loaded_fini(&loader->loaded);
	free(loader->path);
	free(loader);
}
