/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of a trace: see policy/review/trace.h. */
#include "policy/base/civil.h"
#include "policy/base/error.h"
#include "policy/review/trace_impl.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

enum { LINE_MAX_OCTETS = 1024, WORDS_MAX = 5 };

static const double LAST_S = 1e11, COUNT_MAX = 1e15;

/* A decimal number in 0..max and nothing else. */
static bool read_number(const char *word, double max, double *out)
{
	char *end;

	if (!isdigit((unsigned char)word[0]))
		return false;
	*out = strtod(word, &end);
	return *end == '\0' && isfinite(*out) && *out <= max;
}

static bool read_time(const char *word, int64_t *wall_ms)
{
	int64_t at_s;
	double s;

	if (civil_parse(word, &at_s) && at_s > 0 && (double)at_s < LAST_S) {
		*wall_ms = at_s * 1000;
		return true;
	}
	if (!read_number(word, LAST_S, &s))
		return false;
	*wall_ms = (int64_t)(s * 1000);
	return true;
}

static size_t split(char *line, char *words[WORDS_MAX + 1])
{
	size_t count = 0;
	char *rest = line, *word;

	while (count <= WORDS_MAX && (word = strsep(&rest, " \t\r")) != NULL) {
		if (word[0] == '#')
			break;
		if (word[0] != '\0')
			words[count++] = word;
	}
	return count;
}

static void lower(char *name)
{
	size_t len = strlen(name);

	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
	for (; *name != '\0'; name++)
		*name = (char)tolower((unsigned char)*name);
}

/* What is behind the name; NULL, or what is wrong. */
static const char *read_rest(char *const *words, size_t count,
			     struct trace_query *q)
{
	if (count > 0 && !isdigit((unsigned char)words[0][0])) {
		q->type = (uint16_t)ldns_get_rr_type_by_name(words[0]);
		if (q->type == 0)
			return "that is no type of records";
		words++;
		count--;
	}
	if (count > 0 &&
	    (!read_number(words[0], COUNT_MAX, &q->count) || q->count <= 0))
		return "that is no count";
	return count > 1 ? "more than five words" : NULL;
}

/* NULL, or what is wrong. */
static const char *read_words(char *const *words, size_t count,
			      struct trace_query *q)
{
	struct net_prefix client;
	bool host_bits = false;

	*q = (struct trace_query){ .count = 1 };
	if (!net_prefix_parse(words[0], &client, &host_bits) && !host_bits) {
		if (!read_time(words[0], &q->wall_ms))
			return "neither a time nor a client's address";
		words++;
		count--;
	}
	if (count < 2)
		return "a client and a name are needed";
	if (!net_prefix_parse(words[0], &client, &host_bits))
		return host_bits ? "a prefix with bits beyond its length"
				 : "that is no client's address";
	q->client = client.addr;
	lower(words[1]);
	q->name = words[1];
	return read_rest(words + 2, count - 2, q);
}

static void take_line(struct trace *t, char *line)
{
	char *words[WORDS_MAX + 1];
	size_t count = split(line, words);
	struct trace_query q;
	const char *wrong;

	if (count == 0)
		return;
	wrong = read_words(words, count, &q);
	if (wrong != NULL)
		trace_bad(t, wrong);
	else
		trace_put(t, &q);
}

/* What told the form comes first. */
static int next_octet(struct trace *t)
{
	return t->given < t->held ? t->record[t->given++] : getc(t->in);
}

/* Of LINE_MAX_OCTETS + 1, without its end; false at the end of the file. */
static bool next_line(struct trace *t, char *line, bool *whole)
{
	size_t len = 0;
	int c;

	*whole = true;
	while ((c = next_octet(t)) != EOF && c != '\n') {
		if (len < LINE_MAX_OCTETS && c != '\0')
			line[len++] = (char)c;
		else
			*whole = false;
	}
	line[len] = '\0';
	return c != EOF || len > 0;
}

bool trace_read_text(struct trace *t)
{
	char line[LINE_MAX_OCTETS + 1];
	bool whole;

	while (!t->out_of_room && next_line(t, line, &whole)) {
		t->number++;
		if (whole)
			take_line(t, line);
		else
			trace_bad(t, "no line of text, or one of more than "
				     "1024 octets");
	}
	return true;
}
