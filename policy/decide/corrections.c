/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/corrections.h"

#include "policy/base/error.h"
#include "policy/decide/subdivision.h"
#include "policy/language/code.h"
#include "policy/language/country.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field {
	FIELD_PREFIX,
	FIELD_COUNTRY,
	FIELD_SUBDIVISION,
	FIELD_LATITUDE,
	FIELD_LONGITUDE,
	FIELD_COUNT,
};

enum { FIELD_SIZE = 64 };

struct line {
	struct place at;
	char fields[FIELD_COUNT][FIELD_SIZE];
	unsigned cols[FIELD_COUNT];
	unsigned count;
	struct errors *errs;
};

static struct place field_place(const struct line *line, enum field field)
{
	struct place at = line->at;

	at.col = line->cols[field];
	return at;
}

/* Splits at commas and trims.  False when there is too much of anything. */
static bool split(struct line *line, const char *text, size_t len)
{
	const char *end = text + len, *at = text;

	for (;;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma == NULL ? end : comma;
		size_t size;

		while (at < stop && (*at == ' ' || *at == '\t'))
			at++;
		while (stop > at && (stop[-1] == ' ' || stop[-1] == '\t' ||
				     stop[-1] == '\r'))
			stop--;
		size = (size_t)(stop - at);
		if (line->count == FIELD_COUNT || size >= FIELD_SIZE)
			return false;
		memcpy(line->fields[line->count], at, size);
		line->cols[line->count++] = (unsigned)(at - text) + 1;
		if (comma == NULL)
			return true;
		at = comma + 1;
	}
}

static bool parse_degrees(const char *text, double max, double *out)
{
	char *end;
	double value;

	if (text[0] == '\0' || strspn(text, "+-.0123456789") != strlen(text))
		return false;
	value = strtod(text, &end);
	if (*end != '\0' || !(value >= -max && value <= max))
		return false;
	*out = value;
	return true;
}

static bool parse_location(const struct line *line, struct client_facts *facts)
{
	const char *latitude = line->fields[FIELD_LATITUDE];
	const char *longitude = line->fields[FIELD_LONGITUDE];
	int16_t row, column;

	if (latitude[0] == '\0' && longitude[0] == '\0')
		return true;
	if (!parse_degrees(latitude, 90, &facts->latitude) ||
	    !parse_degrees(longitude, 180, &facts->longitude) ||
	    !client_cell(facts->latitude, facts->longitude, &row, &column)) {
		errors_add(line->errs, CODE_GEO_NETWORKS,
			   field_place(line, FIELD_LATITUDE),
			   "\"%s,%s\" is not a place; give latitude "
			   "(-90..90) and longitude (-180..180) in degrees",
			   latitude, longitude);
		return false;
	}
	facts->located = true;
	return true;
}

static bool parse_place(const struct line *line, struct client_facts *facts)
{
	const char *country = line->fields[FIELD_COUNTRY];
	const char *subdivision = line->fields[FIELD_SUBDIVISION];

	if (country_find(country) == NULL) {
		errors_add(line->errs, CODE_GEO_NETWORKS,
			   field_place(line, FIELD_COUNTRY),
			   "\"%s\" is not a country; write its ISO 3166-1 "
			   "code in capitals, as GB",
			   country);
		return false;
	}
	memcpy(facts->country, country, sizeof(facts->country));
	subdivision_code(country, subdivision, facts->subdivision);
	if (subdivision[0] != '\0' && facts->subdivision[0] == '\0') {
		errors_add(line->errs, CODE_GEO_NETWORKS,
			   field_place(line, FIELD_SUBDIVISION),
			   "\"%s\" is not a subdivision of %s; write its ISO "
			   "3166-2 code, as US-CA",
			   subdivision, country);
		return false;
	}
	return parse_location(line, facts);
}

static bool parse_prefix(const struct line *line, struct net_prefix *out)
{
	const char *text = line->fields[FIELD_PREFIX];
	bool host_bits;

	if (net_prefix_parse(text, out, &host_bits))
		return true;
	errors_add(line->errs, CODE_GEO_NETWORKS,
		   field_place(line, FIELD_PREFIX),
		   host_bits ? "\"%s\" has bits set beyond its prefix length"
			     : "\"%s\" is not a network; write it as "
			       "192.0.2.0/24 or 2001:db8::/32",
		   text);
	return false;
}

static bool push(struct corrections *out, const struct correction *correction)
{
	if (out->count == out->cap) {
		size_t cap = out->cap == 0 ? 64 : out->cap * 2;
		struct correction *more =
			realloc(out->list, cap * sizeof(*more));

		if (more == NULL)
			return false;
		out->list = more;
		out->cap = cap;
	}
	out->list[out->count++] = *correction;
	return true;
}

/* False only when memory runs out. */
static bool parse_line(struct line *line, const char *text, size_t len,
		       struct corrections *out)
{
	struct correction c = { .line = line->at.line };

	if (strspn(text, " \t\r") >= len || text[strspn(text, " \t")] == '#')
		return true;
	if (!split(line, text, len) || line->count < 2 || line->count == 4) {
		errors_add(line->errs, CODE_GEO_NETWORKS, line->at,
			   "write CIDR,country[,subdivision[,latitude,"
			   "longitude]]");
		return true;
	}
	if (!parse_prefix(line, &c.prefix) || !parse_place(line, &c.facts))
		return true;
	return push(out, &c);
}

bool corrections_parse(const char *text, size_t len, const char *file,
		       struct corrections *out, struct errors *errs)
{
	unsigned number = 1;

	if (memchr(text, '\0', len) != NULL) {
		errors_add(errs, CODE_GEO_NETWORKS,
			   (struct place){ .file = file },
			   "is not a text file");
		return true;
	}
	for (const char *at = text; at < text + len; number++) {
		size_t rest = (size_t)(text + len - at);
		const char *newline = memchr(at, '\n', rest);
		size_t size = newline == NULL ? rest : (size_t)(newline - at);
		struct line line = {
			.at = { .file = file, .line = number, .col = 1 },
			.errs = errs,
		};

		if (!parse_line(&line, at, size, out))
			return false;
		at += size + 1;
	}
	return true;
}

void corrections_fini(struct corrections *corrections)
{
	free(corrections->list);
	*corrections = (struct corrections){ 0 };
}

void correction_apply(const struct correction *correction,
		      struct client_facts *facts)
{
	const struct client_facts *from = &correction->facts;

	if (strcmp(facts->country, from->country) != 0) {
		facts->located = false;
		facts->subdivision[0] = '\0';
	}
	memcpy(facts->country, from->country, sizeof(facts->country));
	if (from->subdivision[0] != '\0')
		memcpy(facts->subdivision, from->subdivision,
		       sizeof(facts->subdivision));
	if (from->located) {
		facts->located = true;
		facts->latitude = from->latitude;
		facts->longitude = from->longitude;
	}
}
