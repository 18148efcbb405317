/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/nginx_log.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIELDS = 4,
	TIME_OCTETS = 16, /* "Nov 29 20:31:06 " */
	CLIENT_LEFT = 499,
	FAILED = 500,
};

/* Behind "<190>Nov 29 20:31:06 windrose: "; NULL: it is another line. */
static char *skip_head(char *line)
{
	static const char tag[] = "windrose: ";
	char *at = line;

	if (*at++ != '<')
		return NULL;
	at += strspn(at, "0123456789");
	if (*at++ != '>' || strlen(at) < TIME_OCTETS + sizeof(tag) - 1 ||
	    strncmp(at + TIME_OCTETS, tag, sizeof(tag) - 1) != 0)
		return NULL;
	return at + TIME_OCTETS + sizeof(tag) - 1;
}

/* The last of "502, 200" or "502 : 200". */
static const char *last_of(const char *list)
{
	const char *blank = strrchr(list, ' ');

	return blank == NULL ? list : blank + 1;
}

/* "us", "v2.us": nginx's names have no "/". */
static bool is_part(const char *name, const char *part)
{
	for (; *name != '\0' || *part != '\0'; name++, part++)
		if (*name != (*part == '/' ? '.' : *part))
			return false;
	return true;
}

static bool find_part(const struct serving *servings, size_t count,
		      char *const field[FIELDS], struct nginx_logged *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct portions *p = &servings[i].portions;

		if (strcmp(servings[i].service, field[0]) != 0)
			continue;
		for (size_t j = 0; j < p->count; j++)
			if (is_part(field[1], p->parts[j].name)) {
				out->serving = i;
				out->part = j;
				return true;
			}
	}
	return false;
}

/* "200"; 0: "-", nobody was asked; -1: no status. */
static int read_status(const char *text)
{
	if (strcmp(text, "-") == 0)
		return 0;
	if (strlen(text) != 3 || strspn(text, "0123456789") != 3 ||
	    *text == '0')
		return -1;
	return atoi(text);
}

/* "0.012" in microseconds; -1: no time. */
static long long read_time_us(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	size_t part =
		text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

	if (whole == 0 || whole > 6 || part != 3 ||
	    text[whole + 1 + part] != '\0')
		return -1;
	return 1000 * (1000 * atoll(text) + atoll(text + whole + 1));
}

static int judge(char *const field[FIELDS], struct nginx_logged *out)
{
	int status = read_status(last_of(field[2]));
	long long us;

	if (status < 0)
		return -1;
	if (status == 0 || status == CLIENT_LEFT)
		return 0;
	out->count = (struct served_count){
		.requests = 1,
		.errors = status >= FAILED,
	};
	us = read_time_us(last_of(field[3]));
	if (us >= 0)
		out->count.latency[served_bucket((uint64_t)us)] = 1;
	return us < 0 && strcmp(last_of(field[3]), "-") != 0 ? -1 : 1;
}

int nginx_log_parse(const char *line, size_t len,
		    const struct serving *servings, size_t count,
		    struct nginx_logged *out)
{
	struct nginx_logged logged = { 0 };
	char copy[NGINX_LOG_MAX + 1], *rest, *field[FIELDS];
	int judged;

	if (len > NGINX_LOG_MAX || memchr(line, '\0', len) != NULL)
		return -1;
	memcpy(copy, line, len);
	copy[len] = '\0';
	rest = skip_head(copy);
	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = rest == NULL ? NULL : strsep(&rest, "|");
		if (field[i] == NULL)
			return -1;
	}
	if (rest != NULL || !find_part(servings, count, field, &logged))
		return -1;
	judged = judge(field, &logged);
	if (judged == 1)
		*out = logged;
	return judged;
}
