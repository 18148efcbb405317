/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/nginx.h"

#include "policy/base/error.h"
#include "policy/base/hash.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALL = 10000 }; /* parts of 0.01 % */

static const char first_line[] =
	"# Written by windrose-edge, and again when it changes.\n";

static void name_variable(const char *service, char out[PLAN_NAME_SIZE])
{
	size_t i = 0;

	for (; service[i] != '\0'; i++)
		out[i] = isalnum((unsigned char)service[i]) ? service[i] : '_';
	out[i] = '\0';
}

bool nginx_check(const struct serving *servings, size_t count,
		 struct error *err)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++) {
			char a[PLAN_NAME_SIZE], b[PLAN_NAME_SIZE];

			name_variable(servings[i].service, a);
			name_variable(servings[j].service, b);
			if (strcasecmp(a, b) != 0)
				continue;
			error_set(err,
				  "--serve: %s and %s are both $windrose_%s "
				  "to nginx",
				  servings[j].service, servings[i].service, b);
			return false;
		}
	return true;
}

/* As upstreams can be named. */
static void write_name(const char *name, FILE *out)
{
	for (; *name != '\0'; name++)
		fputc(*name == '/' ? '.' : *name, out);
}

static unsigned rounded(double share)
{
	unsigned n = (unsigned)(share * ALL + 0.5);

	return share > 0 && n == 0 ? 1 : n;
}

/* The canary's endpoint that takes of this one; -1: none does. */
static int find_canary(const struct portions *p, size_t stable)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->parts[i].shadows == (int)stable && p->parts[i].part > 0)
			return (int)i;
	return -1;
}

static size_t last_of(const struct portions *p)
{
	size_t last = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->parts[i].whole > 0)
			last = i;
	return last;
}

/*
 * Who is left out has no line, and the last takes the rest.  Boundaries are
 * rounded, not shares, so that no error adds up.
 */
static void write_stable(const struct portions *p, FILE *out)
{
	size_t last = last_of(p);
	unsigned before = 0, left = 0;
	double sum = 0;

	for (size_t i = 0; i < p->count; i++)
		left += p->parts[i].whole > 0;
	for (size_t i = 0; i < last; i++) {
		unsigned end;

		if (p->parts[i].whole <= 0)
			continue;
		sum += p->parts[i].whole;
		left--;
		end = (unsigned)(sum / p->whole * ALL + 0.5);
		end = end > before ? end : before + 1;
		end = end + left > ALL ? ALL - left : end;
		fprintf(out, "\t%u.%02u%% ", (end - before) / 100,
			(end - before) % 100);
		write_name(p->parts[i].name, out);
		fputs(";\n", out);
		before = end;
	}
	fputs("\t* ", out);
	write_name(p->parts[last].name, out);
	fputs(";\n", out);
}

static void write_canary(const struct portions *p, size_t stable, size_t canary,
			 FILE *out)
{
	unsigned share =
		rounded(p->parts[canary].part / p->parts[stable].whole);

	if (share < ALL) {
		fprintf(out, "\t%u.%02u%% ", share / 100, share % 100);
		write_name(p->parts[canary].name, out);
		fputs(";\n\t* ", out);
		write_name(p->parts[stable].name, out);
	} else {
		fputs("\t* ", out);
		write_name(p->parts[canary].name, out);
	}
	fputs(";\n", out);
}

/* Each stable endpoint that has a canary: which of the two it is. */
static void write_canaries(const struct serving *s, size_t at, FILE *out)
{
	const struct portions *p = &s->portions;

	for (size_t i = 0; i < p->count; i++) {
		int canary = find_canary(p, i);

		if (canary < 0)
			continue;
		fprintf(out,
			"split_clients \"${windrose_session}accept/%s/"
			"canary:%.*s\" $windrosed_%zu_%zu {\n",
			s->service, (int)strcspn(p->parts[canary].name, "/"),
			p->parts[canary].name, at, i);
		write_canary(p, i, (size_t)canary, out);
		fputs("}\n", out);
	}
}

static void write_choice(const struct serving *s, size_t at, FILE *out)
{
	const struct portions *p = &s->portions;
	char variable[PLAN_NAME_SIZE];

	name_variable(s->service, variable);
	fprintf(out, "map $windrosed_%zu $windrose_%s {\n", at, variable);
	for (size_t i = 0; i < p->count; i++) {
		if (p->parts[i].whole <= 0)
			continue;
		/* "default" and its kind are words of nginx's, else. */
		fputs("\t\\\\", out);
		write_name(p->parts[i].name, out);
		if (find_canary(p, i) >= 0)
			fprintf(out, " $windrosed_%zu_%zu;\n", at, i);
		else
			fprintf(out, " %s;\n", p->parts[i].name);
	}
	fputs("}\n", out);
}

static void write_service(const struct serving *s, size_t at, FILE *out)
{
	fprintf(out,
		"split_clients \"${windrose_session}rank/%s\" $windrosed_%zu "
		"{\n",
		s->service, at);
	write_stable(&s->portions, out);
	fputs("}\n", out);
	write_canaries(s, at, out);
	write_choice(s, at, out);
}

/* What is in force is named by a hash of itself, at the end of it. */
static bool write_state(FILE *out, char *const *text, const size_t *len,
			char state[NGINX_STATE_SIZE])
{
	if (fflush(out) != 0)
		return false;
	snprintf(state, NGINX_STATE_SIZE, "%016" PRIx64,
		 hash_mix(hash_octets(HASH_FNV_OFFSET, *text, *len)));
	fprintf(out, "map \"\" $windrose_state {\n\tdefault %s;\n}\n", state);
	return true;
}

char *nginx_write(const struct serving *servings, size_t count,
		  const char *note, char state[NGINX_STATE_SIZE])
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool ok;

	if (out == NULL)
		return NULL;
	fputs(first_line, out);
	if (*note != '\0')
		fprintf(out, "# %s\n", note);
	for (size_t i = 0; i < count; i++)
		write_service(&servings[i], i, out);
	ok = write_state(out, &text, &len, state);
	if (fclose(out) == 0 && ok)
		return text;
	free(text);
	return NULL;
}

/* The digits after "Content-Length:"; false: it is not there. */
static bool read_length(const char *head, const char *end, size_t *out)
{
	static const char name[] = "\r\nContent-Length:";
	const char *at = strcasestr(head, name);
	char *after;

	if (at == NULL || at >= end)
		return false;
	at += sizeof(name) - 1;
	at += strspn(at, " \t");
	*out = strtoul(at, &after, 10);
	return *at >= '0' && *at <= '9' && *after == '\r' &&
	       *out <= NGINX_ANSWER_MAX;
}

int nginx_answer_parse(const char *text, size_t len,
		       char state[NGINX_STATE_SIZE])
{
	char copy[NGINX_ANSWER_MAX + 1];
	const char *end, *body;
	size_t body_len;

	if (len > NGINX_ANSWER_MAX || memchr(text, '\0', len) != NULL)
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	end = strstr(copy, "\r\n\r\n");
	if (end == NULL)
		return 0;
	if (strncmp(copy, "HTTP/1.1 200 ", 13) != 0 ||
	    !read_length(copy, end, &body_len))
		return -1;
	body = end + 4;
	if (strlen(body) < body_len)
		return 0;
	/* Sixteen digits, and a line end or nothing. */
	if (strspn(body, "0123456789abcdef") != NGINX_STATE_SIZE - 1 ||
	    (body_len != NGINX_STATE_SIZE - 1 &&
	     (body_len != NGINX_STATE_SIZE || body[body_len - 1] != '\n')))
		return -1;
	memcpy(state, body, NGINX_STATE_SIZE - 1);
	state[NGINX_STATE_SIZE - 1] = '\0';
	return 1;
}
