/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn -- a process that runs a program beside the event loop, in a process
 * group of its own, with nothing of ours: no descriptor but one for what it
 * says, no signal blocked or
 * ignored, no environment but what is given.
 *
 * Shell: owns the process.  Source: posix_spawn(3), pidfd_open(2).
 */
#ifndef POLICY_BASE_SPAWN_H
#define POLICY_BASE_SPAWN_H

struct event_base;
struct spawn;

/*
 * It has ended, with this status (as of waitpid(2)); it, and its group, are
 * gone, and so is the spawn.
 */
typedef void spawn_done(void *arg, int status);

struct spawn_config {
	char *const *argv;        /* argv[0] is the path */
	char *const *environment; /* all of it */
	int output; /* borrowed: its standard output and error; <= 0: neither */
};

/*
 * config is borrowed for the call.  NULL with errno set when it cannot be run;
 * done is never called from within.
 */
struct spawn *spawn_start(struct event_base *loop,
			  const struct spawn_config *config, spawn_done *done,
			  void *arg);

/* The process and its group; done follows. */
void spawn_kill(struct spawn *spawn);

/* Kills it and waits for it; done does not follow.  Accepts NULL. */
void spawn_free(struct spawn *spawn);

#endif
