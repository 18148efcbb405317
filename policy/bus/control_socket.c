/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/control_socket.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/bus/control.h"
#include "policy/bus/member.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

static bool address_of(const char *path, struct sockaddr_un *out,
		       struct error *err)
{
	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	if (path[0] == '\0' || strlen(path) >= sizeof(out->sun_path)) {
		error_set(err,
			  "%s: the path of a unix socket has 1 to %zu octets",
			  path, sizeof(out->sun_path) - 1);
		return false;
	}
	strcpy(out->sun_path, path);
	return true;
}

static int new_socket(const char *path, struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		error_set(err, "%s: cannot make a socket: %s", path,
			  strerror(errno));
	return fd;
}

/* EAGAIN is a full backlog: somebody is there. */
static int connect_to(int fd, const struct sockaddr_un *address)
{
	int rc =
		connect(fd, (const struct sockaddr *)address, sizeof(*address));

	return rc == 0 ? 0 : errno;
}

/* Removes a socket file that nobody answers on. */
static bool clear_stale(const struct sockaddr_un *address, struct error *err)
{
	struct stat st;
	int fd, problem;

	if (lstat(address->sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode)) {
		error_set(err, "%s: is there and is not a socket",
			  address->sun_path);
		return false;
	}
	fd = new_socket(address->sun_path, err);
	if (fd < 0)
		return false;
	problem = connect_to(fd, address);
	close(fd);
	if (problem != ECONNREFUSED && problem != ENOENT) {
		error_set(err, "%s: in use by another process",
			  address->sun_path);
		return false;
	}
	unlink(address->sun_path);
	return true;
}

int control_socket_bind(const char *path, struct error *err)
{
	struct sockaddr_un address;
	mode_t before;
	int fd, rc;

	if (!address_of(path, &address, err) || !clear_stale(&address, err))
		return -1;
	fd = new_socket(path, err);
	if (fd < 0)
		return -1;
	/* Set before bind(2): chmod(2) after it would leave a gap. */
	before = umask(0117);
	rc = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(before);
	if (rc != 0) {
		error_set(err, "%s: cannot bind: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

/* Waits for fd until the deadline; false at it. */
static bool wait_for(int fd, short what, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = what };
	int64_t left_ms;

	do {
		left_ms = deadline_ms - clock_now_ms();
		if (left_ms <= 0)
			return false;
	} while (poll(&p, 1, left_ms > 1000 ? 1000 : (int)left_ms) <= 0);
	return true;
}

static bool send_all(int fd, const char *at, size_t len, int64_t deadline_ms)
{
	while (len > 0) {
		ssize_t put = send(fd, at, len, MSG_NOSIGNAL);

		if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (!wait_for(fd, POLLOUT, deadline_ms))
				return false;
			continue;
		}
		if (put < 0)
			return false;
		at += put;
		len -= (size_t)put;
	}
	return true;
}

/* A whole line without its end, which the caller frees; NULL: none came. */
static char *receive_line(int fd, size_t *len, int64_t deadline_ms)
{
	char *line = malloc(CONTROL_LINE_MAX + 1);
	size_t used = 0;

	while (line != NULL && used < CONTROL_LINE_MAX) {
		ssize_t got = recv(fd, line + used, CONTROL_LINE_MAX - used, 0);
		char *end;

		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (wait_for(fd, POLLIN, deadline_ms))
				continue;
			break;
		}
		if (got <= 0)
			break;
		end = memchr(line + used, '\n', (size_t)got);
		used += (size_t)got;
		if (end != NULL) {
			*len = (size_t)(end - line);
			return line;
		}
	}
	free(line);
	return NULL;
}

static json_t *talk(int fd, const char *path, const char *text,
		    int64_t deadline_ms, struct error *err)
{
	json_t *answer;
	size_t len;
	char *line;

	if (!send_all(fd, text, strlen(text), deadline_ms) ||
	    !send_all(fd, "\n", 1, deadline_ms)) {
		error_set(err, "%s: cannot send the request", path);
		return NULL;
	}
	line = receive_line(fd, &len, deadline_ms);
	if (line == NULL) {
		error_set(err, "%s: no answer%s", path,
			  clock_now_ms() >= deadline_ms ? " in time" : "");
		return NULL;
	}
	answer = member_load("answer", line, len, CONTROL_LINE_MAX, err);
	free(line);
	return answer;
}

/* A full backlog is waited out: that daemon is only busy. */
static bool connect_until(int fd, const struct sockaddr_un *address,
			  int64_t deadline_ms, struct error *err)
{
	int problem = connect_to(fd, address);

	while (problem == EAGAIN && clock_now_ms() < deadline_ms) {
		poll(NULL, 0, 10);
		problem = connect_to(fd, address);
	}
	if (problem != 0)
		error_set(err, "%s: cannot connect: %s", address->sun_path,
			  strerror(problem));
	return problem == 0;
}

json_t *control_ask(const char *path, const json_t *request, int64_t timeout_ms,
		    struct error *err)
{
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	struct sockaddr_un address;
	json_t *answer = NULL;
	char *text;
	int fd;

	if (!address_of(path, &address, err))
		return NULL;
	fd = new_socket(path, err);
	if (fd < 0)
		return NULL;
	text = json_dumps(request, JSON_COMPACT);
	if (text == NULL)
		error_set(err, "%s: out of memory", path);
	else if (connect_until(fd, &address, deadline_ms, err))
		answer = talk(fd, path, text, deadline_ms, err);
	free(text);
	close(fd);
	return answer;
}
