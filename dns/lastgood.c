/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/lastgood.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/thread.h"
#include "policy/bus/keep.h"
#include "policy/bus/ring.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

struct lastgood {
	/* Of the loop's thread until the first save, then of the other's; the
	 * loop's again when that is known to rest. */
	struct ring *ring;
	struct keep *keep; /* of the loop's thread */
	struct event *timer;
	int64_t handed_ms; /* when it was last handed over */
	bool dirty;
	bool doubt;
	bool settled; /* nothing is saved until it is unsettled */
	char shown[sizeof(((struct error *)0)->text)];
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	struct keep *next; /* to be written; the thread takes it */
	bool doubtful;     /* so is what is in next */
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
static struct keep *next_save(struct lastgood *l, bool *doubt)
{
	struct keep *next;

	pthread_mutex_lock(&l->lock);
	l->writing = false;
	pthread_cond_broadcast(&l->wake);
	while (l->next == NULL && !l->stopping)
		pthread_cond_wait(&l->wake, &l->lock);
	next = l->next;
	*doubt = l->doubtful;
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
	bool failing = false, doubt;

	while ((keep = next_save(l, &doubt)) != NULL) {
		int64_t now_ms = clock_now_ms();
		struct error err;
		bool ok;

		if (doubt)
			ring_doubt(l->ring, now_ms);
		ok = ring_save(l->ring, keep, now_ms, &err);
		if (!ok && !failing)
			log_trouble("keep", &err);
		failing = !ok;
		note(l, ok ? "" : err.text);
		keep_free(keep);
	}
	return NULL;
}

/* Hands a copy to the thread, in place of one it has not begun with. */
static bool hand_over(struct lastgood *l)
{
	struct keep *copy = keep_copy(l->keep);

	if (copy == NULL)
		return false;
	l->handed_ms = clock_now_ms();
	l->dirty = false;
	pthread_mutex_lock(&l->lock);
	keep_free(l->next);
	l->next = copy;
	l->doubtful = l->doubt;
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
	return true;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct lastgood *l = arg;

	(void)fd, (void)what;
	/* Time alone makes a generation good, so that is looked at, too. */
	if (!l->settled &&
	    (l->dirty || clock_now_ms() - l->handed_ms >= LASTGOOD_IDLE_MS))
		(void)hand_over(l);
}

static bool start(struct lastgood *l, struct event_base *loop,
		  const struct ring_config *ring, struct error *err)
{
	const struct timeval every = {
		.tv_sec = LASTGOOD_SAVE_MS / 1000,
		.tv_usec = LASTGOOD_SAVE_MS % 1000 * 1000,
	};

	l->ring = ring_open(ring, err);
	if (l->ring == NULL)
		return false;
	l->keep = keep_copy(ring_read(l->ring));
	l->timer = event_new(loop, -1, EV_PERSIST, on_timer, l);
	if (l->keep == NULL || l->timer == NULL ||
	    event_add(l->timer, &every) != 0) {
		error_set(err, "out of memory for the last known good");
		return false;
	}
	l->running = thread_start(&l->thread, "windrose-keep", run, l, err);
	return l->running;
}

struct lastgood *lastgood_start(struct event_base *loop,
				const struct ring_config *ring,
				struct error *err)
{
	struct lastgood *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		error_set(err, "out of memory for the last known good");
		return NULL;
	}
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->wake, NULL);
	if (!start(l, loop, ring, err)) {
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

const char *lastgood_get(const struct lastgood *l, const char *name,
			 size_t *len)
{
	return keep_get(l->keep, name, len);
}

const char *lastgood_older(struct lastgood *l, const char *name,
			   const char *why, size_t *len)
{
	const struct keep *older = ring_older(l->ring, why);

	return older == NULL ? NULL : keep_get(older, name, len);
}

void lastgood_set(struct lastgood *l, const char *name, const void *octets,
		  size_t len)
{
	if (l != NULL && keep_set(l->keep, name, octets, len))
		l->dirty = true;
}

void lastgood_doubt(struct lastgood *l, bool doubt)
{
	if (l != NULL)
		l->doubt = doubt;
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
	if (l->dirty)
		(void)hand_over(l);
	l->settled = true;
	pthread_mutex_lock(&l->lock);
	while (l->next != NULL || l->writing)
		pthread_cond_wait(&l->wake, &l->lock);
	pthread_mutex_unlock(&l->lock);
	ring_rest(l->ring);
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
	if (l->ring != NULL && !l->settled)
		ring_rest(l->ring);
	if (l->timer != NULL)
		event_free(l->timer);
	keep_free(l->next);
	keep_free(l->keep);
	ring_free(l->ring);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->wake);
	free(l);
}
