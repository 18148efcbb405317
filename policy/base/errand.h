/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand -- does one long thing beside the event loop, in a thread of its own,
 * and tells the loop when it is over.
 *
 * What the work reads and writes is the thread's alone until done is called
 * or errand_free() has returned.
 *
 * Shell.  All calls on the loop's thread.
 */
#ifndef POLICY_BASE_ERRAND_H
#define POLICY_BASE_ERRAND_H

struct errand;
struct error;
struct event_base;

struct errand_config {
	const char *name;        /* of the thread: at most 15 octets */
	void (*work)(void *arg); /* in the thread */
	/* Once, on the loop, after the work; it may free the errand.  Not
	 * called when that is freed before. */
	void (*done)(void *arg);
	void *arg;
};

/* NULL with err set: the work is not done. */
struct errand *errand_start(struct event_base *loop,
			    const struct errand_config *config,
			    struct error *err);

/* Waits for the work.  Accepts NULL. */
void errand_free(struct errand *errand);

#endif
