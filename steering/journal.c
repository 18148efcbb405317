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
#include <openssl/evp.h>

enum {
	HEX_SIZE = 65,
	/* ,"sum":"<64>"} */
	SUM_LEN = 8 + 64 + 2,
	READ_MAX = 64 << 20, /* of history at once */
};

struct journal {
	int fd;
	char *path;
	uint64_t count;      /* lines */
	off_t size;          /* octets that are whole lines */
	bool torn;           /* there are more, of a line that failed */
	char prev[HEX_SIZE]; /* of the last line */
	char note[200];
};

/* False when the library refuses, which is out of memory. */
static bool sha256_hex(const void *octets, size_t len, char out[HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_Digest(octets, len, digest, &size, EVP_sha256(), NULL) != 1)
		return false;
	for (unsigned i = 0; i < 32; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", digest[i]);
	return true;
}

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
	size_t want = JOURNAL_LINE_MAX;

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
		j->count = line_number(tail + start, whole - 1 - start);
		ok = sha256_hex(tail + start, whole - 1 - start, j->prev);
	}
	if (whole < len)
		ok = ok && set_torn_aside(j, tail + whole, len - whole, err);
	free(tail);
	return ok;
}

struct journal *journal_open(const char *path, struct error *err)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		error_set(err, "%s: out of memory", path);
		return NULL;
	}
	j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	j->path = strdup(path);
	memset(j->prev, '0', HEX_SIZE - 1);
	if (j->fd < 0 || j->path == NULL)
		fail(err, path, "open");
	else if (flock(j->fd, LOCK_EX | LOCK_NB) != 0)
		error_set(err, "%s: in use by another process", path);
	else if (read_end(j, err)) {
		sync_directory(path);
		return j;
	}
	journal_free(j);
	return NULL;
}

void journal_free(struct journal *journal)
{
	if (journal == NULL)
		return;
	if (journal->fd >= 0)
		close(journal->fd);
	free(journal->path);
	free(journal);
}

const char *journal_note(const struct journal *journal)
{
	return journal->note;
}

uint64_t journal_count(const struct journal *journal)
{
	return journal->count;
}

/* The line with its newline, and in hex what the next one refers to. */
static char *make_line(const struct journal *j, const struct json_t *event,
		       size_t *len, char next[HEX_SIZE])
{
	char *text = json_dumps(event, JSON_COMPACT);
	size_t room = 200 + SUM_LEN + (text == NULL ? 0 : strlen(text));
	char *line = text == NULL ? NULL : malloc(room);
	char sum[HEX_SIZE];
	int at = 0;

	if (line != NULL)
		at = snprintf(line, room,
			      "{\"n\":%" PRIu64 ",\"prev\":\"%s\",\"event\":%s",
			      j->count + 1, j->prev, text);
	free(text);
	if (line == NULL || !sha256_hex(line, (size_t)at, sum)) {
		free(line);
		return NULL;
	}
	at += snprintf(line + at, room - (size_t)at, ",\"sum\":\"%s\"}", sum);
	if (!sha256_hex(line, (size_t)at, next)) {
		free(line);
		return NULL;
	}
	line[at] = '\n';
	*len = (size_t)at + 1;
	return line;
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
	char next[HEX_SIZE];
	size_t len = 0;
	char *line = make_line(journal, event, &len, next);

	if (line == NULL || len > JOURNAL_LINE_MAX) {
		error_set(err, "%s: %s", journal->path,
			  line == NULL ? "out of memory"
				       : "the event is too long");
		free(line);
		return false;
	}
	if (!cut_torn(journal) || !write_all(journal->fd, line, len) ||
	    fsync(journal->fd) != 0) {
		fail(err, journal->path, "write");
		free(line);
		/* Tried again before the next line, or at the next open. */
		journal->torn = true;
		if (!cut_torn(journal))
			error_set(err, "%s: cannot write, nor take it back",
				  journal->path);
		return false;
	}
	free(line);
	memcpy(journal->prev, next, sizeof(next));
	journal->size += (off_t)len;
	journal->count++;
	return true;
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

/* Is this the line number n that follows one with hash prev? */
static bool line_is_whole(const char *line, size_t len, uint64_t n,
			  const char *prev, struct error *err)
{
	char head[200], sum[HEX_SIZE];
	int head_len =
		snprintf(head, sizeof(head),
			 "{\"n\":%" PRIu64 ",\"prev\":\"%s\",\"event\":", n,
			 prev);

	if (len < (size_t)head_len + SUM_LEN ||
	    memcmp(line, head, (size_t)head_len) != 0) {
		error_set(err,
			  "line %" PRIu64 ": does not follow the line before",
			  n);
		return false;
	}
	if (!sha256_hex(line, len - SUM_LEN, sum) ||
	    memcmp(line + len - SUM_LEN, ",\"sum\":\"", 8) != 0 ||
	    memcmp(line + len - SUM_LEN + 8, sum, 64) != 0 ||
	    memcmp(line + len - 2, "\"}", 2) != 0) {
		error_set(err, "line %" PRIu64 ": was altered", n);
		return false;
	}
	return true;
}

static bool verify_lines(FILE *in, uint64_t *lines, struct error *err)
{
	char prev[HEX_SIZE] = "";
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	bool ok = true;

	memset(prev, '0', HEX_SIZE - 1);
	*lines = 0;
	while (ok && (len = getline(&line, &cap, in)) > 0) {
		if (line[len - 1] != '\n') {
			error_set(err, "line %" PRIu64 ": is torn", *lines + 1);
			ok = false;
			break;
		}
		ok = line_is_whole(line, (size_t)len - 1, *lines + 1, prev,
				   err) &&
		     sha256_hex(line, (size_t)len - 1, prev);
		*lines += ok;
	}
	free(line);
	return ok;
}

bool journal_verify(const char *path, uint64_t *lines, struct error *err)
{
	FILE *in = fopen(path, "re");
	struct error found;
	bool ok;

	if (in == NULL)
		return fail(err, path, "open");
	ok = verify_lines(in, lines, &found);
	fclose(in);
	if (!ok)
		error_set(err, "%s: %s", path, found.text);
	return ok;
}
