/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/activation.h"

#include "dns/listeners.h"
#include "policy/base/error.h"

#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

enum { FIRST = 3, COUNT_MAX = 1024 };

static long read_number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long number;

	if (text == NULL)
		return 0;
	number = strtol(text, &end, 10);
	return *end == '\0' ? number : 0;
}

/* Takes the next of names off, which are divided by colons. */
static bool next_is_dot(const char **names)
{
	size_t len = strcspn(*names, ":");
	bool is_dot = len == strlen(ACTIVATION_DOT) &&
		      memcmp(*names, ACTIVATION_DOT, len) == 0;

	*names += len + ((*names)[len] != '\0');
	return is_dot;
}

static enum listener_kind kind_of(int fd, bool dot)
{
	int type = 0;
	socklen_t len = sizeof(type);

	/* What is no socket is refused as TCP, with words. */
	(void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return dot                  ? LISTENER_DOT
	       : type == SOCK_DGRAM ? LISTENER_UDP
				    : LISTENER_TCP;
}

static bool take(struct listeners *given, long count, const char *names,
		 struct error *err)
{
	if (count > COUNT_MAX) {
		error_set(err, "LISTEN_FDS is %ld; at most %d sockets", count,
			  COUNT_MAX);
		return false;
	}
	for (int fd = FIRST; fd < FIRST + (int)count; fd++)
		if (!listeners_adopt(given, fd,
				     kind_of(fd, next_is_dot(&names)), err))
			return false;
	return true;
}

bool activation_take(struct listeners *given, struct error *err)
{
	long count = read_number("LISTEN_FDS");
	bool ours = read_number("LISTEN_PID") == getpid();
	const char *names = getenv("LISTEN_FDNAMES");
	bool ok = !ours || count <= 0 ||
		  take(given, count, names == NULL ? "" : names, err);

	/* Nothing that is executed from here on shall think it is meant. */
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return ok;
}
