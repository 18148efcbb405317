/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread -- starts a thread that no signal is delivered to.
 *
 * Signals belong to the program's main thread; a broken pipe is then an error
 * code for the thread that wrote and ends nothing.  Shell.
 */
#ifndef POLICY_BASE_THREAD_H
#define POLICY_BASE_THREAD_H

#include <stdbool.h>

#include <pthread.h>

struct error;

/* name: at most 15 octets, as ps and top show it.  False with err set. */
bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *),
		  void *arg, struct error *err);

#endif
