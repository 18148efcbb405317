/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/revision.h"

#include "policy/base/error.h"
#include "policy/review/git.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 256 };

/* Where the policy is: the working tree, and the way in it. */
struct place_in_git {
	char top[REVISION_PATH_SIZE];  /* no "/" behind */
	char path[REVISION_PATH_SIZE]; /* below it; "": itself */
};

bool revision_is(const char *word)
{
	struct stat st;

	return stat(word, &st) < 0 && errno == ENOENT;
}

static bool put(char buf[REVISION_PATH_SIZE], struct error *err,
		const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* False with err set when it is too long. */
static bool put(char buf[REVISION_PATH_SIZE], struct error *err,
		const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, REVISION_PATH_SIZE, fmt, ap);
	va_end(ap);
	if (len >= 0 && len < REVISION_PATH_SIZE)
		return true;
	error_set(err, "a path of more than %d octets", REVISION_PATH_SIZE);
	return false;
}

/* Two lines: the top of the working tree; folder in it, with a "/" behind. */
static bool find_top(const char *folder, struct place_in_git *out,
		     struct error *err)
{
	static const char *const words[] = { "rev-parse", "--show-toplevel",
					     "--show-prefix", NULL };
	const struct git git = { .folder = folder };
	size_t len;
	char *text = git_ask(&git, words, &len, err);
	char *line = text, *top = text == NULL ? NULL : strsep(&line, "\n");
	char *prefix = line == NULL ? NULL : strsep(&line, "\n");
	bool ok = prefix != NULL && put(out->top, err, "%s", top) &&
		  put(out->path, err, "%s", prefix);

	if (text != NULL && prefix == NULL)
		error_set(err, "git rev-parse tells no working tree");
	free(text);
	return ok;
}

/* Of the same policy in the working tree: beside. */
static bool find_beside(const char *beside, struct place_in_git *out,
			struct error *err)
{
	char folder[REVISION_PATH_SIZE], name[REVISION_PATH_SIZE] = "";
	struct stat st;
	char *slash;

	if (!put(folder, err, "%s", beside))
		return false;
	if (stat(beside, &st) == 0 && !S_ISDIR(st.st_mode)) {
		slash = strrchr(folder, '/');
		strcpy(name, slash == NULL ? folder : slash + 1);
		strcpy(slash == NULL ? folder : slash + 1,
		       slash == NULL ? "." : "");
	}
	if (!find_top(folder, out, err))
		return false;
	if (strlen(out->path) + strlen(name) < sizeof(out->path)) {
		strcat(out->path, name);
		return true;
	}
	error_set(err, "%s: a path of more than %d octets", beside,
		  REVISION_PATH_SIZE);
	return false;
}

/* From ":PATH", or without one that of beside. */
static bool find_place(const char *colon, const char *beside,
		       struct place_in_git *out, struct error *err)
{
	char path[REVISION_PATH_SIZE];

	if (colon == NULL)
		return find_beside(beside, out, err);
	if (!find_top(".", out, err))
		return false;
	if (strncmp(colon + 1, "./", 2) == 0)
		return put(path, err, "%s%s", out->path, colon + 3) &&
		       put(out->path, err, "%s", path);
	return put(out->path, err, "%s", colon + 1);
}

static bool ask(const struct git *git, const char *const *words,
		struct error *err)
{
	size_t len;
	char *text = git_ask(git, words, &len, err);

	free(text);
	return text != NULL;
}

static bool lay_out(const struct git *git, const char *name, struct error *err)
{
	char tree[NAME_SIZE + 16];
	const char *const find[] = { "rev-parse", "--verify", "--quiet", tree,
				     NULL };
	const char *const take[] = { "read-tree", tree, NULL };
	const char *const write[] = { "checkout-index", "--all", "--quiet",
				      NULL };

	snprintf(tree, sizeof(tree), "%s^{tree}", name);
	if (!ask(git, find, err)) {
		error_set(err,
			  "git knows no revision \"%s\" here, nor is there a "
			  "file of that name; git fetch may bring it",
			  name);
		return false;
	}
	return ask(git, take, err) && ask(git, write, err);
}

/* All folders that a path leads through. */
static void make_way(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, S_IRWXU);
		*slash = '/';
	}
}

/* One that cannot be linked is not there, and the policy that needs it does
 * not load and says so. */
static bool link_one(const struct revision *r, const char *top,
		     const char *name, struct error *err)
{
	char at[REVISION_PATH_SIZE], to[REVISION_PATH_SIZE];
	size_t len;

	if (!put(at, err, "%s%s", r->base, name) ||
	    !put(to, err, "%s/%s", top, name))
		return false;
	len = strlen(at);
	if (at[len - 1] == '/')
		at[len - 1] = '\0';
	make_way(at, strlen(r->base));
	if (symlink(to, at) < 0 && errno != EEXIST) {
		error_set(err, "%s: %s", at, strerror(errno));
		return false;
	}
	return true;
}

static bool link_ignored(const struct revision *r, const char *top,
			 struct error *err)
{
	static const char *const words[] = {
		"ls-files",           "-z",          "--others", "--ignored",
		"--exclude-standard", "--directory", NULL,
	};
	const struct git git = { .folder = top };
	size_t len;
	char *text = git_ask(&git, words, &len, err);
	bool ok = text != NULL;

	for (size_t i = 0; ok && i < len; i += strlen(text + i) + 1)
		ok = link_one(r, top, text + i, err);
	free(text);
	return ok;
}

static bool fill(struct revision *r, const char *name,
		 const struct place_in_git *place, struct error *err)
{
	const char *temp = getenv("TMPDIR");
	char index[REVISION_PATH_SIZE], tree[REVISION_PATH_SIZE];
	const struct git git = { place->top, index, tree };

	if (!put(r->folder, err, "%s/windrose-XXXXXX",
		 temp == NULL || temp[0] != '/' ? "/tmp" : temp))
		return false;
	if (!keeper_start(&r->keeper, r->folder, err))
		return false;
	if (!put(index, err, "%s/index", r->folder) ||
	    !put(tree, err, "%s/tree", r->folder) ||
	    !put(r->base, err, "%s/", tree) ||
	    !put(r->path, err, "%s%s", r->base, place->path))
		return false;
	if (mkdir(tree, S_IRWXU) < 0) {
		error_set(err, "%s: %s", tree, strerror(errno));
		return false;
	}
	return lay_out(&git, name, err) && link_ignored(r, place->top, err);
}

bool revision_open(const char *word, const char *beside, struct revision *out,
		   struct error *err)
{
	const char *colon = strchr(word, ':');
	int len = (int)(colon == NULL ? strlen(word) : (size_t)(colon - word));
	struct place_in_git place;
	char name[NAME_SIZE];
	struct stat st;

	*out = (struct revision){ .folder = "" };
	if (len == 0 || len >= NAME_SIZE || word[0] == '-' ||
	    (colon == NULL && beside == NULL)) {
		error_set(err, "%s: neither a file nor REV:PATH of git", word);
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", len, word);
	if (find_place(colon, beside, &place, err) &&
	    fill(out, name, &place, err)) {
		if (stat(out->path, &st) == 0)
			return true;
		error_set(err, "revision %s has no %s", name, place.path);
	}
	revision_close(out);
	return false;
}

void revision_close(struct revision *revision)
{
	keeper_end(&revision->keeper);
	revision->folder[0] = '\0';
}
