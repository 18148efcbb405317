/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn -- a process that runs a program beside the event loop, in a process
 * group of its own, with nothing of ours: no descriptor, no signal blocked or
 * ignored, no environment but what is given.
 *
 * Shell: owns the process.  Source: posix_spawn(3), pidfd_open(2).
 */
#ifndef HEALTH_SPAWN_H
#define HEALTH_SPAWN_H

struct event_base;
struct spawn;

/*
 * It has ended, with this status (as of waitpid(2)); it, and its group, are
 * gone, and so is the spawn.
 */
typedef void spawn_done(void *arg, int status);

/*
 * argv[0] is the path.  NULL with errno set when it cannot be run; done is
 * never called from within.
 */
struct spawn *spawn_start(struct event_base *loop, char *const argv[],
			  char *const environment[], spawn_done *done,
			  void *arg);

/* The process and its group; done follows. */
void spawn_kill(struct spawn *spawn);

/* Kills it and waits for it; done does not follow.  Accepts NULL. */
void spawn_free(struct spawn *spawn);

#endif
