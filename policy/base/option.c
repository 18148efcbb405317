/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/option.h"

#include "policy/base/error.h"
#include "policy/base/nearest.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 64 };

static const struct option_row *find(const struct option_row *rows,
				     size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(rows[i].name) == len &&
		    strncmp(rows[i].name, name, len) == 0)
			return &rows[i];
	return NULL;
}

static void fail_unknown(const struct option_row *rows, size_t count,
			 const char *name, struct error *err)
{
	const char *known[ROWS_MAX];
	const char *near;

	for (size_t i = 0; i < count && i < ROWS_MAX; i++)
		known[i] = rows[i].name;
	near = nearest_word(name, known, count < ROWS_MAX ? count : ROWS_MAX);
	if (near != NULL)
		error_set(err, "option --%s is not known; did you mean --%s?",
			  name, near);
	else
		error_set(err, "option --%s is not known; see --help", name);
}

static bool set_number(const struct option_row *row, const char *value,
		       struct error *err)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end != '\0' || n < row->min ||
	    n > row->max) {
		error_set(err, "option --%s is \"%s\"; it must be %u..%u",
			  row->name, value, row->min, row->max);
		return false;
	}
	*(unsigned *)row->target = (unsigned)n;
	return true;
}

static bool set_list(const struct option_row *row, const char *value,
		     struct error *err)
{
	struct option_list *list = row->target;

	if (list->count == OPTION_LIST_MAX) {
		error_set(err, "option --%s is given more than %d times",
			  row->name, OPTION_LIST_MAX);
		return false;
	}
	list->items[list->count++] = value;
	return true;
}

static bool set(const struct option_row *row, const char *value,
		struct error *err)
{
	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)row->target = true;
		return true;
	case OPTION_TEXT:
		*(const char **)row->target = value;
		return true;
	case OPTION_LIST:
		return set_list(row, value, err);
	case OPTION_NUMBER:
		return set_number(row, value, err);
	}
	return false;
}

/* One option at argv[*at]; leaves *at on the last word it used. */
static bool take(const struct option_row *rows, size_t count, int argc,
		 char **argv, int *at, struct error *err)
{
	const char *name = argv[*at] + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals == NULL ? strlen(name) : (size_t)(equals - name);
	const struct option_row *row = find(rows, count, name, len);
	const char *value = equals == NULL ? NULL : equals + 1;

	if (row == NULL) {
		char cut[64];

		snprintf(cut, sizeof(cut), "%.*s", (int)(len < 63 ? len : 63),
			 name);
		fail_unknown(rows, count, cut, err);
		return false;
	}
	if (row->kind == OPTION_FLAG && value != NULL) {
		error_set(err, "option --%s takes no value", row->name);
		return false;
	}
	if (row->kind != OPTION_FLAG && value == NULL) {
		if (*at + 1 >= argc) {
			error_set(err, "option --%s needs a value: %s",
				  row->name, row->value);
			return false;
		}
		value = argv[++*at];
	}
	return set(row, value, err);
}

int option_parse(const struct option_row *rows, size_t count, int argc,
		 char **argv, const char **operands, struct error *err)
{
	bool ended = false;
	int left = 0;

	for (int at = 1; at < argc; at++) {
		if (ended || argv[at][0] != '-' || argv[at][1] == '\0') {
			operands[left++] = argv[at];
		} else if (argv[at][1] != '-') {
			error_set(err,
				  "option %s is not known; options begin "
				  "with --, see --help",
				  argv[at]);
			return -1;
		} else if (argv[at][2] == '\0') {
			ended = true;
		} else if (!take(rows, count, argc, argv, &at, err)) {
			return -1;
		}
	}
	return left;
}

void option_print(const struct option_row *rows, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name,
			 rows[i].value == NULL ? "" : " ",
			 rows[i].value == NULL ? "" : rows[i].value);
		fprintf(out, "  %-26s %s\n", left, rows[i].help);
	}
}
