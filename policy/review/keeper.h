/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper -- a folder that goes when the process that made it goes, however that
 * ends: a child waits for the end of a pipe, whose other end only its parent
 * has, and then removes the folder.  No handler of a signal has to do it, and
 * SIGKILL leaves nothing either.
 *
 * Shell: makes and removes files, and a process.
 */
#ifndef POLICY_REVIEW_KEEPER_H
#define POLICY_REVIEW_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

/* Zeroed memory keeps nothing. */
struct keeper {
	int leash; /* the pipe's end; valid while there is a child */
	pid_t pid; /* of the child; 0: none */
};

/*
 * Makes a folder of that template, into which its name goes, as mkdtemp(3)
 * does. False with err set: there is none, and template is "" then.
 */
bool keeper_start(struct keeper *keeper, char *template, struct error *err);

/* The folder and all in it is gone on return. */
void keeper_end(struct keeper *keeper);

#endif
