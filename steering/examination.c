/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/examination.h"

#include "policy/base/error.h"
#include "steering/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line that must have this hash. */
struct mark {
	struct custody at;
	const char *whose;
};

static bool is_marked(const struct mark *mark, const struct custody_line *line,
		      struct error *err)
{
	if (mark->at.n != line->n || strcmp(mark->at.hash, line->hash) == 0)
		return true;
	error_set(err, "is not the one that was written: %s has another hash",
		  mark->whose);
	return false;
}

/* number counts the lines of the file. */
static bool take_line(struct examination *r, const struct mark *mark,
		      const char *octets, size_t len, uint64_t number,
		      struct error *err)
{
	struct custody_line line;
	struct error why;

	if (custody_parse(octets, len, &line, &why) &&
	    custody_follow(&r->end, &line, &why) &&
	    is_marked(mark, &line, &why)) {
		if (r->first.n == 0) {
			r->first.n = line.n;
			memcpy(r->first.hash, line.prev, sizeof(line.prev));
		}
		return true;
	}
	error_set(err, "line %" PRIu64 ": %s", number, why.text);
	return false;
}

static bool walk(FILE *in, const struct mark *mark, struct examination *r,
		 struct error *err)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	uint64_t number = r->before;
	bool ok = true;

	while (ok && (len = getline(&line, &cap, in)) > 0) {
		if (line[len - 1] != '\n') {
			r->torn = (size_t)len;
			break;
		}
		ok = take_line(r, mark, line, (size_t)len - 1, ++number, err);
	}
	free(line);
	if (ok && mark->at.n > r->end.n) {
		error_set(err,
			  "lines %" PRIu64 " to %" PRIu64
			  " are missing from its end: %s has the last",
			  r->end.n + 1, mark->at.n, mark->whose);
		return false;
	}
	return ok;
}

/* The head first: the file may grow meanwhile. */
static struct mark find_mark(const char *path, const struct custody *known)
{
	struct mark mark = { custody_start(), "the head that was given" };
	char head[4096];
	bool found;
	int fd;

	if (known != NULL) {
		mark.at = *known;
		return mark;
	}
	snprintf(head, sizeof(head), "%s.head", path);
	mark.whose = ".head beside it";
	fd = open(head, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		mark.at = journal_read_head(fd, &found);
		close(fd);
	}
	return mark;
}

bool examination_of_file(const char *path, const struct custody *known,
			 struct examination *out, struct error *err)
{
	struct mark mark = find_mark(path, known);
	struct examination r = { .end = custody_start() };
	FILE *in = fopen(path, "re");
	struct error found;
	bool ok;

	if (in == NULL) {
		error_set(err, "%s: open: %s", path, strerror(errno));
		return false;
	}
	ok = walk(in, &mark, &r, &found);
	fclose(in);
	r.headed = mark.at.n != 0;
	if (ok)
		*out = r;
	else
		error_set(err, "%s: %s", path, found.text);
	return ok;
}

static uint64_t count_lines(const char *octets, size_t len)
{
	uint64_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += octets[i] == '\n';
	return count;
}

bool examination_of_journal(const struct journal *journal,
			    struct examination *out, struct error *err)
{
	const struct mark mark = { journal_end(journal), "this agent" };
	struct examination r = { .end = custody_start(), .headed = true };
	size_t len = 0;
	char *tail = journal_tail(journal, EXAMINATION_LINES, &len);
	FILE *in = tail == NULL ? NULL : fmemopen(tail, len + 1, "r");
	uint64_t count = tail == NULL ? 0 : count_lines(tail, len);
	struct error found = { .text = "cannot be read" };
	bool ok;

	r.before = mark.at.n > count ? mark.at.n - count : 0;
	ok = in != NULL && walk(in, &mark, &r, &found);
	if (in != NULL)
		fclose(in);
	free(tail);
	r.torn = 0;
	if (ok)
		*out = r;
	else
		error_set(err, "the journal: %s", found.text);
	return ok;
}
