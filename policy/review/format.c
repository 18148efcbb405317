/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/format.h"

#include "policy/base/error.h"
#include "policy/review/likeness.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

enum { STEP = 2, DEPTH_MAX = 256, UNDECIDED = -1, BLANK = -1 };

struct line {
	size_t at, len; /* in the text, without the line's end */
	int first;      /* column of the first octet but blanks, or BLANK */
	int column;     /* that it is to have, or UNDECIDED */
	bool literal;   /* of a block scalar: moved by shift, as it is */
	bool kept;      /* its end is inside a scalar */
	int shift;
};

/* A mapping or sequence in block style. */
struct block {
	int old, now; /* the column of its keys or dashes */
	bool mapping;
	bool entry; /* a mapping that is in an item of a list as far in as its
		     * keys, which has no block of its own */
};

struct formatting {
	const char *text;
	size_t len;
	struct line *lines; /* owned */
	size_t count;
	struct block stack[DEPTH_MAX];
	size_t depth;
	unsigned flow;            /* how deep in flow style */
	size_t flow_line;         /* where that began */
	size_t entry_line;        /* of the last dash */
	int entry_old, entry_now; /* and its column */
	bool lost;                /* deeper than there is room for */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* False when memory runs out.  Text ends with LF. */
static bool find_lines(struct formatting *f)
{
	size_t count = 0, at = 0;

	for (size_t i = 0; i < f->len; i++)
		count += f->text[i] == '\n';
	/* One more: where the end of the stream is. */
	f->lines = calloc(count + 1, sizeof(*f->lines));
	if (f->lines == NULL)
		return false;
	for (; f->count < count; f->count++) {
		struct line *line = &f->lines[f->count];
		const char *end = memchr(f->text + at, '\n', f->len - at);
		size_t first = at;

		*line = (struct line){
			.at = at,
			.len = (size_t)(end - f->text) - at,
			.first = BLANK,
			.column = UNDECIDED,
		};
		while (first < at + line->len && is_blank(f->text[first]))
			first++;
		if (first < at + line->len)
			line->first = (int)(first - at);
		at += line->len + 1;
	}
	return true;
}

static struct block *top(struct formatting *f)
{
	return f->depth == 0 ? NULL : &f->stack[f->depth - 1];
}

/* Where the key or dash stands that what comes next is below; -STEP: nothing
 * is above it. */
static int column_above(struct formatting *f)
{
	const struct block *block = top(f);

	return block == NULL ? -STEP : block->entry ? f->entry_now : block->now;
}

/* How far that was moved. */
static int shift_here(struct formatting *f)
{
	const struct block *block = top(f);

	return block == NULL  ? 0
	       : block->entry ? f->entry_now - f->entry_old
			      : block->now - block->old;
}

static bool is_first(const struct formatting *f, const yaml_mark_t *at)
{
	return f->lines[at->line].first == (int)at->column;
}

static void push(struct formatting *f, const yaml_mark_t *at, bool mapping)
{
	struct line *line = &f->lines[at->line];
	struct block block = { .old = (int)at->column, .mapping = mapping };

	if (is_first(f, at) && line->column == UNDECIDED)
		line->column = column_above(f) + STEP;
	if (is_first(f, at))
		block.now = line->column;
	else if (at->line == f->entry_line)
		block.now = block.old + f->entry_now - f->entry_old;
	else
		block.now = block.old + line->column - line->first;
	if (f->depth == DEPTH_MAX)
		f->lost = true;
	else
		f->stack[f->depth++] = block;
}

static void on_entry(struct formatting *f, const yaml_mark_t *at)
{
	struct line *line = &f->lines[at->line];
	struct block *block = top(f);
	int now;

	if (block == NULL)
		return;
	now = block->mapping ? block->now + STEP : block->now;
	if (is_first(f, at))
		line->column = now;
	block->entry = block->mapping;
	f->entry_line = at->line;
	f->entry_old = (int)at->column;
	f->entry_now = now;
}

static void on_key(struct formatting *f, const yaml_mark_t *at)
{
	struct block *block = top(f);

	if (block == NULL)
		return;
	block->entry = false;
	if (is_first(f, at))
		f->lines[at->line].column = block->now;
}

/* What begins in one line and ends in another goes as the first line goes. */
static void span(struct formatting *f, size_t from, size_t to, bool literal)
{
	const struct line *first = &f->lines[from];
	int shift = first->column == UNDECIDED ? shift_here(f)
					       : first->column - first->first;

	for (size_t i = from + 1; i <= to && i < f->count; i++) {
		struct line *line = &f->lines[i];

		line->shift = shift;
		line->literal = literal;
		if (line->first != BLANK)
			line->column = line->first + shift < 0
					       ? 0
					       : line->first + shift;
	}
}

/* Below a key or a dash, in a line of its own. */
static void settle(struct formatting *f, const yaml_mark_t *at)
{
	struct line *line = &f->lines[at->line];

	if (is_first(f, at) && line->column == UNDECIDED)
		line->column = column_above(f) + STEP;
}

/* Empty lines behind a block scalar, which are none of its text. */
static void release_gap(struct formatting *f, const yaml_token_t *token,
			size_t to)
{
	const unsigned char *value = token->data.scalar.value;
	size_t len = token->data.scalar.length;

	if (len >= 2 && value[len - 1] == '\n' && value[len - 2] == '\n')
		return;
	for (; to > token->start_mark.line && f->lines[to].first == BLANK; to--)
		f->lines[to].kept = false;
}

static void on_scalar(struct formatting *f, const yaml_token_t *token)
{
	yaml_scalar_style_t style = token->data.scalar.style;
	size_t from = token->start_mark.line, to = token->end_mark.line;
	bool literal = style == YAML_LITERAL_SCALAR_STYLE ||
		       style == YAML_FOLDED_SCALAR_STYLE;

	if (f->flow == 0)
		settle(f, &token->start_mark);
	/* Of a block scalar the last line is that behind it. */
	if (literal && to > from)
		to--;
	if (f->flow == 0)
		span(f, from, to, literal);
	for (size_t i = from + literal; i < to + literal && i < f->count; i++)
		f->lines[i].kept = true;
	if (literal && to < f->count)
		release_gap(f, token, to);
}

static void on_flow(struct formatting *f, const yaml_token_t *token, bool start)
{
	if (start && f->flow++ == 0) {
		settle(f, &token->start_mark);
		f->flow_line = token->start_mark.line;
	}
	if (!start && f->flow > 0 && --f->flow == 0)
		span(f, f->flow_line, token->end_mark.line, false);
}

static void on_token(struct formatting *f, const yaml_token_t *token)
{
	yaml_token_type_t type = token->type;

	if (type == YAML_FLOW_SEQUENCE_START_TOKEN ||
	    type == YAML_FLOW_MAPPING_START_TOKEN)
		on_flow(f, token, true);
	else if (type == YAML_FLOW_SEQUENCE_END_TOKEN ||
		 type == YAML_FLOW_MAPPING_END_TOKEN)
		on_flow(f, token, false);
	else if (type == YAML_SCALAR_TOKEN)
		on_scalar(f, token);
	else if (f->flow > 0)
		return;
	else if (type == YAML_BLOCK_SEQUENCE_START_TOKEN ||
		 type == YAML_BLOCK_MAPPING_START_TOKEN)
		push(f, &token->start_mark,
		     type == YAML_BLOCK_MAPPING_START_TOKEN);
	else if (type == YAML_BLOCK_END_TOKEN && f->depth > 0)
		f->depth--;
	else if (type == YAML_BLOCK_ENTRY_TOKEN)
		on_entry(f, &token->start_mark);
	else if (type == YAML_KEY_TOKEN || type == YAML_VALUE_TOKEN)
		on_key(f, &token->start_mark);
	else if (type == YAML_ANCHOR_TOKEN || type == YAML_TAG_TOKEN ||
		 type == YAML_ALIAS_TOKEN)
		settle(f, &token->start_mark);
}

static bool scan(struct formatting *f, struct error *err)
{
	yaml_parser_t parser;
	yaml_token_t token;
	bool ok, ended = false;

	if (!yaml_parser_initialize(&parser)) {
		error_set(err, "out of memory");
		return false;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)f->text,
				     f->len);
	do {
		ok = yaml_parser_scan(&parser, &token);
		if (!ok) {
			likeness_tell(&parser, err);
			break;
		}
		ended = token.type == YAML_STREAM_END_TOKEN;
		if (!ended && token.start_mark.line < f->count)
			on_token(f, &token);
		yaml_token_delete(&token);
	} while (!ended && !f->lost);
	yaml_parser_delete(&parser);
	if (ok && f->lost)
		error_set(err, "is nested more than %d deep", DEPTH_MAX);
	return ok && !f->lost;
}

static bool is_comment(const struct formatting *f, const struct line *line)
{
	return line->column == UNDECIDED && line->first != BLANK &&
	       f->text[line->at + (size_t)line->first] == '#';
}

/* The column of a comment among lines that are decided. */
static int comment_column(const struct formatting *f, size_t at)
{
	int first = f->lines[at].first;
	size_t next = at + 1;

	while (next < f->count && (f->lines[next].first == BLANK ||
				   is_comment(f, &f->lines[next])))
		next++;
	if (next < f->count && f->lines[next].first == first)
		return f->lines[next].column;
	for (size_t i = at; i-- > 0;) {
		const struct line *line = &f->lines[i];

		if (line->first == BLANK || line->literal ||
		    is_comment(f, line) || line->first > first)
			continue;
		return line->first == first ? line->column
					    : line->column + STEP;
	}
	return next < f->count && f->lines[next].first < first
		       ? f->lines[next].column
		       : 0;
}

/* Comments last, for they go by what else was decided.  What else is left is no
 * content: marks of documents. */
static bool settle_rest(struct formatting *f)
{
	int *columns = calloc(f->count + 1, sizeof(*columns));

	if (columns == NULL)
		return false;
	for (size_t i = 0; i < f->count; i++) {
		struct line *line = &f->lines[i];

		if (line->column == UNDECIDED && !is_comment(f, line))
			line->column = line->first == BLANK ? 0 : line->first;
	}
	for (size_t i = 0; i < f->count; i++)
		columns[i] = is_comment(f, &f->lines[i]) ? comment_column(f, i)
							 : f->lines[i].column;
	for (size_t i = 0; i < f->count; i++)
		f->lines[i].column = columns[i];
	free(columns);
	return true;
}

/* How many octets stay of a line whose first are from on. */
static size_t length_of(const struct formatting *f, const struct line *line,
			size_t from)
{
	size_t len = line->len;

	while (!line->kept && len > from &&
	       is_blank(f->text[line->at + len - 1]))
		len--;
	return len - from;
}

static void write_line(const struct formatting *f, const struct line *line,
		       FILE *out)
{
	size_t from = line->first == BLANK ? 0 : (size_t)line->first;
	int column = line->column;

	if (line->literal && line->first == BLANK) {
		/* More blanks than its text begins with are text. */
		column = (int)line->len + line->shift;
		fprintf(out, "%*s\n", column < 0 || line->len == 0 ? 0 : column,
			"");
		return;
	}
	if (line->first == BLANK) {
		fprintf(out, "\n");
		return;
	}
	fprintf(out, "%*s%.*s\n", column, "", (int)length_of(f, line, from),
		f->text + line->at + from);
}

static char *write_lines(const struct formatting *f, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	bool gap = false, any = false;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < f->count; i++) {
		const struct line *line = &f->lines[i];

		if (line->first == BLANK && !line->kept) {
			gap = any;
			continue;
		}
		if (gap)
			fprintf(out, "\n");
		gap = false;
		any = true;
		write_line(f, line, out);
	}
	return fclose(out) == 0 ? text : NULL;
}

/* With LF at the end of every line, the last as well; *len grows by one at
 * most.  NULL when memory runs out. */
static char *with_lf(const char *text, size_t *len)
{
	char *out = malloc(*len + 2);
	size_t used = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < *len; i++)
		if (text[i] != '\r' || i + 1 == *len || text[i + 1] != '\n')
			out[used++] = text[i];
	if (used > 0 && out[used - 1] != '\n')
		out[used++] = '\n';
	out[used] = '\0';
	*len = used;
	return out;
}

/* Line ends that libyaml knows besides LF; those of Unicode are two or three
 * octets. */
static bool has_other_ends(const char *text, size_t len)
{
	return memchr(text, '\r', len) != NULL ||
	       memmem(text, len, "\xc2\x85", 2) != NULL ||
	       memmem(text, len, "\xe2\x80\xa8", 3) != NULL ||
	       memmem(text, len, "\xe2\x80\xa9", 3) != NULL;
}

static char *format_lines(struct formatting *f, size_t *out_len,
			  struct error *err)
{
	char *out = NULL;

	if (has_other_ends(f->text, f->len)) {
		error_set(err, "has lines that end neither with LF nor with "
			       "CR LF; write LF");
		return NULL;
	}
	error_set(err, "out of memory");
	if (!find_lines(f) || !scan(f, err) || !settle_rest(f))
		return NULL;
	out = write_lines(f, out_len);
	if (out != NULL && !likeness_find(f->text, out, err)) {
		free(out);
		return NULL;
	}
	return out;
}

static char *format_once(const char *text, size_t len, size_t *out_len,
			 struct error *err)
{
	struct formatting f = { .entry_line = SIZE_MAX, .len = len };
	char *even = with_lf(text, &f.len), *out;

	if (even == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	f.text = even;
	out = format_lines(&f, out_len, err);
	free(f.lines);
	free(even);
	return out;
}

/* Comments between texts may want a second look, since what they stood above
 * has moved. */
char *format_text(const char *text, size_t len, size_t *out_len,
		  struct error *err)
{
	enum { LOOKS = 8 };
	char *now = format_once(text, len, out_len, err);

	for (int look = 0; now != NULL && look < LOOKS; look++) {
		size_t next_len = 0;
		char *next = format_once(now, *out_len, &next_len, err);
		bool same = next != NULL && next_len == *out_len &&
			    memcmp(next, now, next_len) == 0;

		free(now);
		now = next;
		*out_len = next_len;
		if (same)
			return now;
	}
	if (now != NULL)
		error_set(err, "it does not come into a form; are comments "
			       "indented otherwise than what they are about?");
	free(now);
	return NULL;
}
