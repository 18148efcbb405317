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

enum {
	LOT = 200,             /* descriptors a message; the kernel takes 253 */
	LINE_FIRST = 64 << 10, /* octets of room for an answer, at first */
};

/* Room for a lot of descriptors. */
union lot {
	struct cmsghdr header;
	char octets[CMSG_SPACE(LOT * sizeof(int))];
};

static bool give_lot(int fd, const int *fds, size_t count)
{
	char blank = ' ';
	struct iovec iov = { &blank, 1 };
	union lot lot = { .octets = { 0 } };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = lot.octets,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	return sendmsg(fd, &message, MSG_NOSIGNAL) == 1;
}

bool control_socket_give(int fd, const int *fds, size_t count)
{
	bool ok = count <= CONTROL_DESCRIPTORS_MAX;

	for (size_t lot; ok && count > 0; fds += lot, count -= lot) {
		lot = count < LOT ? count : LOT;
		ok = give_lot(fd, fds, lot);
	}
	return ok;
}

/* What came beside the octets; those that nobody wants are closed. */
static void take_lot(struct msghdr *message, struct control_taken *out)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);

	for (; c != NULL; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int fds[LOT];

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(fds, CMSG_DATA(c), count * sizeof(int));
		for (size_t i = 0; i < count; i++) {
			if (out != NULL && out->count < CONTROL_DESCRIPTORS_MAX)
				out->fds[out->count++] = fds[i];
			else
				close(fds[i]);
		}
	}
}

static ssize_t receive(int fd, char *at, size_t room, struct control_taken *out)
{
	struct iovec iov = { at, room };
	union lot lot;
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = lot.octets,
		.msg_controllen = sizeof(lot.octets),
	};
	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	if (got > 0)
		take_lot(&message, out);
	return got;
}

/* Twice as long, up to the longest line there is; false: there is no more. */
static bool grow(char **line, size_t *room)
{
	size_t more = *room == 0 ? LINE_FIRST : *room * 2;
	char *grown;

	if (more > CONTROL_ANSWER_MAX + 1)
		more = CONTROL_ANSWER_MAX + 1;
	grown = more <= *room ? NULL : realloc(*line, more);
	if (grown == NULL)
		return false;
	*line = grown;
	*room = more;
	return true;
}

/* A whole line without its end, which the caller frees; NULL: none came. */
static char *receive_line(int fd, size_t *len, struct control_taken *out,
			  int64_t deadline_ms)
{
	char *line = NULL;
	size_t used = 0, room = 0;

	while (used < room || grow(&line, &room)) {
		ssize_t got = receive(fd, line + used, room - used, out);
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

/* One question: where, what, until when, and what comes beside the answer. */
struct asking {
	const char *path;
	const json_t *request;
	int64_t deadline_ms;
	struct control_taken *taken; /* NULL: nothing is wanted */
};

static json_t *talk(int fd, const struct asking *a, const char *text,
		    struct error *err)
{
	json_t *answer;
	size_t len;
	char *line;

	if (!send_all(fd, text, strlen(text), a->deadline_ms) ||
	    !send_all(fd, "\n", 1, a->deadline_ms)) {
		error_set(err, "%s: cannot send the request", a->path);
		return NULL;
	}
	line = receive_line(fd, &len, a->taken, a->deadline_ms);
	if (line == NULL) {
		error_set(err, "%s: no answer%s", a->path,
			  clock_now_ms() >= a->deadline_ms ? " in time" : "");
		return NULL;
	}
	answer = member_load("answer", line, len, CONTROL_ANSWER_MAX, err);
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

static json_t *ask(const struct asking *a, struct error *err)
{
	struct sockaddr_un address;
	json_t *answer = NULL;
	char *text;
	int fd;

	if (!address_of(a->path, &address, err))
		return NULL;
	fd = new_socket(a->path, err);
	if (fd < 0)
		return NULL;
	text = json_dumps(a->request, JSON_COMPACT);
	if (text == NULL)
		error_set(err, "%s: out of memory", a->path);
	else if (connect_until(fd, &address, a->deadline_ms, err))
		answer = talk(fd, a, text, err);
	free(text);
	close(fd);
	return answer;
}

json_t *control_ask(const char *path, const json_t *request, int64_t timeout_ms,
		    struct error *err)
{
	const struct asking a = {
		.path = path,
		.request = request,
		.deadline_ms = clock_now_ms() + timeout_ms,
	};

	return ask(&a, err);
}

json_t *control_take(const char *path, const json_t *request,
		     int64_t timeout_ms, struct control_taken *out,
		     struct error *err)
{
	const struct asking a = {
		.path = path,
		.request = request,
		.deadline_ms = clock_now_ms() + timeout_ms,
		.taken = out,
	};

	out->count = 0;
	out->fds = calloc(CONTROL_DESCRIPTORS_MAX, sizeof(*out->fds));
	if (out->fds != NULL)
		return ask(&a, err);
	error_set(err, "%s: out of memory", path);
	return NULL;
}

bool control_is_there(const char *path)
{
	struct sockaddr_un address;
	struct error err;
	int fd, problem;

	if (!address_of(path, &address, &err))
		return false;
	fd = new_socket(path, &err);
	if (fd < 0)
		return false;
	problem = connect_to(fd, &address);
	close(fd);
	return problem == 0 || problem == EAGAIN;
}
