/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/keeper.h"

#include "policy/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS = 16, TRIES = 50, PAUSE_MS = 20 };

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	remove(path);
	return 0;
}

/* Links are removed, never followed.  A git that was cut off from its parent
 * may write for a moment yet. */
static void remove_folder(const char *folder)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	struct stat st;

	for (int i = 0; i < TRIES && stat(folder, &st) == 0; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		nftw(folder, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
	}
}

/*
 * The child's life.  Of its parent's descriptors it holds none but its end of
 * the pipe: whoever waits for their end must not wait for it.
 */
static _Noreturn void stay(int leash, const char *folder)
{
	char octet;

	setsid();
	dup2(leash, 0);
	closefrom(1);
	while (read(0, &octet, 1) < 0 && errno == EINTR)
		continue;
	remove_folder(folder);
	_exit(0);
}

static bool start(struct keeper *k, char *folder, struct error *err)
{
	int ends[2];

	if (mkdtemp(folder) == NULL) {
		error_set(err, "%s: %s", folder, strerror(errno));
		return false;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set(err, "no pipe: %s", strerror(errno));
		rmdir(folder);
		return false;
	}
	k->pid = fork();
	if (k->pid == 0)
		stay(ends[0], folder);
	close(ends[0]);
	k->leash = ends[1];
	if (k->pid > 0)
		return true;
	error_set(err, "no process: %s", strerror(errno));
	close(ends[1]);
	rmdir(folder);
	return false;
}

/* No signal comes between folder and child; and the child, which keeps them
 * blocked, is not ended by what ends its parent. */
bool keeper_start(struct keeper *k, char *template, struct error *err)
{
	sigset_t all, before;
	bool ok;

	*k = (struct keeper){ .pid = 0 };
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	ok = start(k, template, err);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!ok) {
		k->pid = 0;
		template[0] = '\0';
	}
	return ok;
}

void keeper_end(struct keeper *k)
{
	if (k->pid == 0)
		return;
	close(k->leash);
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	k->pid = 0;
}
