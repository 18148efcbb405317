/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/tail.h"

#include "policy/base/error.h"
#include "steering/runbook/change.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"
#include "steering/runbook/render_past.h"
#include "steering/runbook/survey.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

enum { ASK_MS = 5000, AGAIN_MS = 500, AT_ONCE = 1000 };

static const char *sum_of(const struct json_t *line)
{
	const char *sum = json_string_value(json_object_get(line, "sum"));

	return sum == NULL ? "" : sum;
}

static int64_t wall_of(const struct json_t *line)
{
	return (int64_t)json_integer_value(
		json_object_get(json_object_get(line, "event"), "wall_ms"));
}

static size_t first_after(const struct tail_mark *mark,
			  const struct json_t *lines)
{
	size_t count = json_array_size(lines), first = 0;

	if (mark->sum[0] == '\0')
		return 0;
	for (size_t i = count; i > 0; i--)
		if (strcmp(sum_of(json_array_get(lines, i - 1)), mark->sum) ==
		    0)
			return i;
	while (first < count &&
	       wall_of(json_array_get(lines, first)) <= mark->wall_ms)
		first++;
	return first;
}

size_t tail_news(struct tail_mark *mark, const struct json_t *lines)
{
	size_t count = json_array_size(lines);
	size_t first = first_after(mark, lines);

	if (first < count) {
		const struct json_t *last = json_array_get(lines, count - 1);

		snprintf(mark->sum, sizeof(mark->sum), "%s", sum_of(last));
		mark->wall_ms = wall_of(last);
	}
	return first;
}

static void print_json(const struct json_t *line)
{
	json_dumpf(line, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	putchar('\n');
}

static void print_line(const struct json_t *line)
{
	struct json_t *one =
		json_pack("{s:[O]}", "lines", (struct json_t *)(uintptr_t)line);

	render_history(one, stdout);
	json_decref(one);
}

static void print_news(struct tail_mark *mark, const struct json_t *answer,
		       bool json)
{
	const struct json_t *lines = json_object_get(answer, "lines");

	for (size_t i = tail_news(mark, lines); i < json_array_size(lines); i++)
		(json ? print_json : print_line)(json_array_get(lines, i));
	fflush(stdout);
}

/* Says once that nobody answers, and goes on when somebody does. */
static int follow(struct link *link, unsigned count, bool json)
{
	struct tail_mark mark = { "", 0 };
	bool silent = false;

	while (!ferror(stdout)) {
		int asked = mark.sum[0] == '\0' ? (int)count : AT_ONCE;
		struct json_t *answer = NULL;
		struct json_t *request = json_pack("{s:s, s:i}", "op",
						   "history", "count", asked);
		struct error err = { .text = "out of memory" };
		enum survey_result result = SURVEY_REFUSED;

		if (request != NULL)
			result = survey_ask(link, request, ASK_MS, &answer,
					    &err);
		json_decref(request);
		if (result == SURVEY_OK)
			print_news(&mark, answer, json);
		else if (!silent)
			fprintf(stderr, "windrose history: %s\n", err.text);
		json_decref(answer);
		if (result == SURVEY_REFUSED)
			return EXIT_FAILED;
		silent = result != SURVEY_OK;
		poll(NULL, 0, AGAIN_MS);
	}
	return EXIT_FAILED;
}

int tail_follow(struct order *order, unsigned count, bool json)
{
	struct link *link;
	int status = change_open(order, &link);

	if (status != EXIT_DONE)
		return status;
	status = follow(link, count, json);
	link_free(link);
	return status;
}
