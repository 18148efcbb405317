/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/spare_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIRST = 10000, COUNT = 22000, TRIES = 1000 };

/* The socket stays open: its name in the abstract space is the claim. */
static bool claim(unsigned port)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1,
			   "windrose-port-%u", port);

	if (bind(fd, (struct sockaddr *)&name,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			     (size_t)len)) == 0)
		return true;
	close(fd);
	return false;
}

static bool is_free(unsigned port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	close(fd);
	return ok;
}

int spare_port(void)
{
	for (int i = 0; i < TRIES; i++) {
		uint32_t drawn = 0;
		unsigned port;

		assert_int_equal(getrandom(&drawn, sizeof(drawn), 0),
				 sizeof(drawn));
		port = FIRST + drawn % COUNT;
		if (claim(port) && is_free(port))
			return (int)port;
	}
	fail_msg("no port is free");
	return -1;
}
