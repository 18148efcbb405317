/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/scalar.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest first, for printing; every one is a multiple of the next. */
static const struct unit {
	const char *word;
	int64_t ms;
} units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 },     { "ms", 1 },
};

/* Up to nine digits, so nothing overflows; what follows them in *rest. */
static bool read_digits(const char *text, uint32_t *out, const char **rest)
{
	uint32_t value = 0;
	size_t n = 0;

	for (; text[n] >= '0' && text[n] <= '9'; n++) {
		if (n == 9)
			return false;
		value = value * 10 + (uint32_t)(text[n] - '0');
	}
	if (n == 0)
		return false;
	*out = value;
	*rest = text + n;
	return true;
}

bool scalar_duration(const char *text, int64_t *out_ms)
{
	uint32_t value;
	const char *rest;

	if (!read_digits(text, &value, &rest))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(rest, units[i].word) != 0)
			continue;
		*out_ms = (int64_t)value * units[i].ms;
		return true;
	}
	return false;
}

const char *scalar_duration_text(int64_t ms, char *buf)
{
	size_t i = 0;

	if (ms == 0)
		return strcpy(buf, "0s");
	while (ms % units[i].ms != 0)
		i++;
	snprintf(buf, SCALAR_DURATION_SIZE, "%" PRId64 "%s", ms / units[i].ms,
		 units[i].word);
	return buf;
}

bool scalar_percent(const char *text, uint32_t *out)
{
	uint32_t value;
	const char *rest;

	if (!read_digits(text, &value, &rest) || strcmp(rest, "%") != 0)
		return false;
	*out = value;
	return true;
}

bool scalar_whole(const char *text, uint32_t *out)
{
	uint32_t value;
	const char *rest;

	if (!read_digits(text, &value, &rest) || *rest != '\0')
		return false;
	*out = value;
	return true;
}

bool scalar_number(const char *text, double *out)
{
	double value;
	char *end;

	if (text[0] == '\0' || strspn(text, "+-.0123456789") != strlen(text))
		return false;
	value = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(value))
		return false;
	*out = value;
	return true;
}

bool scalar_asn(const char *text, uint32_t *out)
{
	uint64_t value = 0;
	size_t n = 2;

	if (strncmp(text, "AS", 2) != 0)
		return false;
	for (; text[n] >= '0' && text[n] <= '9' && n < 12; n++)
		value = value * 10 + (uint64_t)(text[n] - '0');
	if (n == 2 || text[n] != '\0' || value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

bool scalar_bits(const char *text, uint32_t *out)
{
	return text[0] == '/' && scalar_whole(text + 1, out);
}

bool scalar_range(const char *text, uint32_t *first, uint32_t *last)
{
	uint32_t a, b;
	const char *rest;

	if (!read_digits(text, &a, &rest))
		return false;
	b = a;
	if (*rest != '\0' && (*rest != '-' || !scalar_whole(rest + 1, &b)))
		return false;
	if (b < a)
		return false;
	*first = a;
	*last = b;
	return true;
}

static bool is_label_octet(char c, bool underscore)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       (c == '_' && underscore);
}

static bool is_label(const char *text, size_t len, bool underscore)
{
	if (len == 0 || len > 63 || text[0] == '-' || text[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_label_octet(text[i], underscore))
			return false;
	return true;
}

bool scalar_name(const char *text)
{
	return is_label(text, strlen(text), false);
}

bool scalar_domain(const char *text, char *out)
{
	char name[SCALAR_DOMAIN_SIZE];
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == '.')
		len--;
	/* 255 octets on the wire are 253 in text without the final dot. */
	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++)
		name[i] = text[i] >= 'A' && text[i] <= 'Z'
				  ? (char)(text[i] - 'A' + 'a')
				  : text[i];
	for (size_t from = 0; from <= len;) {
		size_t n = from;

		while (n < len && name[n] != '.')
			n++;
		if (!is_label(name + from, n - from, true))
			return false;
		from = n + 1;
	}
	memcpy(out, name, len);
	strcpy(out + len, ".");
	return true;
}

bool scalar_mailbox(const char *text, char *out)
{
	const char *sign = strchr(text, '@');
	char name[2 * SCALAR_DOMAIN_SIZE];
	size_t n = 0;

	if (sign == NULL)
		return scalar_domain(text, out);
	if (sign == text || sign - text > 63)
		return false;
	for (const char *c = text; c < sign; c++) {
		if (*c <= ' ' || *c > '~' || strchr("\"\\;()", *c) != NULL)
			return false;
		if (*c == '.')
			name[n++] = '\\';
		name[n++] = *c;
	}
	name[n++] = '.';
	if (!scalar_domain(sign + 1, name + n) ||
	    strlen(name) >= SCALAR_DOMAIN_SIZE)
		return false;
	strcpy(out, name);
	return true;
}
