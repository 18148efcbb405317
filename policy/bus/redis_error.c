/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_error.h"

#include "policy/bus/redis_url.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct redis_error rows[] = {
	{ "WRONGPASS",   "the user or the password is wrong",                              true,  false, false },
	{ "NOAUTH",      "the server wants a password: put USER:PASSWORD@ into the url",   true,  false, false },
	{ "NOPERM",      "this user may not do that: see contrib/redis",                   false, false, false },
	{ "OOM",         "the server's memory is full, it refuses writes",                 false, false, true },
	{ "LOADING",     "the server is still loading its data",                           true,  false, false },
	{ "READONLY",    "the server is a replica, it refuses writes",                     true,  false, false },
	{ "MASTERDOWN",  "the server is a replica that has lost its primary",              true,  false, false },
	{ "MOVED",       "another node of the cluster holds the keys",                     true,  false, false },
	{ "ASK",         "the cluster is moving the keys to another node",                 false, false, false },
	{ "TRYAGAIN",    "the cluster is moving the keys to another node",                 false, false, false },
	{ "CLUSTERDOWN", "the cluster does not serve the keys",                            true,  false, false },
	{ "MISCONF",     "the server cannot save to disk, it refuses writes",              false, false, true },
	{ "NOREPLICAS",  "too few replicas are in reach, the server refuses writes",       false, false, true },
	{ "BUSY",        "the server is busy with somebody's script",                      false, false, false },
	{ "UNKILLABLE",  "the server is busy with somebody's script",                      false, false, false },
	{ "WRONGTYPE",   "a key holds another type than Windrose writes: delete it",       false, true,  false },
	{ "MAXCLIENTS",  "the server has too many clients",                                true,  false, false },
};
/* clang-format on */

static const struct redis_error unknown = {
	"ERR", "the server refused a command", false, false, false,
};

/* "CODE " in front, or "-CODE " inside. */
static bool names(const char *text, const char *code)
{
	char inside[24];
	size_t len = strlen(code);

	if (strncmp(text, code, len) == 0 && text[len] == ' ')
		return true;
	snprintf(inside, sizeof(inside), "-%s ", code);
	return strstr(text, inside) != NULL;
}

const struct redis_error *redis_error_of(const char *text)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (names(text, rows[i].code))
			return &rows[i];
	/* Redis 6 and 7.0 name no code for what a script may not do. */
	if (strstr(text, "can't run this command") != NULL ||
	    strstr(text, "can't access at least one of the keys") != NULL)
		return redis_error_of("NOPERM ");
	if (strncmp(text, "ERR max number of clients", 25) == 0)
		return redis_error_of("MAXCLIENTS ");
	return &unknown;
}

bool redis_error_is_known(const struct redis_error *error)
{
	return error != &unknown;
}

bool redis_error_place(const char *text, const struct redis_place *asked,
		       struct redis_place *out)
{
	static const char moved[] = "MOVED ";
	struct redis_place place = *asked;
	const char *host, *colon;
	unsigned long port;
	char *end;

	if (strncmp(text, moved, sizeof(moved) - 1) != 0)
		return false;
	host = strchr(text + sizeof(moved) - 1, ' ');
	colon = strrchr(text, ':');
	if (host == NULL || colon == NULL || colon <= host ||
	    (size_t)(colon - ++host) >= sizeof(place.host) || colon[1] < '0' ||
	    colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	if (port == 0 || port > UINT16_MAX || *end != '\0' || *host == '?')
		return false;
	if (colon > host) {
		memcpy(place.host, host, (size_t)(colon - host));
		place.host[colon - host] = '\0';
	}
	place.port = (uint16_t)port;
	*out = place;
	return true;
}
