/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/page.h"

#include <string.h>

enum { COLUMNS = 76, INDENT = 4 };

const char *page_severity(const struct code_row *row)
{
	return row->severity == SEVERITY_ERROR ? "error" : "warning";
}

/* A paragraph, filled; words longer than a line have one of their own. */
static void print_filled(const char *text, FILE *out)
{
	int column = 0;

	while (*text != '\0') {
		int len = (int)strcspn(text, " ");

		if (column > 0 && column + 1 + len > COLUMNS - INDENT) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%*s%.*s", column == 0 ? INDENT : 1, "", len,
			text);
		column += len + (column == 0 ? 0 : 1);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_section(const char *title, const char *text, FILE *out)
{
	fprintf(out, "\n%s\n", title);
	print_filled(text, out);
}

static void print_example(const char *text, FILE *out)
{
	fprintf(out, "\nExample\n");
	while (*text != '\0') {
		int len = (int)strcspn(text, "\n");

		fprintf(out, "%*s%.*s\n", INDENT, "", len, text);
		text += len;
		text += *text == '\n';
	}
}

static void print_choices(const struct code_row *row, FILE *out)
{
	char code[CODE_TEXT_SIZE];

	if (row->severity == SEVERITY_ERROR) {
		print_section("Severity",
			      "It is an error, and can neither be accepted "
			      "nor made less.",
			      out);
		return;
	}
	code_text(row->code, code);
	print_section("Severity",
		      "It is a warning, unless the policy says otherwise:",
		      out);
	fprintf(out,
		"    review:\n"
		"      severity: {%s: error}        # or ignore\n"
		"      accepted: [{code: %s, at: KEY, reason: TEXT}]\n",
		code, code);
}

void page_print(const struct code_row *row, FILE *out)
{
	char code[CODE_TEXT_SIZE];

	fprintf(out, "%s %s: %s\n%s.\n", code_text(row->code, code), row->name,
		page_severity(row), row->line);
	print_section("What it means", row->means, out);
	print_section("Why it matters", row->matters, out);
	print_section("How to mend it", row->mend, out);
	print_example(row->example, out);
	print_choices(row, out);
}
