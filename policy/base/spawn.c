/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

struct spawn {
	pid_t pid;
	int fd; /* becomes readable when the process has ended */
	struct event *ended;
	spawn_done *done;
	void *arg;
};

/* The child's side: nothing on 0, output or nothing on 1 and 2, and nothing
 * else at all. */
static int describe_files(posix_spawn_file_actions_t *files, int output)
{
	int error = posix_spawn_file_actions_addopen(files, 0, "/dev/null",
						     O_RDONLY, 0);

	for (int fd = 1; fd <= 2 && error == 0; fd++)
		error = output > 0
				? posix_spawn_file_actions_adddup2(files,
								   output, fd)
				: posix_spawn_file_actions_addopen(files, fd,
								   "/dev/null",
								   O_WRONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(files, 3);
	if (error == 0)
		error = posix_spawn_file_actions_addchdir_np(files, "/");
	return error;
}

static void describe_signals(posix_spawnattr_t *how)
{
	sigset_t set;

	posix_spawnattr_setflags(how, POSIX_SPAWN_SETPGROUP |
					      POSIX_SPAWN_SETSIGMASK |
					      POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(how, 0);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(how, &set);
	sigfillset(&set);
	posix_spawnattr_setsigdefault(how, &set);
}

/* An errno, or 0. */
static int run(pid_t *pid, const struct spawn_config *config)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	int error = posix_spawn_file_actions_init(&files);

	if (error != 0)
		return error;
	error = posix_spawnattr_init(&how);
	if (error == 0) {
		describe_signals(&how);
		error = describe_files(&files, config->output);
		if (error == 0)
			error = posix_spawn(pid, config->argv[0], &files, &how,
					    config->argv, config->environment);
		posix_spawnattr_destroy(&how);
	}
	posix_spawn_file_actions_destroy(&files);
	return error;
}

/*
 * The group before its leader: until that is waited for, no other process can
 * have its number.
 */
static int bury(struct spawn *s)
{
	int status = 0;

	kill(-s->pid, SIGKILL);
	while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void release(struct spawn *s)
{
	if (s->ended != NULL)
		event_free(s->ended);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static void on_ended(evutil_socket_t fd, short what, void *arg)
{
	struct spawn *s = arg;
	spawn_done *done = s->done;
	void *done_arg = s->arg;
	int status = bury(s);

	(void)fd, (void)what;
	release(s);
	done(done_arg, status);
}

struct spawn *spawn_start(struct event_base *loop,
			  const struct spawn_config *config, spawn_done *done,
			  void *arg)
{
	struct spawn *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fd = -1;
	s->done = done;
	s->arg = arg;
	errno = run(&s->pid, config);
	if (errno != 0) {
		int error = errno;

		release(s);
		errno = error;
		return NULL;
	}
	s->fd = pidfd_open(s->pid, 0);
	if (s->fd >= 0)
		s->ended = event_new(loop, s->fd, EV_READ, on_ended, s);
	if (s->ended == NULL || event_add(s->ended, NULL) < 0) {
		spawn_free(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

void spawn_kill(struct spawn *s)
{
	kill(-s->pid, SIGKILL);
}

void spawn_free(struct spawn *s)
{
	if (s == NULL)
		return;
	bury(s);
	release(s);
}
