/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/haproxy_log.h"

#include <stdlib.h>
#include <string.h>

enum { FIELD_BACKEND, FIELD_SERVER, FIELD_CONNECT, FIELD_RESPONSE, FIELDS };

static const char head[] = "windrose|";

static bool read_name(const char *text, char out[HAPROXY_NAME_SIZE])
{
	if (*text == '\0' || strlen(text) >= HAPROXY_NAME_SIZE)
		return false;
	strcpy(out, text);
	return true;
}

/* "12"; -1: the phase was not reached; -2: no time. */
static long read_ms(const char *text)
{
	size_t len = strspn(text, "0123456789");

	if (strcmp(text, "-1") == 0)
		return -1;
	return len == 0 || len > 8 || text[len] != '\0' ? -2 : atol(text);
}

static int read_fields(char *const field[FIELDS], struct haproxy_logged *out)
{
	long connect_ms = read_ms(field[FIELD_CONNECT]),
	     response_ms = read_ms(field[FIELD_RESPONSE]);

	if (!read_name(field[FIELD_BACKEND], out->backend) ||
	    !read_name(field[FIELD_SERVER], out->server) || connect_ms == -2 ||
	    response_ms == -2)
		return -1;
	if (connect_ms < 0 || response_ms < 0)
		return 0;
	out->us = (uint64_t)(connect_ms + response_ms) * 1000;
	return 1;
}

int haproxy_log_parse(const char *line, size_t len, struct haproxy_logged *out)
{
	char copy[HAPROXY_LOG_MAX + 1], *rest = copy + sizeof(head) - 1;
	struct haproxy_logged logged = { .us = 0 };
	char *field[FIELDS];
	int got;

	if (len < sizeof(head) - 1 || memcmp(line, head, sizeof(head) - 1) != 0)
		return 0;
	while (len > 0 && line[len - 1] == '\n')
		len--;
	if (len > HAPROXY_LOG_MAX || memchr(line, '\0', len) != NULL)
		return -1;
	memcpy(copy, line, len);
	copy[len] = '\0';
	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = strsep(&rest, "|");
		if (field[i] == NULL)
			return -1;
	}
	if (rest != NULL)
		return -1;
	got = read_fields(field, &logged);
	if (got == 1)
		*out = logged;
	return got;
}
