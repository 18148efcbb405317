/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_farm -- thousands of endpoints that are well, as one process.
 *
 *   bench_farm --port N [--keep]
 *
 * Listens on all IPv4 addresses of this machine, which all of 127.0.0.0/8 are.
 * A connection that asks is answered by one HTTP response, whose body is "ok",
 * and closed by us, so that what is left of it (TIME-WAIT) is ours and not the
 * prober's; with --keep it may ask again.  Ends by SIGTERM.
 */
#include "policy/base/error.h"
#include "policy/base/option.h"
#include "policy/base/process.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FARM_BACKLOG = 16384, FARM_EVENTS = 256 };

static const char last_answer[] = "HTTP/1.1 200 OK\r\n"
				  "Content-Length: 2\r\n"
				  "Connection: close\r\n\r\nok";
static const char answer[] = "HTTP/1.1 200 OK\r\n"
			     "Content-Length: 2\r\n\r\nok";

/* The listening socket; -1: errno says why. */
static int open_listener(unsigned port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
					.sin_port = htons((uint16_t)port) };
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd >= 0 &&
	    (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	     bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	     listen(fd, FARM_BACKLOG) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool watch(int loop, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void accept_all(int loop, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		if (!watch(loop, fd))
			close(fd);
}

/* A request is one segment on loopback; a second one, or an end, is no
 * question. */
static void serve(int fd, bool keeps)
{
	const char *text = keeps ? answer : last_answer;
	char request[4096];
	ssize_t got = read(fd, request, sizeof(request));

	if (got < 0 && errno == EAGAIN)
		return;
	if (got > 0 && send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		perror("bench_farm: send");
	if (got <= 0 || !keeps)
		close(fd);
}

static int run(unsigned port, bool keeps)
{
	struct epoll_event events[FARM_EVENTS];
	int loop = epoll_create1(0), listener = open_listener(port);

	if (loop < 0 || listener < 0 || !watch(loop, listener)) {
		perror("bench_farm");
		return 1;
	}
	for (;;) {
		int count = epoll_wait(loop, events, FARM_EVENTS, -1);

		for (int i = 0; i < count; i++)
			if (events[i].data.fd == listener)
				accept_all(loop, listener);
			else
				serve(events[i].data.fd, keeps);
	}
}

int main(int argc, char **argv)
{
	unsigned port = 8080;
	bool keeps = false;
	const struct option_row rows[] = {
		{ "port", OPTION_NUMBER, &port, "N",
		  "listen on this port (default 8080)", 1, 65535 },
		{ "keep", OPTION_FLAG, &keeps, NULL,
		  "do not close what was answered", 0, 0 },
	};
	const size_t row_count = sizeof(rows) / sizeof(rows[0]);
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	struct error err = { 0 };
	int left = option_parse(rows, row_count, argc, argv, operands, &err);

	free(operands);
	if (left != 0) {
		fprintf(stderr, "bench_farm: %s\n", err.text);
		option_print(rows, row_count, stderr);
		return 1;
	}
	process_raise_descriptors();
	return run(port, keeps);
}
