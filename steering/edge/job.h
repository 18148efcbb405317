/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job -- one run of a program that a person configured, bounded in time.
 *
 * It has a process group of its own, which ends with it.  What it says is
 * logged line by line, the first JOB_SAID_MAX octets of it.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_JOB_H
#define STEERING_EDGE_JOB_H

struct event_base;
struct job;
struct words;

enum { JOB_SAID_MAX = 4096, JOB_WHY_SIZE = 160 };

/*
 * It is over, and the job is gone: why is NULL after exit status 0, else how
 * it ended and what it said of that.
 */
typedef void job_done(void *arg, const char *why);

struct job_config {
	const char *name;          /* in the log; borrowed */
	const struct words *words; /* borrowed for the call */
	unsigned timeout_ms;
};

/* NULL with errno set when it cannot be run; done is never called within. */
struct job *job_start(struct event_base *loop, const struct job_config *config,
		      job_done *done, void *arg);

/* Kills it; done does not follow.  Accepts NULL. */
void job_free(struct job *job);

#endif
