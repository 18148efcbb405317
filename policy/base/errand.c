/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/errand.h"

#include "policy/base/error.h"
#include "policy/base/thread.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <sys/eventfd.h>

struct errand {
	struct errand_config config;
	pthread_t thread;
	bool runs; /* and has to be joined */
	int over_fd;
	struct event *over;
};

static void *run(void *arg)
{
	static const uint64_t one = 1;
	const struct errand *errand = arg;

	errand->config.work(errand->config.arg);
	while (write(errand->over_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	return NULL;
}

static void join(struct errand *errand)
{
	if (errand->runs)
		pthread_join(errand->thread, NULL);
	errand->runs = false;
}

static void on_over(evutil_socket_t fd, short what, void *arg)
{
	struct errand *errand = arg;

	(void)fd, (void)what;
	join(errand);
	errand->config.done(errand->config.arg);
}

struct errand *errand_start(struct event_base *loop,
			    const struct errand_config *config,
			    struct error *err)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL) {
		error_set(err, "out of memory for thread %s", config->name);
		return NULL;
	}
	errand->config = *config;
	errand->over_fd = eventfd(0, EFD_CLOEXEC);
	if (errand->over_fd >= 0)
		errand->over = event_new(loop, errand->over_fd, EV_READ,
					 on_over, errand);
	if (errand->over == NULL || event_add(errand->over, NULL) != 0)
		error_set(err, "no event for thread %s", config->name);
	else
		errand->runs = thread_start(&errand->thread, config->name, run,
					    errand, err);
	if (errand->runs)
		return errand;
	errand_free(errand);
	return NULL;
}

void errand_free(struct errand *errand)
{
	if (errand == NULL)
		return;
	join(errand);
	if (errand->over != NULL)
		event_free(errand->over);
	if (errand->over_fd >= 0)
		close(errand->over_fd);
	free(errand);
}
