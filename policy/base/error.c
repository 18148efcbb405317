/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void error_at(struct error *err, struct place at, const char *fmt, ...)
{
	va_list ap;

	err->at = at;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

void error_set(struct error *err, const char *fmt, ...)
{
	va_list ap;

	err->at = (struct place){ 0 };
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

/* "file:line:col: ", as much of it as is known. */
static int print_place(const struct place *at, char *buf, size_t size)
{
	if (at->file == NULL)
		return snprintf(buf, size, "%s", "");
	if (at->line == 0)
		return snprintf(buf, size, "%s: ", at->file);
	if (at->col == 0)
		return snprintf(buf, size, "%s:%u: ", at->file, at->line);
	return snprintf(buf, size, "%s:%u:%u: ", at->file, at->line, at->col);
}

const char *error_line(const struct error *err, char *buf, size_t size)
{
	int used = print_place(&err->at, buf, size);

	if (used >= 0 && (size_t)used < size)
		snprintf(buf + used, size - (size_t)used, "%s", err->text);
	return buf;
}

static struct finding *grow(struct errors *errs)
{
	if (errs->count == errs->cap) {
		size_t cap = errs->cap == 0 ? 16 : errs->cap * 2;
		struct finding *list =
			reallocarray(errs->list, cap, sizeof(*list));

		if (list == NULL) {
			errs->lost = true;
			return NULL;
		}
		errs->list = list;
		errs->cap = cap;
	}
	return &errs->list[errs->count++];
}

static void record(struct errors *errs, unsigned code, const struct error *err,
		   enum severity severity)
{
	struct finding *f = grow(errs);

	if (severity == SEVERITY_ERROR)
		errs->fatal++;
	if (f == NULL)
		return;
	*f = (struct finding){ .error = *err,
			       .code = code,
			       .severity = severity };
	if (err->at.file != NULL) {
		f->file = strdup(err->at.file);
		f->error.at.file = f->file;
	}
}

void errors_add(struct errors *errs, unsigned code, struct place at,
		const char *fmt, ...)
{
	struct error err = { .at = at };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	record(errs, code, &err, SEVERITY_ERROR);
}

void errors_warn(struct errors *errs, unsigned code, struct place at,
		 const char *fmt, ...)
{
	struct error err = { .at = at };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	record(errs, code, &err, SEVERITY_WARNING);
}

void errors_push(struct errors *errs, unsigned code, const struct error *err)
{
	record(errs, code, err, SEVERITY_ERROR);
}

size_t errors_warnings(const struct errors *errs)
{
	size_t count = 0;

	for (size_t i = 0; i < errs->count; i++)
		count += errs->list[i].severity == SEVERITY_WARNING;
	return count;
}

static int compare_unsigned(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

static int compare_places(const struct place *a, const struct place *b)
{
	int order = strcmp(a->file == NULL ? "" : a->file,
			   b->file == NULL ? "" : b->file);

	if (order == 0)
		order = compare_unsigned(a->line, b->line);
	if (order == 0)
		order = compare_unsigned(a->col, b->col);
	return order;
}

/* Insertion sort: stable, and the lists are as long as a person's patience. */
void errors_sort(struct errors *errs)
{
	for (size_t i = 1; i < errs->count; i++) {
		struct finding f = errs->list[i];
		size_t at = i;

		while (at > 0 && compare_places(&errs->list[at - 1].error.at,
						&f.error.at) > 0) {
			errs->list[at] = errs->list[at - 1];
			at--;
		}
		errs->list[at] = f;
	}
}

static void print_finding(const struct finding *f, FILE *out)
{
	static const char *const words[] = {
		[SEVERITY_ERROR] = "error",
		[SEVERITY_WARNING] = "warning",
	};
	char at[4200];

	print_place(&f->error.at, at, sizeof(at));
	fprintf(out, "%s%s: %s", at, words[f->severity], f->error.text);
	if (f->code != 0)
		fprintf(out, " [WR%04u]", f->code);
	fputc('\n', out);
}

void errors_print(const struct errors *errs, FILE *out)
{
	for (size_t i = 0; i < errs->count; i++)
		if (errs->list[i].severity != SEVERITY_ACCEPTED)
			print_finding(&errs->list[i], out);
	if (errs->lost)
		fprintf(out,
			"error: out of memory; not every error is shown\n");
}

void errors_fini(struct errors *errs)
{
	for (size_t i = 0; i < errs->count; i++)
		free(errs->list[i].file);
	free(errs->list);
	*errs = (struct errors){ 0 };
}
