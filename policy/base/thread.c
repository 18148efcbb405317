/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/thread.h"

#include "policy/base/error.h"

#include <signal.h>
#include <string.h>

bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *),
		  void *arg, struct error *err)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0) {
		error_set(err, "cannot start thread %s: %s", name,
			  strerror(failed));
		return false;
	}
	pthread_setname_np(*thread, name);
	return true;
}
