/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a file of cookie secrets: it is taken or refused with a place,
 * and a cookie that is made with what was taken is good.
 */
#include "dns/cookie.h"
#include "policy/base/error.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_made(const struct cookie_secrets *secrets)
{
	const struct net_addr client = net_from_v4(0x0a010101);
	struct cookie cookie = { .client = { 7 } };
	uint8_t made[COOKIE_OCTETS], again[COOKIE_OCTETS];

	require(cookie_turn(&cookie, secrets, &client, 5, made) ==
		COOKIE_CLIENT);
	require(cookie_parse(made, sizeof(made), &cookie));
	require(cookie_turn(&cookie, secrets, &client, 6, again) ==
		COOKIE_GOOD);
	require(memcmp(made, again, sizeof(made)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	char *text = malloc(len + 1);
	struct cookie_secrets secrets;
	struct error err = { 0 };

	require(text != NULL);
	if (len > 0)
		memcpy(text, octets, len);
	text[len] = '\0';
	if (cookie_secrets_parse(text, "secrets", &secrets, &err)) {
		require(secrets.count > 0 &&
			secrets.count <= COOKIE_SECRETS_MAX);
		check_made(&secrets);
	} else {
		require(err.text[0] != '\0' && err.at.file != NULL);
	}
	free(text);
	return 0;
}
