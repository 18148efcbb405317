/* SPDX-License-Identifier: Apache-2.0 */
/* scraped -- what a daemon's /metrics says, as a text, against lines that must
 * be there and against the list in its manual. */
#ifndef TESTS_UNIT_SCRAPED_H
#define TESTS_UNIT_SCRAPED_H

#include "policy/base/openmetrics.h"
#include "policy/base/program_metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As the exporter writes it; NUL-terminated; the caller frees it. */
static inline char *scraped(enum openmetrics_form form,
			    void (*write)(void *arg, struct openmetrics *out),
			    void *arg)
{
	static const struct process_usage process = { .cpu_s = 0.5,
						      .resident_octets = 4096,
						      .open_fds = 9,
						      .max_fds = 1024 };
	struct openmetrics out = { .form = form };
	char *text;

	program_metrics_put(&out, &process, 1000);
	write(arg, &out);
	assert_true(openmetrics_end(&out));
	text = strndup(out.text, out.len);
	openmetrics_fini(&out);
	assert_non_null(text);
	return text;
}

/* lines: up to NULL. */
static inline void scraped_has(const char *text, const char *const *lines)
{
	for (; *lines != NULL; lines++) {
		char line[300];

		snprintf(line, sizeof(line), "\n%s\n", *lines);
		if (strstr(text, line) == NULL)
			fail_msg("no %s in\n%s", *lines, text);
	}
}

/* The names that a page of contrib/man lists, a name a line, between line
 * feeds; the caller frees them. */
static inline char *scraped_manual(const char *page)
{
	char path[512], line[512], *names = NULL;
	size_t size = 0;
	FILE *list = open_memstream(&names, &size), *file;

	snprintf(path, sizeof(path), "%s/contrib/man/%s", getenv("SRCDIR"),
		 page);
	file = fopen(path, "r");
	assert_non_null(file);
	fputc('\n', list);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, ".It Va windrose_", 16) == 0)
			fputs(line + strlen(".It Va "), list);
	fclose(file);
	fclose(list);
	return names;
}

/*
 * text is in Prometheus' form, which names families as their samples, and so
 * does the manual: it has all of them, and no other.
 */
static inline void scraped_is_in_manual(const char *text, const char *page)
{
	static const char type[] = "# TYPE ";
	char *names = scraped_manual(page);
	size_t families = 0, explained = 0;

	for (const char *at = text; (at = strstr(at, type)) != NULL;
	     families++) {
		char name[100];

		at += strlen(type);
		snprintf(name, sizeof(name), "\n%.*s\n", (int)strcspn(at, " "),
			 at);
		if (strstr(names, name) == NULL)
			fail_msg("not in %s: %s", page, name);
	}
	for (const char *at = names + 1; *at != '\0'; at++)
		explained += *at == '\n';
	assert_true(families > 5);
	assert_int_equal(families, explained);
	free(names);
}

#endif
