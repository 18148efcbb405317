/* SPDX-License-Identifier: Apache-2.0 */
#include "health/probe_external.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/spawn.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

struct probe_external;

/* A process; it outlives its probe when that is cut short. */
struct child {
	struct probe_external_pool *pool;
	struct spawn *spawn;
	struct probe_external *probe; /* NULL: nobody waits for it */
	LIST_ENTRY(child) next;
};

struct probe_external {
	struct probe probe; /* first */
	struct probe_external_pool *pool;
	const struct probe_spec *spec;
	struct child *child; /* NULL: not running yet */
	bool waits;          /* for its turn, in the pool's queue */
	struct event *deadline;
	int64_t asked_ns, start_ns; /* when it was wanted, and when it ran */
	probe_done *done;
	void *arg;
	TAILQ_ENTRY(probe_external) waiting;
};

LIST_HEAD(child_list, child);
TAILQ_HEAD(probe_queue, probe_external);

struct probe_external_pool {
	struct event_base *loop; /* borrowed */
	char *folder;            /* owned; NULL: no programs */
	struct event *turn;      /* a place may be free */
	unsigned running;
	struct child_list children;
	struct probe_queue waiting;
};

/* What a program is told of the endpoint, in words. */
struct telling {
	char address[NET_TEXT_SIZE], port[8], path[PATH_MAX];
	char lines[5][300];
	char *environment[6];
	char *argv[POLICY_ARGUMENTS_MAX + 2];
};

/* The argument itself, or what it stands for; argv of exec wants no const. */
static char *filled(struct telling *t, const struct probe_spec *spec,
		    const char *argument)
{
	const struct {
		const char *mark, *text;
	} marks[] = {
		{ "{address}", t->address },
		{ "{port}", t->port },
		{ "{host}", spec->host },
	};
	union {
		const char *given;
		char *wanted;
	} word = { .given = argument };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strcmp(argument, marks[i].mark) == 0)
			word.given = marks[i].text;
	return word.wanted;
}

static void fill_environment(struct telling *t, const struct probe_spec *spec)
{
	snprintf(t->lines[4], sizeof(t->lines[4]),
		 "PATH=/usr/local/bin:/usr/bin:/bin");
	snprintf(t->lines[0], sizeof(t->lines[0]), "WINDROSE_ADDRESS=%s",
		 t->address);
	snprintf(t->lines[1], sizeof(t->lines[1]), "WINDROSE_PORT=%s", t->port);
	snprintf(t->lines[2], sizeof(t->lines[2]), "WINDROSE_HOST=%s",
		 spec->host);
	snprintf(t->lines[3], sizeof(t->lines[3]),
		 "WINDROSE_TIMEOUT_MS=%" PRId64, spec->check->timeout_ms);
	for (size_t i = 0; i < 5; i++)
		t->environment[i] = t->lines[i];
}

static void tell(struct telling *t, const char *folder,
		 const struct probe_spec *spec)
{
	const struct policy_check *check = spec->check;

	*t = (struct telling){ .argv = { t->path } };
	snprintf(t->path, sizeof(t->path), "%s/%s", folder, check->program);
	net_addr_text(&spec->addr, t->address);
	if (spec->port != 0)
		snprintf(t->port, sizeof(t->port), "%u", spec->port);
	for (size_t i = 0; i < check->argument_count; i++)
		t->argv[1 + i] = filled(t, spec, check->arguments[i]);
	fill_environment(t, spec);
}

static void destroy(struct probe_external *p)
{
	if (p->child != NULL) {
		p->child->probe = NULL;
		spawn_kill(p->child->spawn);
	}
	if (p->waits)
		TAILQ_REMOVE(&p->pool->waiting, p, waiting);
	if (p->deadline != NULL)
		event_free(p->deadline);
	free(p);
}

static void cancel(struct probe *probe)
{
	destroy((struct probe_external *)probe);
}

static void end(struct probe_external *p, enum outcome outcome, unsigned status)
{
	const struct observation seen = {
		.outcome = outcome,
		.status = (uint16_t)status,
		.waited_ms = (float)(p->start_ns - p->asked_ns) / 1e6f,
		.total_ms = (float)(clock_now_ns() - p->start_ns) / 1e6f,
	};
	probe_done *done = p->done;
	void *arg = p->arg;

	destroy(p);
	done(arg, &seen);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	end(arg, OUTCOME_TIMEOUT, 0);
}

static void on_ended(void *arg, int status)
{
	struct child *child = arg;
	struct probe_external_pool *pool = child->pool;
	struct probe_external *p = child->probe;
	/* As a shell has it. */
	unsigned code = WIFEXITED(status) ? (unsigned)WEXITSTATUS(status)
					  : 128U + (unsigned)WTERMSIG(status);

	LIST_REMOVE(child, next);
	free(child);
	pool->running--;
	event_active(pool->turn, 0, 0);
	if (p == NULL)
		return;
	p->child = NULL;
	end(p, code == 0 ? OUTCOME_OK : OUTCOME_EXIT, code);
}

static bool run(struct probe_external *p)
{
	struct probe_external_pool *pool = p->pool;
	const struct timeval deadline = {
		.tv_sec = p->spec->check->timeout_ms / 1000,
		.tv_usec = p->spec->check->timeout_ms % 1000 * 1000,
	};
	struct child *child = calloc(1, sizeof(*child));
	struct spawn_config spawn;
	struct telling t;

	if (child == NULL)
		return false;
	tell(&t, pool->folder, p->spec);
	p->start_ns = clock_now_ns();
	spawn = (struct spawn_config){ t.argv, t.environment, -1 };
	child->spawn = spawn_start(pool->loop, &spawn, on_ended, child);
	if (child->spawn == NULL) {
		free(child);
		return false;
	}
	child->pool = pool;
	child->probe = p;
	p->child = child;
	LIST_INSERT_HEAD(&pool->children, child, next);
	pool->running++;
	evtimer_add(p->deadline, &deadline);
	return true;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct probe_external_pool *pool = arg;

	(void)fd, (void)what;
	while (pool->running < PROBE_EXTERNAL_MAX &&
	       !TAILQ_EMPTY(&pool->waiting)) {
		struct probe_external *p = TAILQ_FIRST(&pool->waiting);

		TAILQ_REMOVE(&pool->waiting, p, waiting);
		p->waits = false;
		if (!run(p))
			end(p, OUTCOME_LOCAL, 0);
	}
}

struct probe *probe_external_start(struct probe_external_pool *pool,
				   const struct probe_spec *spec,
				   probe_done *done, void *arg)
{
	struct probe_external *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->probe.cancel = cancel;
	p->pool = pool;
	p->spec = spec;
	p->done = done;
	p->arg = arg;
	p->asked_ns = clock_now_ns();
	p->deadline = evtimer_new(pool->loop, on_deadline, p);
	if (p->deadline == NULL || pool->folder == NULL)
		goto fail;
	if (pool->running < PROBE_EXTERNAL_MAX) {
		if (!run(p))
			goto fail;
	} else {
		p->waits = true;
		TAILQ_INSERT_TAIL(&pool->waiting, p, waiting);
	}
	return &p->probe;
fail:
	destroy(p);
	return NULL;
}

bool probe_external_check(const struct probe_external_pool *pool,
			  const struct policy_check *check, struct error *err)
{
	char path[PATH_MAX];

	if (pool->folder == NULL) {
		error_set(err,
			  "check \"%s\" runs %s, and no programs are; start "
			  "with --programs DIR",
			  check->name, check->program);
		return false;
	}
	snprintf(path, sizeof(path), "%s/%s", pool->folder, check->program);
	if (access(path, X_OK) == 0)
		return true;
	error_set(err, "check \"%s\": %s cannot be run: %s", check->name, path,
		  strerror(errno));
	return false;
}

struct probe_external_pool *probe_external_pool_new(struct event_base *loop,
						    const char *folder,
						    struct error *err)
{
	struct probe_external_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL) {
		error_set(err, "out of memory while starting probes");
		return NULL;
	}
	pool->loop = loop;
	LIST_INIT(&pool->children);
	TAILQ_INIT(&pool->waiting);
	pool->turn = event_new(loop, -1, 0, on_turn, pool);
	/* Absolute: programs do not run in the folder that we do. */
	if (folder != NULL)
		pool->folder = realpath(folder, NULL);
	if (pool->turn == NULL || (folder != NULL && pool->folder == NULL)) {
		error_set(err, "programs in %s: %s",
			  folder == NULL ? "no folder" : folder,
			  strerror(errno));
		probe_external_pool_free(pool);
		return NULL;
	}
	return pool;
}

void probe_external_pool_free(struct probe_external_pool *pool)
{
	if (pool == NULL)
		return;
	while (!LIST_EMPTY(&pool->children)) {
		struct child *child = LIST_FIRST(&pool->children);

		LIST_REMOVE(child, next);
		spawn_free(child->spawn);
		free(child);
	}
	if (pool->turn != NULL)
		event_free(pool->turn);
	free(pool->folder);
	free(pool);
}
