/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/poller.h"

#include "policy/base/error.h"
#include "steering/runbook/survey.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

enum { ASK_MS = 2000 };

struct poller {
	struct link *link; /* the thread's */
	int64_t every_ms;
	int news; /* eventfd */
	pthread_t thread;
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t ended;
	bool ending;
	struct json_t *status; /* the newest, until it is taken; or NULL */
	struct error err;      /* why there is none */
};

static void tell(struct poller *p, struct json_t *status,
		 const struct error *err)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&p->lock);
	json_decref(p->status);
	p->status = status;
	if (status == NULL)
		p->err = *err;
	pthread_mutex_unlock(&p->lock);
	/* It can only be full of news. */
	if (write(p->news, &one, sizeof(one)) < 0)
		return;
}

/* False when it is to end. */
static bool wait_for_turn(struct poller *p)
{
	struct timespec until;
	bool ending;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += p->every_ms % 1000 * 1000000;
	until.tv_sec += p->every_ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&p->lock);
	while (!p->ending &&
	       pthread_cond_timedwait(&p->ended, &p->lock, &until) == 0)
		;
	ending = p->ending;
	pthread_mutex_unlock(&p->lock);
	return !ending;
}

static void *run(void *arg)
{
	struct poller *p = arg;
	struct json_t *request = json_pack("{s:s}", "op", "status");

	do {
		struct error err = { .text = "out of memory" };
		struct json_t *status = NULL;

		if (request != NULL && survey_ask(p->link, request, ASK_MS,
						  &status, &err) != SURVEY_OK)
			status = NULL;
		tell(p, status, &err);
	} while (wait_for_turn(p));
	json_decref(request);
	return NULL;
}

static bool start_thread(struct poller *p)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&p->ended, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&p->thread, NULL, run, p) == 0)
		return true;
	pthread_cond_destroy(&p->ended);
	pthread_mutex_destroy(&p->lock);
	return false;
}

struct poller *poller_start(struct link *link, int64_t every_ms,
			    struct error *err)
{
	struct poller *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	p->link = link;
	p->every_ms = every_ms;
	p->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->news >= 0 && start_thread(p))
		return p;
	error_set(err, "cannot start a thread: %s", strerror(errno));
	if (p->news >= 0)
		close(p->news);
	free(p);
	return NULL;
}

int poller_descriptor(const struct poller *p)
{
	return p->news;
}

bool poller_take(struct poller *p, struct json_t **status, struct error *err)
{
	uint64_t count;
	bool is_there;

	if (read(p->news, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_lock(&p->lock);
	is_there = p->status != NULL;
	if (is_there)
		*status = p->status;
	else
		*err = p->err;
	p->status = NULL;
	pthread_mutex_unlock(&p->lock);
	return is_there;
}

void poller_stop(struct poller *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_signal(&p->ended);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->ended);
	pthread_mutex_destroy(&p->lock);
	json_decref(p->status);
	close(p->news);
	free(p);
}
