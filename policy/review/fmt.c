/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/fmt.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/invocation.h"
#include "policy/language/sources.h"
#include "policy/review/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	bool check, help;
	const char *path;
};

static void complain(const struct source *file, const struct error *err)
{
	fprintf(stderr, "windrose fmt: %s", file->path);
	if (err->at.line > 0)
		fprintf(stderr, ":%u", err->at.line);
	if (err->at.col > 0)
		fprintf(stderr, ":%u", err->at.col);
	fprintf(stderr, ": %s\n", err->text);
}

/* False when it has not its form, and was not brought into it. */
static bool format_file(const struct source *file, bool check)
{
	struct error err = { .at = { .line = 0 } };
	size_t len;
	char *text = format_text(file->octets, file->len, &len, &err);
	bool same, ok;

	if (text == NULL) {
		complain(file, &err);
		return false;
	}
	same = len == file->len && memcmp(text, file->octets, len) == 0;
	ok = same || (!check && file_replace(file->path, text, len, &err));
	if (!same)
		printf("%s\n", file->path);
	if (!same && !ok && !check)
		complain(file, &err);
	free(text);
	return ok;
}

static enum program_status format_all(const struct request *request)
{
	struct arena *arena = arena_new();
	struct sources sources = { .arena = arena };
	struct errors errs = { .list = NULL };
	bool ok;

	sources_gather(&sources, request->path, &errs);
	errors_print(&errs, stderr);
	ok = errors_ok(&errs);
	for (size_t i = 0; i < sources.count; i++)
		if (sources.list[i].policy)
			ok &= format_file(&sources.list[i], request->check);
	errors_fini(&errs);
	arena_free(arena);
	return ok ? PROGRAM_OK : PROGRAM_FAILED;
}

int review_fmt(int argc, char **argv)
{
	struct request request = { .path = NULL };
	const struct option_row rows[] = {
		{ "check", OPTION_FLAG, &request.check, NULL,
		  "change nothing, and end with 1 where something would be", 0,
		  0 },
		{ "help", OPTION_FLAG, &request.help, NULL, "print this", 0,
		  0 },
	};
	const struct invocation call = {
		"fmt", "PATH [--check]", rows, 2, 1, &request.help,
	};
	enum program_status status =
		invocation_read(&call, argc, argv, &request.path);

	return status == PROGRAM_GO ? format_all(&request) : status;
}
