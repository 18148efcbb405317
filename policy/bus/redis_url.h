/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_url -- where a Redis bus is, and as whom to speak to it.
 *
 *   redis://[[user]:password@]host[:port][,host...][/env][?key=value...]
 *   rediss://...                                          the same over TLS
 *   redis+sentinel://[[user]:password@]host[:port][,host...]/NAME[/env][?...]
 *   rediss+sentinel://...                                 the same over TLS
 *   redis+unix:///path[?env=NAME...]
 *
 * Several hosts are tried in turn: nodes of a Redis Cluster, or sentinels.
 * Ports are 6379, for sentinels 26379, unless given.  ENV is 1 to 32 of
 * a-z A-Z 0-9 . _ -, "default" when absent; NAME, up to 64 of the same, is the
 * master as the sentinels call it; an IPv6 address stands in brackets.  Keys
 * after "?", joined by "&":
 *
 *   ca=FILE cert=FILE key=FILE   TLS: see policy/bus/redis_tls.h
 *   read=master|replica          where to read and to listen
 *   password=FILE                where the password is, instead of in the url,
 *                                whose login is then USER@ or none
 *   sentinel=[USER]:PASSWORD     as whom to speak to the sentinels
 *   sentinel-password=FILE       likewise; sentinel=USER or none
 *
 * User, password, path and values may be percent-encoded (RFC 3986, 2.1).
 * Pure.
 */
#ifndef POLICY_BUS_REDIS_URL_H
#define POLICY_BUS_REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum { REDIS_TEXT_SIZE = 256, REDIS_PLACES_MAX = 16 };

/* Where one server listens: by name or address. */
struct redis_place {
	char host[REDIS_TEXT_SIZE]; /* no brackets; "": the url's path */
	uint16_t port;
};

struct redis_login {
	char user[REDIS_TEXT_SIZE]; /* "": the default user */
	char password[REDIS_TEXT_SIZE];
	bool has_password;
	char file[REDIS_TEXT_SIZE]; /* "": the password is not in one, else
				     * policy/bus/redis_password reads it */
};

struct redis_url {
	struct redis_place places[REDIS_PLACES_MAX]; /* 1 or more */
	size_t place_count;
	char path[REDIS_TEXT_SIZE]; /* of the unix socket */
	struct redis_login login;
	bool tls;
	char ca[REDIS_TEXT_SIZE];                         /* "": the system's */
	char cert[REDIS_TEXT_SIZE], key[REDIS_TEXT_SIZE]; /* both or none */
	char master[65]; /* "": places are Redis servers, not sentinels */
	struct redis_login sentinel;
	bool from_replica; /* read there when one is good */
	char env[33];
};

/* False with err set, which never shows a password. */
bool redis_url_parse(const char *text, struct redis_url *out,
		     struct error *err);

#endif
