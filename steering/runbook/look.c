/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/look.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/option.h"
#include "steering/runbook/change.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"
#include "steering/runbook/render.h"
#include "steering/runbook/render_past.h"
#include "steering/runbook/survey.h"
#include "steering/runbook/tail.h"
#include "steering/runbook/trail.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { ASK_MS = 5000, HISTORY_MAX = 10000 };

struct look {
	struct order order; /* of it only where to ask is used */
	unsigned count;     /* history */
	bool verify, follow;
	struct trail trail; /* of it, with verify */
	const char *usage;  /* of operands, or NULL: there are none */
	const char *name;   /* the operand; borrowed of trail */
	bool json, help;
};

static int read_options(struct look *look, int argc, char **argv)
{
	const struct option_row rows[] = {
		{ "bus", OPTION_TEXT, &look->order.bus, "URL",
		  "redis://... of the bus (WINDROSE_BUS)", 0, 0 },
		{ "node", OPTION_TEXT, &look->order.node, "SOCKET",
		  "one daemon's control socket (WINDROSE_NODE)", 0, 0 },
		{ "key", OPTION_TEXT, &look->order.key, "PEM",
		  "your private key, for the bus (WINDROSE_KEY)", 0, 0 },
		{ "count", OPTION_NUMBER, &look->count, "N",
		  "history: how many entries; default 20", 1, HISTORY_MAX },
		{ "follow", OPTION_FLAG, &look->follow, NULL,
		  "history: go on with each new entry", 0, 0 },
		{ "verify", OPTION_FLAG, &look->verify, NULL,
		  "history: is the journal, or are these files of it, as "
		  "written?",
		  0, 0 },
		{ "head", OPTION_TEXT, &look->trail.head, "N:HASH",
		  "history --verify: what the last file must reach", 0, 0 },
		{ "json", OPTION_FLAG, &look->json, NULL, "answer in JSON", 0,
		  0 },
		{ "help", OPTION_FLAG, &look->help, NULL, "this text", 0, 0 },
	};
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	struct error err = { .text = "out of memory" };
	int left = -1, wanted = look->usage == NULL ? 0 : 1;

	if (operands != NULL)
		left = option_parse(rows, sizeof(rows) / sizeof(rows[0]), argc,
				    argv, operands, &err);
	if (left > wanted && !look->verify) {
		error_set(&err, "\"%s\" is one word too many",
			  operands[wanted]);
		left = -1;
	} else if (left >= 0 && left < wanted && !look->help) {
		error_set(&err, "%s is missing", look->usage);
		left = -1;
	}
	if (left < 0) {
		fprintf(stderr, "windrose %s: %s\n", argv[0], err.text);
		free(operands);
		return EXIT_USAGE;
	}
	look->trail.files = operands;
	look->trail.count = (size_t)left;
	look->trail.json = look->json;
	look->name = left > 0 ? operands[0] : NULL;
	if (look->help) {
		printf("usage: windrose %s%s%s [options]\n\n", argv[0],
		       wanted > 0 ? " " : "", wanted > 0 ? look->usage : "");
		option_print(rows, sizeof(rows) / sizeof(rows[0]), stdout);
	}
	return EXIT_DONE;
}

/* Takes request; the answer, or NULL with *status set. */
static struct json_t *inquire(struct look *look, struct json_t *request,
			      int *status)
{
	struct json_t *answer = NULL;
	enum survey_result result;
	struct link *link;
	struct error err;

	if (request == NULL)
		return NULL;
	*status = change_open(&look->order, &link);
	if (*status != EXIT_DONE) {
		json_decref(request);
		return NULL;
	}
	result = survey_ask(link, request, ASK_MS, &answer, &err);
	json_decref(request);
	link_free(link);
	if (result == SURVEY_OK)
		return answer;
	fprintf(stderr, "windrose: %s\n", err.text);
	*status = result == SURVEY_SILENT ? EXIT_UNREACHABLE : EXIT_FAILED;
	return NULL;
}

/* Takes request; shows the answer as JSON or through render. */
static int look_at(struct look *look, struct json_t *request,
		   void (*render)(const struct json_t *, int64_t, FILE *))
{
	int status = EXIT_FAILED;
	struct json_t *answer = inquire(look, request, &status);

	if (answer == NULL)
		return status;
	if (look->json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		render(answer, clock_wall_ms(), stdout);
	}
	json_decref(answer);
	return EXIT_DONE;
}

static void free_look(struct look *look)
{
	free((void *)(uintptr_t)look->trail.files);
}

int look_status(int argc, char **argv)
{
	struct look look = { 0 };
	int status = read_options(&look, argc, argv);

	if (status == EXIT_DONE && !look.help)
		status = look_at(&look, json_pack("{s:s}", "op", "status"),
				 render_status);
	free_look(&look);
	return status;
}

static void show_history(const struct json_t *answer, int64_t wall_ms,
			 FILE *out)
{
	(void)wall_ms;
	render_history(answer, out);
}

static int verify(struct look *look)
{
	int status = EXIT_FAILED;
	struct json_t *answer;

	if (look->trail.count > 0)
		return trail_of_files(&look->trail);
	if (look->trail.head != NULL) {
		fprintf(stderr, "windrose history: --head goes with files\n");
		return EXIT_USAGE;
	}
	answer = inquire(look, json_pack("{s:s}", "op", "verify"), &status);
	if (answer != NULL)
		status = trail_of_answer(&look->trail, answer);
	json_decref(answer);
	return status;
}

int look_history(int argc, char **argv)
{
	struct look look = { .count = 20 };
	int status = read_options(&look, argc, argv);

	if (status == EXIT_DONE && !look.help && look.verify)
		status = verify(&look);
	else if (status == EXIT_DONE && !look.help && look.follow)
		status = tail_follow(&look.order, look.count, look.json);
	else if (status == EXIT_DONE && !look.help)
		status = look_at(&look,
				 json_pack("{s:s, s:i}", "op", "history",
					   "count", (int)look.count),
				 show_history);
	free_look(&look);
	return status;
}

static void show_plans(const struct json_t *answer, int64_t wall_ms, FILE *out)
{
	(void)wall_ms;
	render_plans(answer, out);
}

int look_plans(int argc, char **argv)
{
	struct look look = { 0 };
	int status = read_options(&look, argc, argv);

	if (status == EXIT_DONE && !look.help)
		status = look_at(&look, json_pack("{s:s}", "op", "plans"),
				 show_plans);
	free_look(&look);
	return status;
}

/* Leaves of a status what is of this canary; false: there is none. */
static bool only(struct json_t *answer, const char *name)
{
	struct json_t *canaries = json_object_get(answer, "canaries");

	for (size_t i = json_array_size(canaries); i-- > 0;) {
		const char *is = json_string_value(
			json_object_get(json_array_get(canaries, i), "canary"));

		if (is == NULL || strcmp(is, name) != 0)
			json_array_remove(canaries, i);
	}
	return json_array_size(canaries) > 0;
}

static int canary_status(struct look *look)
{
	int status = EXIT_FAILED;
	struct json_t *answer =
		inquire(look, json_pack("{s:s}", "op", "status"), &status);
	struct json_t *canary;

	if (answer == NULL)
		return status;
	if (!only(answer, look->name)) {
		fprintf(stderr, "windrose: there is no canary %s\n",
			look->name);
		json_decref(answer);
		return EXIT_FAILED;
	}
	canary = json_array_get(json_object_get(answer, "canaries"), 0);
	if (look->json)
		json_dumpf(canary, stdout, JSON_COMPACT);
	else
		render_canary(canary, stdout);
	if (look->json)
		putchar('\n');
	json_decref(answer);
	return EXIT_DONE;
}

static void show_report(const struct json_t *answer, int64_t wall_ms, FILE *out)
{
	const char *text = json_string_value(json_object_get(answer, "report"));

	(void)wall_ms;
	fputs(text == NULL ? "" : text, out);
}

int look_drill(int argc, char **argv)
{
	struct look look = { .usage = "report ID|last" };
	int status;

	if (argc < 2 || strcmp(argv[1], "report") != 0)
		return change_run(argc, argv);
	argv[1] = argv[0];
	status = read_options(&look, argc - 1, argv + 1);
	if (status == EXIT_DONE && !look.help)
		status = look_at(&look,
				 json_pack("{s:s, s:s}", "op", "report",
					   "drill", look.name),
				 show_report);
	free_look(&look);
	return status;
}

int look_canary(int argc, char **argv)
{
	bool report = argc > 1 && strcmp(argv[1], "report") == 0;
	struct look look = { .usage = report ? "report NAME" : "status NAME" };
	int status;

	if (!report && (argc < 2 || strcmp(argv[1], "status") != 0))
		return change_run(argc, argv);
	argv[1] = argv[0];
	status = read_options(&look, argc - 1, argv + 1);
	if (status == EXIT_DONE && !look.help && !report)
		status = canary_status(&look);
	else if (status == EXIT_DONE && !look.help)
		status = look_at(&look,
				 json_pack("{s:s, s:s}", "op", "report",
					   "canary", look.name),
				 show_report);
	free_look(&look);
	return status;
}
