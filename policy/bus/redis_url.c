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

/* A word of what a name may be; what it is for is told when it is not. */
static bool parse_word(const char *text, size_t len, char *out, size_t size)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	if (len == 0 || len >= size || strspn(text, allowed) < len)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

static bool parse_env(const char *text, size_t len, struct redis_url *out,
		      struct error *err)
{
	if (parse_word(text, len, out->env, sizeof(out->env)))
		return true;
	error_set(err, "redis url: the environment is not 1 to 32 letters, "
		       "digits, \".\", \"_\", \"-\"");
	return false;
}

/* [user]:password, or a user whose password is in a file. */
static bool parse_login(const char *text, size_t len, struct redis_login *out)
{
	const char *colon = memchr(text, ':', len);
	size_t user = colon == NULL ? len : (size_t)(colon - text);

	if (!decode(text, user, out->user))
		return false;
	if (colon == NULL)
		return user > 0;
	out->has_password = decode(colon + 1, len - user - 1, out->password) &&
			    out->password[0] != '\0';
	return out->has_password;
}

static const char login_form[] =
	"before \"@\" must stand USER:PASSWORD, percent-encoded, or USER, and "
	"after \"?\" password=FILE";
static const char sentinel_form[] =
	"sentinel= needs USER:PASSWORD, percent-encoded, or USER, and then "
	"sentinel-password=FILE";

/* A user alone is half a login, two passwords are one too many. */
static bool judge_login(const struct redis_login *login, const char *form,
			struct error *err)
{
	bool in_file = login->file[0] != '\0';

	if (in_file ? !login->has_password
		    : login->has_password || login->user[0] == '\0')
		return true;
	error_set(err, "redis url: %s", form);
	return false;
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

/* host[:port] or [address][:port]; port is left alone when there is none. */
static bool parse_place(const char *text, size_t len, struct redis_place *out)
{
	const char *end = text + len, *host_end, *host = text;

	if (len > 0 && *text == '[') {
		host = text + 1;
		host_end = memchr(text, ']', len);
	} else {
		host_end = memchr(text, ':', len);
		if (host_end == NULL)
			host_end = end;
	}
	if (host_end == NULL || host_end <= host ||
	    !decode(host, (size_t)(host_end - host), out->host))
		return false;
	if (*text == '[')
		host_end++;
	return host_end == end ||
	       (*host_end == ':' &&
		parse_port(host_end + 1, (size_t)(end - host_end - 1),
			   &out->port));
}

/* place[,place...] */
static bool parse_places(const char *text, size_t len, uint16_t port,
			 struct redis_url *out, struct error *err)
{
	const char *end = text + len;

	for (;; text++) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		const char *stop = comma == NULL ? end : comma;
		struct redis_place *place = &out->places[out->place_count];

		if (out->place_count == REDIS_PLACES_MAX) {
			error_set(err,
				  "redis url: at most %d hosts can be "
				  "named",
				  REDIS_PLACES_MAX);
			return false;
		}
		place->port = port;
		if (!parse_place(text, (size_t)(stop - text), place)) {
			error_set(err, "redis url: what stands for HOST[:PORT] "
				       "is malformed");
			return false;
		}
		out->place_count++;
		text = stop;
		if (comma == NULL)
			return true;
	}
}

/* len octets from text up to the "?" or the end: [/NAME][/ENV] */
static bool parse_path(const char *text, size_t len, bool sentinel,
		       struct redis_url *out, struct error *err)
{
	const char *end = text + len, *at = text;

	if (sentinel) {
		for (at += len > 0 ? 1 : 0; at < end && *at != '/'; at++)
			;
		if (at == text || *text != '/' ||
		    !parse_word(text + 1, (size_t)(at - text - 1), out->master,
				sizeof(out->master))) {
			error_set(err, "redis url: after the sentinels must "
				       "stand /NAME, the master as they call "
				       "it");
			return false;
		}
	}
	/* "#" is no environment. */
	if (at < end && *at == '/')
		at++;
	if (at == end)
		return parse_env("default", 7, out, err);
	return parse_env(at, (size_t)(end - at), out, err);
}

enum parameter_kind {
	TLS_FILE,
	PASSWORD_FILE,
	READ_FROM,
	SENTINEL_LOGIN,
	ENVIRONMENT,
};

/* What may follow the "?". */
static const struct parameter {
	const char *name;
	enum parameter_kind kind;
	size_t at; /* TLS_FILE, PASSWORD_FILE: in struct redis_url */
} parameters[] = {
	{ "ca", TLS_FILE, offsetof(struct redis_url, ca) },
	{ "cert", TLS_FILE, offsetof(struct redis_url, cert) },
	{ "key", TLS_FILE, offsetof(struct redis_url, key) },
	{ "password", PASSWORD_FILE, offsetof(struct redis_url, login.file) },
	{ "read", READ_FROM, 0 },
	{ "sentinel", SENTINEL_LOGIN, 0 },
	{ "sentinel-password", PASSWORD_FILE,
	  offsetof(struct redis_url, sentinel.file) },
	{ "env", ENVIRONMENT, 0 },
};

enum { PARAMETERS = sizeof(parameters) / sizeof(parameters[0]) };

static bool take_file(const struct parameter *p, const char *value, size_t len,
		      struct redis_url *out, struct error *err)
{
	char *file = (char *)out + p->at;

	if (decode(value, len, file) && file[0] != '\0')
		return true;
	error_set(err, "redis url: %s= needs a file's name", p->name);
	return false;
}

static bool take_tls_file(const struct parameter *p, const char *value,
			  size_t len, struct redis_url *out, struct error *err)
{
	if (out->tls)
		return take_file(p, value, len, out, err);
	error_set(err,
		  "redis url: %s= is for TLS: write rediss:// or "
		  "rediss+sentinel://",
		  p->name);
	return false;
}

static bool take_read(const char *value, size_t len, struct redis_url *out,
		      struct error *err)
{
	out->from_replica = len == 7 && memcmp(value, "replica", len) == 0;
	if (out->from_replica ||
	    (len == 6 && memcmp(value, "master", len) == 0))
		return true;
	error_set(err, "redis url: read= is neither master nor replica");
	return false;
}

static bool take_sentinel(const char *value, size_t len, struct redis_url *out,
			  struct error *err)
{
	if (parse_login(value, len, &out->sentinel))
		return true;
	error_set(err, "redis url: %s", sentinel_form);
	return false;
}

static bool take_parameter(const struct parameter *p, const char *value,
			   size_t len, struct redis_url *out, struct error *err)
{
	switch (p->kind) {
	case TLS_FILE:
		return take_tls_file(p, value, len, out, err);
	case PASSWORD_FILE:
		return take_file(p, value, len, out, err);
	case READ_FROM:
		return take_read(value, len, out, err);
	case SENTINEL_LOGIN:
		return take_sentinel(value, len, out, err);
	case ENVIRONMENT:
		if (out->path[0] != '\0')
			return parse_env(value, len, out, err);
		error_set(err, "redis url: the environment stands after the "
			       "host: /NAME");
		return false;
	}
	return false;
}

/* key=value[&key=value...]; each at most once. */
static bool parse_query(const char *text, struct redis_url *out,
			struct error *err)
{
	bool seen[PARAMETERS] = { false };

	for (;;) {
		size_t len = strcspn(text, "&"), name = strcspn(text, "=&"), i;

		for (i = 0; i < PARAMETERS; i++)
			if (strlen(parameters[i].name) == name &&
			    strncmp(parameters[i].name, text, name) == 0)
				break;
		if (i == PARAMETERS || name == len || seen[i]) {
			error_set(err,
				  "redis url: after \"?\" each of ca=, cert=, "
				  "key=, password=, read=, sentinel=, "
				  "sentinel-password= and (of a unix socket) "
				  "env= may stand once, joined by \"&\"");
			return false;
		}
		seen[i] = true;
		if (!take_parameter(&parameters[i], text + name + 1,
				    len - name - 1, out, err))
			return false;
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	if ((out->cert[0] == '\0') == (out->key[0] == '\0'))
		return true;
	error_set(err, "redis url: cert= and key= go together");
	return false;
}

static bool parse_unix(const char *text, struct redis_url *out,
		       struct error *err)
{
	size_t len = strcspn(text, "?");

	out->place_count = 1;
	strcpy(out->env, "default");
	if (*text == '/' && decode(text, len, out->path))
		return true;
	error_set(err, "redis url: redis+unix:// is followed by the socket's "
		       "absolute path");
	return false;
}

static bool parse_tcp(const char *text, bool sentinel, struct redis_url *out,
		      struct error *err)
{
	size_t len = strcspn(text, "/?#"), path = strcspn(text, "?");
	const char *after = text + len, *at = NULL;

	path -= len;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '@')
			at = text + i;
	if (at != NULL) {
		if (!parse_login(text, (size_t)(at - text), &out->login)) {
			error_set(err, "redis url: %s", login_form);
			return false;
		}
		len -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	return parse_places(text, len, sentinel ? 26379 : 6379, out, err) &&
	       parse_path(after, path, sentinel, out, err);
}

static bool judge_logins(const struct redis_url *url, struct error *err)
{
	if ((url->sentinel.user[0] != '\0' || url->sentinel.has_password ||
	     url->sentinel.file[0] != '\0') &&
	    url->master[0] == '\0') {
		error_set(err, "redis url: sentinel= and sentinel-password= "
			       "are for redis+sentinel://");
		return false;
	}
	return judge_login(&url->login, login_form, err) &&
	       judge_login(&url->sentinel, sentinel_form, err);
}

static const struct scheme {
	const char *prefix;
	bool tls, sentinel, local;
} schemes[] = {
	{ "redis://", false, false, false },
	{ "rediss://", true, false, false },
	{ "redis+sentinel://", false, true, false },
	{ "rediss+sentinel://", true, true, false },
	{ "redis+unix://", false, false, true },
};

bool redis_url_parse(const char *text, struct redis_url *out, struct error *err)
{
	const struct scheme *scheme = NULL;
	const char *query = strchr(text, '?');
	struct redis_url url = { 0 };
	bool ok;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(text, schemes[i].prefix,
			    strlen(schemes[i].prefix)) == 0)
			scheme = &schemes[i];
	if (scheme == NULL) {
		error_set(err, "redis url: begins with none of redis://, "
			       "rediss://, redis+sentinel://, "
			       "rediss+sentinel://, redis+unix://");
		return false;
	}
	url.tls = scheme->tls;
	text += strlen(scheme->prefix);
	if (scheme->local)
		ok = parse_unix(text, &url, err);
	else
		ok = parse_tcp(text, scheme->sentinel, &url, err);
	ok = ok && (query == NULL || parse_query(query + 1, &url, err)) &&
	     judge_logins(&url, err);
	if (ok)
		*out = url;
	return ok;
}
