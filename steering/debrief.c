/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/debrief.h"

#include "policy/base/clock.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const json_t *event_at(const json_t *lines, size_t i)
{
	return json_object_get(json_array_get(lines, i), "event");
}

static const char *text_of(const json_t *event, const char *name)
{
	const char *text = json_string_value(json_object_get(event, name));

	return text == NULL ? "" : text;
}

static bool is(const json_t *event, const char *name, const char *text)
{
	return strcmp(text_of(event, name), text) == 0;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* "drill us-east" of a person, once it was accepted. */
static bool is_start(const json_t *event)
{
	return is(event, "kind", "command") &&
	       begins(text_of(event, "what"), "drill ") &&
	       !begins(text_of(event, "what"), "drill abort ");
}

static const json_t *find_start(const char *id, const json_t *lines)
{
	for (size_t i = json_array_size(lines); i-- > 0;) {
		const json_t *event = event_at(lines, i);

		if (is_start(event) &&
		    (strcmp(id, "last") == 0 || is(event, "id", id)))
			return event;
	}
	return NULL;
}

/* The last row of that name; NULL: there is none yet. */
static const json_t *find_row(const char *id, const json_t *lines,
			      const char *what)
{
	for (size_t i = json_array_size(lines); i-- > 0;) {
		const json_t *event = event_at(lines, i);

		if (is(event, "kind", "drill") && is(event, "id", id) &&
		    is(event, "what", what))
			return event;
	}
	return NULL;
}

/* A cell of a table: one line, and no end of the cell in it. */
static void put_cell(const char *text, FILE *out)
{
	for (; *text != '\0'; text++)
		if (*text == '|')
			fputs("\\|", out);
		else
			fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
}

static void put_ending(const char *id, const json_t *lines, FILE *out)
{
	const json_t *aborted = find_row(id, lines, "aborted");
	const json_t *score = find_row(id, lines, "score");

	if (aborted != NULL) {
		fputs("ABORTED: ", out);
		put_cell(text_of(aborted, "why"), out);
	} else {
		fputs(find_row(id, lines, "ended") != NULL ? "It ran to its end"
							   : "It is under way",
		      out);
	}
	if (score != NULL)
		fprintf(out, ".  Score: %s", text_of(score, "after"));
	fputs(".\n\n", out);
}

static void put_head(const json_t *start, const json_t *lines, FILE *out)
{
	char at[CLOCK_TEXT_SIZE];
	int64_t wall_ms = json_integer_value(json_object_get(start, "wall_ms"));

	fprintf(out, "# Drill: loss of %s\n\n",
		text_of(start, "what") + strlen("drill "));
	put_ending(text_of(start, "id"), lines, out);
	fprintf(out, "%s, begun %s by ", text_of(start, "id"),
		clock_wall_text(wall_ms, at));
	put_cell(text_of(start, "who"), out);
	fputs(": ", out);
	put_cell(text_of(start, "why"), out);
	fputs("\n\n", out);
}

/* What the agent told of it, as a table; times are counted from its start. */
static void put_rows(const json_t *start, const json_t *lines, FILE *out)
{
	int64_t began_ms =
		json_integer_value(json_object_get(start, "wall_ms"));
	bool seen = false;

	fputs("| after | what | predicted or allowed | seen | why |\n"
	      "|---:|---|---:|---:|---|\n",
	      out);
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *event = event_at(lines, i);
		int64_t wall_ms =
			json_integer_value(json_object_get(event, "wall_ms"));
		static const char *const cells[] = { "what", "before", "after",
						     "why" };

		seen |= event == start;
		if (!seen || !is(event, "kind", "drill") ||
		    !is(event, "id", text_of(start, "id")))
			continue;
		fprintf(out, "| %.1f s", (double)(wall_ms - began_ms) / 1000);
		for (size_t k = 0; k < sizeof(cells) / sizeof(cells[0]); k++) {
			fputs(" | ", out);
			put_cell(text_of(event, cells[k]), out);
		}
		fputs(" |\n", out);
	}
}

char *debrief_write(const char *id, const struct json_t *lines, bool *found)
{
	const json_t *start = find_start(id, lines);
	char *text = NULL;
	size_t size;
	FILE *out;
	bool failed;

	*found = start != NULL;
	out = start == NULL ? NULL : open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	put_head(start, lines, out);
	put_rows(start, lines, out);
	failed = ferror(out) != 0;
	if (fclose(out) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}
