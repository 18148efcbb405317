/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/journal.h"

#include "policy/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

enum { READ_MAX = 64 << 20 /* of history at once */ };

struct journal {
	int fd, head_fd;
	char *path;
	struct custody end; /* the last line */
	off_t size;         /* octets that are whole lines */
	bool torn;          /* there are more, of a line that failed */
	char *line;         /* the last that was added */
	size_t line_len;
	char note[400];
};

static bool fail(struct error *err, const char *path, const char *what)
{
	error_set(err, "%s: %s: %s", path, what, strerror(errno));
	return false;
}

static bool write_all(int fd, const char *octets, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, octets, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		octets += n;
		len -= (size_t)n;
	}
	return true;
}

/* len octets from offset on; the caller frees them. */
static char *read_range(int fd, off_t offset, size_t len)
{
	char *octets = malloc(len + 1);
	size_t at = 0;

	while (octets != NULL && at < len) {
		ssize_t n =
			pread(fd, octets + at, len - at, offset + (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(octets);
			return NULL;
		}
		at += (size_t)n;
	}
	if (octets != NULL)
		octets[len] = '\0';
	return octets;
}

/*
 * The end of the file, from a newline on or from its start, that holds the
 * last lines of it.  *from is where it begins.
 */
static char *read_tail(int fd, off_t size, size_t lines, off_t *from,
		       size_t *len)
{
	size_t want = CUSTODY_LINE_MAX;

	for (;; want *= 2) {
		size_t found = 0;
		char *tail;

		if (want > (size_t)size)
			want = (size_t)size;
		tail = read_range(fd, size - (off_t)want, want);
		if (tail == NULL)
			return NULL;
		for (size_t i = want; i-- > 0;)
			if (tail[i] == '\n' && ++found > lines) {
				*len = want - i - 1;
				memmove(tail, tail + i + 1, *len + 1);
				*from = size - (off_t)*len;
				return tail;
			}
		if (want == (size_t)size || want > READ_MAX) {
			*from = size - (off_t)want;
			*len = want;
			return tail;
		}
		free(tail);
	}
}

/* The directory's entry is made to last, too. */
static void sync_directory(const char *path)
{
	char *copy = strdup(path);
	char *slash = copy == NULL ? NULL : strrchr(copy, '/');
	int fd;

	if (slash != NULL)
		slash[slash == copy] = '\0';
	fd = open(slash == NULL ? "." : copy, O_RDONLY | O_DIRECTORY);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

/* Keeps the torn end beside the file, then cuts it off. */
static bool set_torn_aside(struct journal *j, const char *torn, size_t len,
			   struct error *err)
{
	char path[4096];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "%s.torn", j->path);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return fail(err, path, "open");
	ok = write_all(fd, torn, len) && write_all(fd, "\n", 1) &&
	     fsync(fd) == 0;
	close(fd);
	if (!ok)
		return fail(err, path, "write");
	if (ftruncate(j->fd, j->size) != 0 || fsync(j->fd) != 0)
		return fail(err, j->path, "truncate");
	snprintf(j->note, sizeof(j->note),
		 "the last line was torn (%zu octets) and is set aside in "
		 "%.120s",
		 len, path);
	return true;
}

/* The number of the last line as it says itself; without one it is unknown
 * and the chain will show it. */
static uint64_t line_number(const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, 0, NULL);
	json_int_t n = json_integer_value(json_object_get(json, "n"));

	json_decref(json);
	return n > 0 ? (uint64_t)n : 0;
}

/* Where the file ends, and the last whole line of it. */
static bool read_end(struct journal *j, struct error *err)
{
	off_t size = lseek(j->fd, 0, SEEK_END), from = 0;
	size_t len = 0, whole, start;
	char *tail;
	bool ok = true;

	if (size < 0)
		return fail(err, j->path, "seek");
	if (size == 0)
		return true;
	tail = read_tail(j->fd, size, 2, &from, &len);
	if (tail == NULL)
		return fail(err, j->path, "read");
	for (whole = len; whole > 0 && tail[whole - 1] != '\n'; whole--)
		continue;
	if (whole == 0 && from > 0) {
		free(tail);
		error_set(err, "%s: no line ends in its last %d octets",
			  j->path, READ_MAX);
		return false;
	}
	j->size = from + (off_t)whole;
	for (start = whole > 0 ? whole - 1 : 0;
	     start > 0 && tail[start - 1] != '\n'; start--)
		continue;
	if (whole > 0) {
		j->end.n = line_number(tail + start, whole - 1 - start);
		ok = custody_hash(tail + start, whole - 1 - start, j->end.hash);
	}
	if (whole < len)
		ok = ok && set_torn_aside(j, tail + whole, len - whole, err);
	free(tail);
	return ok;
}

struct custody journal_read_head(int fd, bool *found)
{
	char text[CUSTODY_HEAD_LEN + 1];
	struct custody head = custody_start();
	ssize_t len = pread(fd, text, sizeof(text), 0);

	*found = len == CUSTODY_HEAD_LEN &&
		 custody_parse_head(text, (size_t)len, &head);
	return head;
}

/* In place: it is shorter than what a disk writes at once. */
static bool write_head(const struct journal *j)
{
	char text[CUSTODY_HEAD_LEN + 1];

	custody_write_head(&j->end, text);
	return pwrite(j->head_fd, text, CUSTODY_HEAD_LEN, 0) ==
		       CUSTODY_HEAD_LEN &&
	       fdatasync(j->head_fd) == 0;
}

/*
 * Is the end of the file the one that was written last?  A crash leaves the
 * head a line behind.  Where lines are missing the file goes on as if they
 * were there, so that the gap shows for ever; a new file begins so.
 */
static void compare_head(struct journal *j)
{
	bool found;
	struct custody head = journal_read_head(j->head_fd, &found);
	size_t at = strlen(j->note);

	if (found && head.n > j->end.n) {
		if (j->size > 0)
			snprintf(j->note + at, sizeof(j->note) - at,
				 "%slines %" PRIu64 " to %" PRIu64
				 " are missing from its end",
				 at > 0 ? "; " : "", j->end.n + 1, head.n);
		j->end = head;
	} else if (found && head.n == j->end.n &&
		   strcmp(head.hash, j->end.hash) != 0) {
		snprintf(j->note + at, sizeof(j->note) - at,
			 "%sline %" PRIu64 " is not the one that was written",
			 at > 0 ? "; " : "", head.n);
	} else if (!found && j->size > 0) {
		snprintf(j->note + at, sizeof(j->note) - at,
			 "%s%.120s.head is not there: nobody can tell whether "
			 "lines are missing from the end",
			 at > 0 ? "; " : "", j->path);
	}
}

static bool open_head(struct journal *j, struct error *err)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.head", j->path);
	j->head_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (j->head_fd < 0)
		return fail(err, path, "open");
	compare_head(j);
	return write_head(j) || fail(err, path, "write");
}

/* -1 with err set. */
static int open_locked(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	if (fd < 0) {
		fail(err, path, "open");
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		error_set(err, "%s: in use by another process", path);
		close(fd);
		fd = -1;
	}
	return fd;
}

struct journal *journal_open(const char *path, struct error *err)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (j != NULL) {
		j->fd = j->head_fd = -1;
		j->end = custody_start();
		j->path = strdup(path);
	}
	if (j == NULL || j->path == NULL) {
		error_set(err, "%s: out of memory", path);
		journal_free(j);
		return NULL;
	}
	j->fd = open_locked(path, err);
	if (j->fd >= 0 && read_end(j, err) && open_head(j, err)) {
		sync_directory(path);
		return j;
	}
	journal_free(j);
	return NULL;
}

bool journal_reopen(struct journal *journal, struct error *err)
{
	struct stat here, there;
	int fd;

	if (fstat(journal->fd, &here) == 0 &&
	    stat(journal->path, &there) == 0 && here.st_ino == there.st_ino &&
	    here.st_dev == there.st_dev)
		return true;
	fd = open_locked(journal->path, err);
	if (fd < 0)
		return false;
	close(journal->fd);
	journal->fd = fd;
	journal->size = lseek(fd, 0, SEEK_END);
	journal->torn = false;
	sync_directory(journal->path);
	return true;
}

void journal_free(struct journal *journal)
{
	if (journal == NULL)
		return;
	if (journal->fd >= 0)
		close(journal->fd);
	if (journal->head_fd >= 0)
		close(journal->head_fd);
	free(journal->line);
	free(journal->path);
	free(journal);
}

const char *journal_note(const struct journal *journal)
{
	return journal->note;
}

struct custody journal_end(const struct journal *journal)
{
	return journal->end;
}

const char *journal_line(const struct journal *journal, size_t *len)
{
	*len = journal->line_len;
	return journal->line;
}

/* Cuts off what a failed write left, so that no line begins within it. */
static bool cut_torn(struct journal *j)
{
	if (j->torn)
		j->torn = ftruncate(j->fd, j->size) != 0;
	return !j->torn;
}

bool journal_append(struct journal *journal, const struct json_t *event,
		    struct error *err)
{
	struct error why;
	struct custody next;
	size_t len = 0;
	char *line = custody_write(&journal->end, event, &len, &next, &why);

	if (line == NULL) {
		error_set(err, "%s: %s", journal->path, why.text);
		return false;
	}
	free(journal->line);
	journal->line = line;
	journal->line_len = len;
	line[len] = '\n';
	if (!cut_torn(journal) || !write_all(journal->fd, line, len + 1) ||
	    fsync(journal->fd) != 0) {
		fail(err, journal->path, "write");
		/* Tried again before the next line, or at the next open. */
		journal->torn = true;
		if (!cut_torn(journal))
			error_set(err, "%s: cannot write, nor take it back",
				  journal->path);
		return false;
	}
	journal->end = next;
	journal->size += (off_t)len + 1;
	if (write_head(journal))
		return true;
	return fail(err, journal->path, "write the head");
}

static bool add_line(json_t *array, const char *line, size_t len)
{
	json_t *json = json_loadb(line, len, 0, NULL);

	if (json == NULL)
		json = json_stringn(line, len);
	if (json == NULL)
		json = json_string("(not text)");
	return json_array_append_new(array, json) == 0;
}

static bool add_lines(json_t *array, const char *tail, size_t len)
{
	const char *newline;

	while ((newline = memchr(tail, '\n', len)) != NULL) {
		size_t line_len = (size_t)(newline - tail);

		if (!add_line(array, tail, line_len))
			return false;
		tail += line_len + 1;
		len -= line_len + 1;
	}
	return true;
}

struct json_t *journal_last(const struct journal *journal, size_t count,
			    struct error *err)
{
	json_t *array = json_array();
	off_t from = 0;
	size_t len = 0;
	char *tail = NULL;
	bool ok = array != NULL;

	if (ok && count > 0 && journal->size > 0) {
		tail = read_tail(journal->fd, journal->size, count, &from,
				 &len);
		ok = tail != NULL && add_lines(array, tail, len);
	}
	free(tail);
	if (ok)
		return array;
	json_decref(array);
	error_set(err, "%s: cannot be read", journal->path);
	return NULL;
}

char *journal_tail(const struct journal *journal, size_t lines, size_t *len)
{
	off_t from = 0;

	*len = 0;
	if (journal->size == 0)
		return calloc(1, 1);
	return read_tail(journal->fd, journal->size, lines, &from, len);
}
