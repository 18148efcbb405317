/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/nginx_driver.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "steering/edge/job.h"
#include "steering/edge/nginx_probe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <event2/event.h>

enum {
	FILE_MAX = 4 << 20,
	CONFIRM_EACH_MS = 20,
	/* Where no worker was held: the master waits for 100 ms between the
	 * start of new workers and the end of old ones. */
	CONFIRM_STREAK = 15,
	AGAIN_FIRST_MS = 1000,
	AGAIN_LAST_MS = 60000,
};

struct nginx_driver {
	struct driver driver;
	struct nginx_config *config;
	struct event_base *loop;
	struct nginx_probe *probe;
	struct job *job;                /* NULL: none runs */
	char *wanted, *before;          /* the file's text, owned; NULL: none */
	char state[NGINX_STATE_SIZE];   /* of wanted */
	char note[32];                  /* in the file: which start; or \"\" */
	bool answers;                   /* nginx did, in ASK */
	bool confirms;                  /* CONFIRM */
	unsigned streak, needed;        /* answers in a row */
	struct event *next;             /* in CONFIRM: ask again */
	int64_t deadline_ms;            /* of CONFIRM */
	int64_t changed_ms;             /* last reload; 0: none yet */
	char refused[NGINX_STATE_SIZE]; /* the last state that came to trouble
					 */
	unsigned again_ms;              /* until it is tried again, since */
	int64_t refused_ms;
	bool took[PORTIONS_MAX]; /* of all servings: who did, when served */
};

static void settle(struct nginx_driver *n, const char *trouble)
{
	n->confirms = false;
	evtimer_del(n->next);
	free(n->before);
	n->before = NULL;
	driver_settle(&n->driver, trouble);
}

/* Who takes clients, in turn over all servings. */
static void note_takers(const struct nginx_driver *n, bool takes[PORTIONS_MAX])
{
	size_t at = 0;

	for (size_t i = 0; i < n->config->serving_count; i++) {
		const struct portions *p = &n->config->servings[i].portions;

		for (size_t j = 0; j < p->count && at < PORTIONS_MAX; j++)
			takes[at++] = p->parts[j].part > 0;
	}
}

/* Is somebody to lose all of its clients?  Then nothing waits. */
static bool is_urgent(const struct nginx_driver *n)
{
	bool takes[PORTIONS_MAX] = { false };

	note_takers(n, takes);
	for (size_t i = 0; i < PORTIONS_MAX; i++)
		if (n->took[i] && !takes[i])
			return true;
	return false;
}

static void succeed(struct nginx_driver *n)
{
	memset(n->took, 0, sizeof(n->took));
	note_takers(n, n->took);
	n->refused[0] = '\0';
	settle(n, "");
}

/* More and more seldom, while it is the same that is refused. */
static void refuse(struct nginx_driver *n, const char *why)
{
	bool same = strcmp(n->refused, n->state) == 0;

	n->again_ms = !same ? AGAIN_FIRST_MS : 2 * n->again_ms;
	if (n->again_ms > AGAIN_LAST_MS)
		n->again_ms = AGAIN_LAST_MS;
	n->refused_ms = clock_now_ms();
	memcpy(n->refused, n->state, sizeof(n->refused));
	settle(n, why);
}

/* Puts the old file back; what went wrong is told, and that of this too. */
static void restore(struct nginx_driver *n, const char *why)
{
	char text[NODE_TEXT_SIZE];
	struct error err;
	bool ok = n->before == NULL ? file_remove(n->config->path, &err)
				    : file_replace(n->config->path, n->before,
						   strlen(n->before), &err);

	snprintf(text, sizeof(text), ok ? "%s" : "%.60s; and %.60s", why,
		 err.text);
	refuse(n, text);
}

static bool signal_master(const struct nginx_driver *n, struct error *err)
{
	size_t len;
	char *text = file_read(n->config->pid_path, 32, &len, err);
	long pid;

	if (text == NULL)
		return false;
	pid = strtol(text, NULL, 10);
	free(text);
	if (pid > 1 && kill((pid_t)pid, SIGHUP) == 0)
		return true;
	error_set(err, "cannot signal the process of %s: %s",
		  n->config->pid_path, pid > 1 ? strerror(errno) : "no number");
	return false;
}

static bool run(struct nginx_driver *n, const char *name,
		const struct words *words, job_done *done)
{
	const struct job_config config = { name, words, NGINX_JOB_MS };

	n->job = job_start(n->loop, &config, done, n);
	return n->job != NULL;
}

static void on_undone(void *arg, const char *why)
{
	struct nginx_driver *n = arg;

	(void)why;
	n->job = NULL;
	restore(n, "its new workers did not serve the new file in time");
}

/* The old file again, and nginx is told so. */
static void undo(struct nginx_driver *n)
{
	struct error err;

	n->confirms = false;
	if (n->before != NULL)
		(void)file_replace(n->config->path, n->before,
				   strlen(n->before), &err);
	if (n->before != NULL && n->config->reload.argv[0] != NULL &&
	    run(n, "nginx-reload", &n->config->reload, on_undone))
		return;
	if (n->before != NULL && n->config->pid_path != NULL)
		(void)signal_master(n, &err);
	on_undone(n, NULL);
}

static void on_confirm(void *arg, const char *state, const char *why);

static void confirm(struct nginx_driver *n)
{
	/* Not held: the one that is held tells when the old workers go. */
	if (!nginx_probe_ask(n->probe, false, on_confirm, n))
		undo(n);
}

static void on_next(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	confirm(arg);
}

static void on_confirm(void *arg, const char *state, const char *why)
{
	const struct timeval pause = { .tv_usec = CONFIRM_EACH_MS * 1000 };
	struct nginx_driver *n = arg;

	if (why == NULL && strcmp(state, n->state) == 0 &&
	    !nginx_probe_holds(n->probe))
		n->streak++;
	else
		n->streak = 0;
	if (n->streak >= n->needed)
		succeed(n);
	else if (clock_now_ms() >= n->deadline_ms)
		undo(n);
	else
		evtimer_add(n->next, &pause);
}

static void begin_confirm(struct nginx_driver *n)
{
	n->confirms = true;
	n->driver.counters.changes++;
	n->changed_ms = clock_now_ms();
	n->deadline_ms = n->changed_ms + NGINX_CONFIRM_MS;
	n->streak = 0;
	n->needed = CONFIRM_STREAK;
	confirm(n);
}

static void on_reloaded(void *arg, const char *why)
{
	struct nginx_driver *n = arg;

	n->job = NULL;
	if (why != NULL)
		restore(n, why);
	else
		begin_confirm(n);
}

static void reload(struct nginx_driver *n)
{
	struct error err;

	if (!n->answers) {
		settle(n, "it does not answer; it will start from this file");
	} else if (n->config->reload.argv[0] != NULL) {
		if (!run(n, "nginx-reload", &n->config->reload, on_reloaded))
			restore(n, strerror(errno));
	} else if (!signal_master(n, &err)) {
		restore(n, err.text);
	} else {
		begin_confirm(n);
	}
}

static void on_tested(void *arg, const char *why)
{
	struct nginx_driver *n = arg;

	n->job = NULL;
	if (why != NULL)
		restore(n, why);
	else
		reload(n);
}

static void write_file(struct nginx_driver *n)
{
	struct error err;
	size_t len;

	n->before = file_read(n->config->path, FILE_MAX, &len, &err);
	if (n->before == NULL && access(n->config->path, F_OK) == 0) {
		refuse(n, err.text); /* it could not be put back */
	} else if (n->before != NULL && strcmp(n->before, n->wanted) == 0) {
		reload(n); /* nginx tests it once more by itself */
	} else if (!file_replace(n->config->path, n->wanted, strlen(n->wanted),
				 &err)) {
		refuse(n, err.text);
	} else if (!run(n, "nginx-test", &n->config->test, on_tested)) {
		restore(n, strerror(errno));
	}
}

static bool is_due(const struct nginx_driver *n)
{
	int64_t now_ms = clock_now_ms();

	if (strcmp(n->refused, n->state) == 0)
		return now_ms >= n->refused_ms + n->again_ms;
	return n->changed_ms == 0 || is_urgent(n) ||
	       now_ms >= n->changed_ms + NGINX_EVERY_MS;
}

static void on_asked(void *arg, const char *state, const char *why)
{
	struct nginx_driver *n = arg;

	n->answers = why == NULL;
	if (n->answers && strcmp(state, n->state) == 0)
		succeed(n);
	else if (is_due(n))
		write_file(n);
	else
		driver_defer(&n->driver);
}

static bool divide(struct nginx_driver *n, struct error *err)
{
	for (size_t i = 0; i < n->config->serving_count; i++)
		if (!serving_divide(&n->config->servings[i], n->driver.orders,
				    err))
			return false;
	return true;
}

static void begin(struct driver *driver)
{
	struct nginx_driver *n = (struct nginx_driver *)driver;
	struct error err;

	if (!divide(n, &err)) {
		settle(n, err.text);
		return;
	}
	free(n->wanted);
	n->wanted = nginx_write(n->config->servings, n->config->serving_count,
				n->note, n->state);
	if (n->wanted == NULL || !nginx_probe_ask(n->probe, true, on_asked, n))
		settle(n, "out of memory");
}

/* A worker has stopped: it was told to, or nginx restarts. */
static void on_gone(void *arg)
{
	struct nginx_driver *n = arg;

	if (n->confirms)
		n->needed = 1; /* what answers from now on is new */
	else
		driver_return(&n->driver);
}

static void driver_end(struct driver *driver)
{
	struct nginx_driver *n = (struct nginx_driver *)driver;

	job_free(n->job);
	nginx_probe_free(n->probe);
	if (n->next != NULL)
		event_free(n->next);
	free(n->wanted);
	free(n->before);
	free(n);
}

struct driver *nginx_driver_new(struct event_base *loop,
				struct nginx_config *config, struct error *err)
{
	static const struct driver_kind kind = { "nginx", begin, driver_end };
	struct nginx_driver *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	n->driver.kind = &kind;
	n->driver.place = config->path;
	n->config = config;
	n->loop = loop;
	if (config->logs)
		snprintf(n->note, sizeof(n->note), "start %lld",
			 (long long)clock_wall_ms());
	n->next = evtimer_new(loop, on_next, n);
	if (n->next == NULL)
		error_set(err, "out of memory");
	else
		n->probe = nginx_probe_new(loop, config->probe_url, on_gone, n,
					   err);
	if (n->probe == NULL) {
		driver_end(&n->driver);
		return NULL;
	}
	return &n->driver;
}
