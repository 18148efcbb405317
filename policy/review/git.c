/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/git.h"

#include "policy/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 16, SETTING_SIZE = 4096 + 32 };

extern char **environ;

/* Set for a hook, these name the repository of a commit that is being made,
 * its index in the midst of that, relative to where the hook was started. */
static bool is_hooks(const char *setting)
{
	static const char *const names[] = { "GIT_DIR=", "GIT_INDEX_FILE=",
					     "GIT_WORK_TREE=", "GIT_PREFIX=" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(setting, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* The caller frees the list, whose strings are borrowed. */
static char **environment(char index[SETTING_SIZE], char tree[SETTING_SIZE])
{
	size_t count = 0, kept = 0;
	char **list;

	while (environ[count] != NULL)
		count++;
	list = calloc(count + 3, sizeof(*list));
	for (size_t i = 0; list != NULL && i < count; i++)
		if (!is_hooks(environ[i]))
			list[kept++] = environ[i];
	if (list != NULL && index[0] != '\0')
		list[kept++] = index;
	if (list != NULL && tree[0] != '\0')
		list[kept++] = tree;
	return list;
}

/* The child's side: nothing to read, output to write to, standard error ours.
 * An errno, or 0. */
static int run(pid_t *pid, char **argv, char **env, int output)
{
	posix_spawn_file_actions_t files;
	int error = posix_spawn_file_actions_init(&files);

	if (error != 0)
		return error;
	error = posix_spawn_file_actions_addopen(&files, 0, "/dev/null",
						 O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&files, output, 1);
	if (error == 0)
		error = posix_spawn_file_actions_addclosefrom_np(&files, 3);
	if (error == 0)
		error = posix_spawnp(pid, argv[0], &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

/* All that comes, up to one octet more than is wanted. */
static size_t read_all(int fd, char *text)
{
	size_t len = 0;
	ssize_t got = 1;

	while (got != 0 && len <= GIT_ANSWER_MAX) {
		got = read(fd, text + len, GIT_ANSWER_MAX + 1 - len);
		if (got > 0)
			len += (size_t)got;
		else if (got < 0 && errno != EINTR)
			break;
	}
	return len;
}

static int await(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Into text, of GIT_ANSWER_MAX + 1 octets; false with err set. */
static bool converse(char **argv, char **env, char *text, size_t *len,
		     struct error *err)
{
	int ends[2], error, status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set(err, "git cannot be run: %s", strerror(errno));
		return false;
	}
	error = run(&pid, argv, env, ends[1]);
	close(ends[1]);
	if (error != 0) {
		close(ends[0]);
		error_set(err, "git cannot be run: %s%s", strerror(error),
			  error == ENOENT ? "; install git, or name directories"
					  : "");
		return false;
	}
	*len = read_all(ends[0], text);
	close(ends[0]);
	status = await(pid);
	if (*len > GIT_ANSWER_MAX)
		error_set(err, "git %s says more than %d octets", argv[3],
			  GIT_ANSWER_MAX);
	else if (status != 0)
		error_set(err, "git %s fails", argv[3]);
	return status == 0 && *len <= GIT_ANSWER_MAX;
}

char *git_ask(const struct git *git, const char *const *words, size_t *len,
	      struct error *err)
{
	/* posix_spawn() has no const; it only reads. */
	const char *argv[WORDS_MAX + 4] = { "git", "-C", git->folder };
	char index[SETTING_SIZE] = "", tree[SETTING_SIZE] = "";
	char *text = malloc(GIT_ANSWER_MAX + 1);
	char **env;
	bool ok;

	for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
		argv[i + 3] = words[i];
	if (git->index != NULL)
		snprintf(index, sizeof(index), "GIT_INDEX_FILE=%s", git->index);
	if (git->tree != NULL)
		snprintf(tree, sizeof(tree), "GIT_WORK_TREE=%s", git->tree);
	env = environment(index, tree);
	if (text == NULL || env == NULL)
		error_set(err, "out of memory");
	ok = text != NULL && env != NULL &&
	     converse((char **)(uintptr_t)argv, env, text, len, err);
	free(env);
	if (ok) {
		text[*len] = '\0';
		return text;
	}
	free(text);
	return NULL;
}
