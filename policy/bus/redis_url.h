/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_url -- where a Redis server is, and as whom to speak to it.
 *
 *   redis://[[user]:password@]host[:port][/env]     port 6379
 *   redis+unix:///path[?env=NAME]
 *
 * ENV is 1 to 32 of a-z A-Z 0-9 . _ -, "default" when absent; an IPv6 address
 * stands in brackets; user, password and path may be percent-encoded (RFC
 * 3986, 2.1).  Pure.
 */
#ifndef POLICY_BUS_REDIS_URL_H
#define POLICY_BUS_REDIS_URL_H

#include <stdbool.h>
#include <stdint.h>

struct error;

enum { REDIS_TEXT_SIZE = 256 };

struct redis_url {
	char host[REDIS_TEXT_SIZE]; /* "" for a unix socket */
	uint16_t port;
	char path[REDIS_TEXT_SIZE]; /* of the unix socket */
	char user[REDIS_TEXT_SIZE]; /* "": the default user */
	char password[REDIS_TEXT_SIZE];
	bool has_password;
	char env[33];
};

/* False with err set, which never shows the password. */
bool redis_url_parse(const char *text, struct redis_url *out,
		     struct error *err);

#endif
