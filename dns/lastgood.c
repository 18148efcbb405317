/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/lastgood.h"

#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/thread.h"
#include "policy/bus/keep.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

struct lastgood {
	char *path;
	struct keep *keep; /* of the loop's thread */
	struct event *timer;
	bool dirty;
	bool settled; /* nothing is saved until it is unsettled */
	char shown[sizeof(((struct error *)0)->text)];
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	struct keep *next; /* to be written; the thread takes it */
	bool writing;
	bool stopping;
	char trouble[sizeof(((struct error *)0)->text)];
};

static void log_trouble(const char *event, const struct error *err)
{
	char quoted[300];

	log_event(LOG_LEVEL_WARN, "dns", event, "error=%s",
		  log_quote(err->text, quoted, sizeof(quoted)));
}

/* Waits for something to write; NULL when there will be nothing. */
static struct keep *next_save(struct lastgood *l)
{
	struct keep *next;

	pthread_mutex_lock(&l->lock);
	l->writing = false;
	pthread_cond_broadcast(&l->wake);
	while (l->next == NULL && !l->stopping)
		pthread_cond_wait(&l->wake, &l->lock);
	next = l->next;
	l->next = NULL;
	l->writing = next != NULL;
	pthread_mutex_unlock(&l->lock);
	return next;
}

static void note(struct lastgood *l, const char *trouble)
{
	pthread_mutex_lock(&l->lock);
	strcpy(l->trouble, trouble);
	pthread_mutex_unlock(&l->lock);
}

static void *run(void *arg)
{
	struct lastgood *l = arg;
	struct keep *keep;
	bool failing = false;

	while ((keep = next_save(l)) != NULL) {
		struct error err;
		bool ok = keep_save(keep, l->path, &err);

		if (!ok && !failing)
			log_trouble("keep", &err);
		failing = !ok;
		note(l, ok ? "" : err.text);
		keep_free(keep);
	}
	return NULL;
}

struct copying {
	struct keep *to;
	bool ok;
};

static void copy_one(void *arg, const char *name, const char *octets,
		     size_t len)
{
	struct copying *copying = arg;

	copying->ok &= keep_set(copying->to, name, octets, len);
}

/* Hands a copy to the thread, in place of one it has not begun with. */
static bool hand_over(struct lastgood *l)
{
	struct copying copying = { .to = keep_new(), .ok = true };

	if (copying.to == NULL)
		return false;
	keep_each(l->keep, copy_one, &copying);
	if (!copying.ok) {
		keep_free(copying.to);
		return false;
	}
	pthread_mutex_lock(&l->lock);
	keep_free(l->next);
	l->next = copying.to;
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
	return true;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct lastgood *l = arg;

	(void)fd, (void)what;
	if (l->dirty && !l->settled && hand_over(l))
		l->dirty = false;
}

/* A keep to go on with, empty when what is on disk cannot be used. */
static struct keep *read_keep(const char *path)
{
	struct error err;
	struct keep *keep = keep_load(path, &err);

	if (keep != NULL)
		return keep;
	log_trouble("keep-damaged", &err);
	return keep_new();
}

static bool start(struct lastgood *l, struct event_base *loop, const char *path,
		  struct error *err)
{
	const struct timeval every = {
		.tv_sec = LASTGOOD_SAVE_MS / 1000,
		.tv_usec = LASTGOOD_SAVE_MS % 1000 * 1000,
	};

	l->path = strdup(path);
	l->keep = read_keep(path);
	l->timer = event_new(loop, -1, EV_PERSIST, on_timer, l);
	if (l->path == NULL || l->keep == NULL || l->timer == NULL ||
	    event_add(l->timer, &every) != 0) {
		error_set(err, "out of memory for the last known good");
		return false;
	}
	l->running = thread_start(&l->thread, "windrose-keep", run, l, err);
	return l->running;
}

struct lastgood *lastgood_start(struct event_base *loop, const char *path,
				struct error *err)
{
	struct lastgood *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		error_set(err, "out of memory for the last known good");
		return NULL;
	}
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->wake, NULL);
	if (!start(l, loop, path, err)) {
		lastgood_stop(l);
		return NULL;
	}
	return l;
}

void lastgood_each(const struct lastgood *l,
		   void (*each)(void *arg, const char *name, const char *octets,
				size_t len),
		   void *arg)
{
	keep_each(l->keep, each, arg);
}

void lastgood_set(struct lastgood *l, const char *name, const void *octets,
		  size_t len)
{
	if (l != NULL && keep_set(l->keep, name, octets, len))
		l->dirty = true;
}

const char *lastgood_trouble(struct lastgood *l)
{
	pthread_mutex_lock(&l->lock);
	strcpy(l->shown, l->trouble);
	pthread_mutex_unlock(&l->lock);
	return l->shown;
}

void lastgood_settle(struct lastgood *l)
{
	if (l == NULL)
		return;
	if (l->dirty && hand_over(l))
		l->dirty = false;
	l->settled = true;
	pthread_mutex_lock(&l->lock);
	while (l->next != NULL || l->writing)
		pthread_cond_wait(&l->wake, &l->lock);
	pthread_mutex_unlock(&l->lock);
}

void lastgood_unsettle(struct lastgood *l)
{
	if (l != NULL)
		l->settled = false;
}

void lastgood_stop(struct lastgood *l)
{
	if (l == NULL)
		return;
	if (l->running) {
		if (l->dirty && !l->settled)
			(void)hand_over(l);
		pthread_mutex_lock(&l->lock);
		l->stopping = true;
		pthread_cond_broadcast(&l->wake);
		pthread_mutex_unlock(&l->lock);
		pthread_join(l->thread, NULL);
	}
	if (l->timer != NULL)
		event_free(l->timer);
	keep_free(l->next);
	keep_free(l->keep);
	free(l->path);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->wake);
	free(l);
}
