/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_url.h"

#include "policy/base/error.h"

#include <stddef.h>
#include <string.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* len octets of text, percent-decoded; no NUL, and must fit. */
static bool decode(const char *text, size_t len, char out[REDIS_TEXT_SIZE])
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		int octet = (unsigned char)text[i];

		if (text[i] == '%') {
			if (i + 2 >= len || hex_value(text[i + 1]) < 0 ||
			    hex_value(text[i + 2]) < 0)
				return false;
			octet = hex_value(text[i + 1]) * 16 +
				hex_value(text[i + 2]);
			i += 2;
		}
		if (octet == 0 || used + 1 >= REDIS_TEXT_SIZE)
			return false;
		out[used++] = (char)octet;
	}
	out[used] = '\0';
	return true;
}

static bool parse_env(const char *text, struct redis_url *out,
		      struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t len = strlen(text);

	if (len == 0) {
		strcpy(out->env, "default");
		return true;
	}
	if (len >= sizeof(out->env) || strspn(text, allowed) != len) {
		error_set(err, "redis url: the environment is not 1 to 32 "
			       "letters, digits, \".\", \"_\", \"-\"");
		return false;
	}
	memcpy(out->env, text, len + 1);
	return true;
}

/* [user]:password */
static bool parse_user(const char *text, size_t len, struct redis_url *out,
		       struct error *err)
{
	const char *colon = memchr(text, ':', len);
	size_t user = colon == NULL ? len : (size_t)(colon - text);

	if (colon == NULL || !decode(text, user, out->user) ||
	    !decode(colon + 1, len - user - 1, out->password) ||
	    out->password[0] == '\0') {
		error_set(err, "redis url: before \"@\" must stand "
			       "USER:PASSWORD, percent-encoded");
		return false;
	}
	out->has_password = true;
	return true;
}

static bool parse_port(const char *text, size_t len, uint16_t *out)
{
	unsigned port = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	*out = (uint16_t)port;
	return port >= 1 && port <= 65535;
}

/* host[:port] or [address][:port] */
static bool parse_host(const char *text, size_t len, struct redis_url *out,
		       struct error *err)
{
	const char *end = text + len, *host_end, *host = text;
	bool ok;

	if (len > 0 && *text == '[') {
		host = text + 1;
		host_end = memchr(text, ']', len);
	} else {
		host_end = memchr(text, ':', len);
		if (host_end == NULL)
			host_end = end;
	}
	ok = host_end != NULL && host_end > host &&
	     decode(host, (size_t)(host_end - host), out->host);
	if (ok && *text == '[')
		host_end++;
	out->port = 6379;
	if (ok && host_end != end)
		ok = *host_end == ':' &&
		     parse_port(host_end + 1, (size_t)(end - host_end - 1),
				&out->port);
	if (!ok)
		error_set(err, "redis url: what stands for HOST[:PORT] is "
			       "malformed");
	return ok;
}

static bool parse_unix(const char *text, struct redis_url *out,
		       struct error *err)
{
	const char *query = strchr(text, '?');
	size_t len = query == NULL ? strlen(text) : (size_t)(query - text);

	if (*text != '/' || !decode(text, len, out->path)) {
		error_set(err, "redis url: redis+unix:// is followed by the "
			       "socket's absolute path");
		return false;
	}
	if (query == NULL)
		return parse_env("", out, err);
	if (strncmp(query, "?env=", 5) != 0) {
		error_set(err, "redis url: only \"?env=NAME\" may follow a "
			       "path");
		return false;
	}
	return parse_env(query + 5, out, err);
}

static bool parse_tcp(const char *text, struct redis_url *out,
		      struct error *err)
{
	size_t len = strcspn(text, "/?#");
	const char *after = text + len, *at = NULL;

	for (size_t i = 0; i < len; i++)
		if (text[i] == '@')
			at = text + i;
	if (at != NULL) {
		if (!parse_user(text, (size_t)(at - text), out, err))
			return false;
		len -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	return parse_host(text, len, out, err) &&
	       parse_env(*after == '/' ? after + 1 : after, out, err);
}

bool redis_url_parse(const char *text, struct redis_url *out, struct error *err)
{
	static const char tcp[] = "redis://", local[] = "redis+unix://";
	struct redis_url url = { 0 };
	bool ok;

	if (strncmp(text, tcp, sizeof(tcp) - 1) == 0) {
		ok = parse_tcp(text + sizeof(tcp) - 1, &url, err);
	} else if (strncmp(text, local, sizeof(local) - 1) == 0) {
		ok = parse_unix(text + sizeof(local) - 1, &url, err);
	} else {
		error_set(err, "redis url: begins with neither redis:// nor "
			       "redis+unix://");
		ok = false;
	}
	if (ok)
		*out = url;
	return ok;
}
