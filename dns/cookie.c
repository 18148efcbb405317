/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/cookie.h"

#include "dns/wire.h"
#include "policy/base/error.h"

#include <string.h>

enum {
	COOKIE_VERSION = 1,
	VERSION_AT = COOKIE_CLIENT_OCTETS,
	TIMESTAMP_AT = VERSION_AT + 4,
	HASH_AT = TIMESTAMP_AT + 4,
};

bool cookie_parse(const uint8_t *octets, size_t len, struct cookie *out)
{
	size_t server = len - COOKIE_CLIENT_OCTETS;

	if (len < COOKIE_CLIENT_OCTETS || server > COOKIE_SERVER_OCTETS_MAX ||
	    (server > 0 && server < COOKIE_SERVER_OCTETS_MIN))
		return false;
	memcpy(out->client, octets, COOKIE_CLIENT_OCTETS);
	memcpy(out->server, octets + COOKIE_CLIENT_OCTETS, server);
	out->server_octets = (uint8_t)server;
	return true;
}

/* Over all that stands before the hash, and the address: RFC 9018, 4.4. */
static uint64_t hash_of(const uint8_t *cookie, const struct net_addr *client,
			struct siphash_key key)
{
	uint8_t input[HASH_AT + sizeof(client->octets)];
	size_t address = net_octets(client->family);

	memcpy(input, cookie, HASH_AT);
	memcpy(input + HASH_AT, client->octets, address);
	return siphash(key, input, HASH_AT + address);
}

static uint64_t hash_read(const uint8_t *cookie)
{
	uint64_t hash = 0;

	for (size_t i = COOKIE_OCTETS; i-- > HASH_AT;)
		hash = hash << 8 | cookie[i];
	return hash;
}

static void hash_write(uint8_t *cookie, uint64_t hash)
{
	for (size_t i = HASH_AT; i < COOKIE_OCTETS; i++, hash >>= 8)
		cookie[i] = (uint8_t)hash;
}

/* Serial numbers, RFC 1982: time may pass 2^32. */
static int32_t age_s(const uint8_t *cookie, uint32_t now_s)
{
	struct reader r = reader_over(cookie + TIMESTAMP_AT, 4);

	return (int32_t)(now_s - reader_u32(&r));
}

/* Which secret made it: its index, or count for none of them. */
static size_t made_with(const uint8_t *cookie,
			const struct cookie_secrets *secrets,
			const struct net_addr *client)
{
	uint64_t hash = hash_read(cookie);
	size_t i = 0;

	while (i < secrets->count &&
	       hash_of(cookie, client, secrets->keys[i]) != hash)
		i++;
	return i;
}

static void make(uint8_t *answer, const struct cookie_secrets *secrets,
		 const struct net_addr *client, uint32_t now_s)
{
	struct wire w = wire_over(answer, COOKIE_OCTETS);

	w.len = VERSION_AT; /* the client's cookie is there */
	wire_put_u32(&w, (uint32_t)COOKIE_VERSION << 24);
	wire_put_u32(&w, now_s);
	hash_write(answer, hash_of(answer, client, secrets->keys[0]));
}

enum cookie_verdict cookie_turn(const struct cookie *cookie,
				const struct cookie_secrets *secrets,
				const struct net_addr *client, uint32_t now_s,
				uint8_t answer[static COOKIE_OCTETS])
{
	enum cookie_verdict verdict =
		cookie->server_octets == 0 ? COOKIE_CLIENT : COOKIE_BAD;
	size_t secret;
	int32_t age;

	memcpy(answer, cookie->client, COOKIE_CLIENT_OCTETS);
	if (cookie->server_octets == COOKIE_SERVER_OCTETS &&
	    cookie->server[0] == COOKIE_VERSION) {
		memcpy(answer + VERSION_AT, cookie->server,
		       COOKIE_SERVER_OCTETS);
		secret = made_with(answer, secrets, client);
		age = age_s(answer, now_s);
		if (secret < secrets->count && age <= COOKIE_PAST_S &&
		    age >= -COOKIE_FUTURE_S)
			verdict = COOKIE_GOOD;
		if (verdict == COOKIE_GOOD && secret == 0 &&
		    age <= COOKIE_RENEW_S)
			return COOKIE_GOOD;
	}
	make(answer, secrets, client, now_s);
	return verdict;
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool secret_read(const char *line, size_t len, struct siphash_key *out)
{
	uint8_t octets[SIPHASH_KEY_OCTETS];

	if (len != 2 * SIPHASH_KEY_OCTETS)
		return false;
	for (size_t i = 0; i < SIPHASH_KEY_OCTETS; i++) {
		int high = digit_of(line[2 * i]);
		int low = digit_of(line[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	*out = siphash_key_of(octets);
	return true;
}

/* One line of len octets; at has its place.  False with err set. */
static bool line_read(const char *line, size_t len, struct place at,
		      struct cookie_secrets *out, struct error *err)
{
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0 || line[0] == '#')
		return true;
	if (out->count == COOKIE_SECRETS_MAX) {
		error_at(err, at, "more than %d cookie secrets",
			 COOKIE_SECRETS_MAX);
		return false;
	}
	if (!secret_read(line, len, &out->keys[out->count])) {
		error_at(err, at,
			 "not a cookie secret: 32 hexadecimal digits, as "
			 "`openssl rand -hex 16` gives");
		return false;
	}
	out->count++;
	return true;
}

bool cookie_secrets_parse(const char *text, const char *path,
			  struct cookie_secrets *out, struct error *err)
{
	struct cookie_secrets secrets = { 0 };
	struct place at = { .file = path };

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		at.line++;
		if (!line_read(text, len, at, &secrets, err))
			return false;
		text += len + (text[len] == '\n');
	}
	if (secrets.count == 0) {
		error_at(err, (struct place){ .file = path },
			 "no cookie secret: write one line of 32 "
			 "hexadecimal digits");
		return false;
	}
	*out = secrets;
	return true;
}
