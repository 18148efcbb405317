/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a url, or a server's error, sends us: what is accepted is whole, and
 * says where to go.
 */
#include "policy/base/error.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_url(const struct redis_url *url)
{
	check(url->place_count >= 1 && url->place_count <= REDIS_PLACES_MAX);
	for (size_t i = 0; i < url->place_count; i++)
		check((url->places[i].host[0] != '\0' &&
		       url->places[i].port != 0) ||
		      url->path[0] == '/');
	check(url->env[0] != '\0' && strpbrk(url->env, "{}: /") == NULL);
	check(strpbrk(url->master, "/? ") == NULL);
	check((url->cert[0] == '\0') == (url->key[0] == '\0'));
	check(url->tls || (url->ca[0] == '\0' && url->cert[0] == '\0'));
	check(url->login.has_password == (url->login.password[0] != '\0'));
	check(!url->login.has_password || url->login.file[0] == '\0');
	check(!url->sentinel.has_password || url->master[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const struct redis_place asked = { "asked", 7 };
	char *text = malloc(len + 1);
	struct redis_place place;
	struct redis_url url;
	struct error err = { .text = "" };

	if (text == NULL)
		return 0;
	memcpy(text, octets, len);
	text[len] = '\0';
	if (redis_url_parse(text, &url, &err))
		check_url(&url);
	else
		check(err.text[0] != '\0');
	if (redis_error_place(text, &asked, &place))
		check(place.host[0] != '\0' && place.port != 0);
	check(redis_error_of(text)->words != NULL);
	free(text);
	return 0;
}
