/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/loader.h"

#include "dns/model.h"
#include "dns/thread.h"
#include "policy/base/clock.h"
#include "policy/decide/geo.h"
#include "policy/language/policy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loader {
	const char *policy_path;
	loader_done *done;
	void *arg;
	int ready_fd; /* eventfd: the thread has something for the loop */
	struct event *ready;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	bool asked, stopping;
	bool has_result;
	struct loaded result;
};

/*
 * The stamp is taken before the databases are read: a file that is replaced
 * while it is being read then differs from it, and is read again.
 */
struct loaded loader_load(const char *policy_path)
{
	struct loaded loaded = { 0 };
	int64_t begun_ms = clock_now_ms();
	struct policy *policy = policy_load(policy_path, &loaded.errs);
	struct geo *geo;

	if (policy == NULL)
		return loaded;
	loaded.stamp = geo_stamp(policy);
	geo = geo_open(policy, &loaded.errs);
	if (geo == NULL)
		policy_free(policy);
	else
		loaded.model = model_of(policy, geo, &loaded.errs);
	loaded.load_ms = clock_now_ms() - begun_ms;
	return loaded;
}

void loader_result_fini(struct loaded *loaded)
{
	model_unref(loaded->model);
	free(loaded->stamp);
	errors_fini(&loaded->errs);
	*loaded = (struct loaded){ 0 };
}

static void tell_loop(const struct loader *loader)
{
	const uint64_t one = 1;

	while (write(loader->ready_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

/* Waits for work; false when there will be none. */
static bool next_load(struct loader *loader)
{
	bool go;

	pthread_mutex_lock(&loader->lock);
	while (!loader->stopping && (!loader->asked || loader->has_result))
		pthread_cond_wait(&loader->wake, &loader->lock);
	go = !loader->stopping;
	loader->asked = false;
	pthread_mutex_unlock(&loader->lock);
	return go;
}

static void *run(void *arg)
{
	struct loader *loader = arg;

	while (next_load(loader)) {
		struct loaded loaded = loader_load(loader->policy_path);

		pthread_mutex_lock(&loader->lock);
		loader->result = loaded;
		loader->has_result = true;
		pthread_mutex_unlock(&loader->lock);
		tell_loop(loader);
	}
	return NULL;
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loader *loader = arg;
	struct loaded loaded = { 0 };
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&loader->lock);
	if (loader->has_result) {
		loaded = loader->result;
		loader->result = (struct loaded){ 0 };
		loader->has_result = false;
		pthread_cond_signal(&loader->wake);
	}
	pthread_mutex_unlock(&loader->lock);
	loader->done(loader->arg, &loaded);
	loader_result_fini(&loaded);
}

struct loader *loader_start(struct event_base *loop, const char *policy_path,
			    loader_done *done, void *arg, struct error *err)
{
	struct loader *loader = calloc(1, sizeof(*loader));

	if (loader == NULL) {
		error_set(err, "out of memory for the loader");
		return NULL;
	}
	loader->policy_path = policy_path;
	loader->done = done;
	loader->arg = arg;
	pthread_mutex_init(&loader->lock, NULL);
	pthread_cond_init(&loader->wake, NULL);
	loader->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loader->ready_fd >= 0)
		loader->ready =
			event_new(loop, loader->ready_fd, EV_READ | EV_PERSIST,
				  on_ready, loader);
	if (loader->ready == NULL || event_add(loader->ready, NULL) != 0) {
		error_set(err, "no event for the loader");
		loader_stop(loader);
		return NULL;
	}
	loader->running = thread_start(&loader->thread, "windrose-load", run,
				       loader, err);
	if (!loader->running) {
		loader_stop(loader);
		return NULL;
	}
	return loader;
}

void loader_ask(struct loader *loader)
{
	pthread_mutex_lock(&loader->lock);
	loader->asked = true;
	pthread_cond_signal(&loader->wake);
	pthread_mutex_unlock(&loader->lock);
}

void loader_stop(struct loader *loader)
{
	if (loader == NULL)
		return;
	if (loader->running) {
		pthread_mutex_lock(&loader->lock);
		loader->stopping = true;
		pthread_cond_signal(&loader->wake);
		pthread_mutex_unlock(&loader->lock);
		pthread_join(loader->thread, NULL);
	}
	if (loader->ready != NULL)
		event_free(loader->ready);
	if (loader->ready_fd >= 0)
		close(loader->ready_fd);
	loader_result_fini(&loader->result);
	pthread_mutex_destroy(&loader->lock);
	pthread_cond_destroy(&loader->wake);
	free(loader);
}
