/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/force.h"

#include "policy/base/error.h"
#include "policy/base/option.h"
#include "policy/language/scalar.h"
#include "steering/runbook/change.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { ASK_MS = 5000 };

/* What it is when nobody says for how long. */
#define LASTING_DEFAULT "1h"

static int usage(const struct error *err)
{
	fprintf(stderr, "windrose force: %s\n", err->text);
	return EXIT_USAGE;
}

/* The words behind the options: SERVICE/ENDPOINT and the state. */
struct force_words {
	const char *target, *state;
};

static bool read_line(struct order *order, int argc, char **argv,
		      struct force_words *words, struct error *err)
{
	struct option_row rows[] = {
		{ "node", OPTION_TEXT, &order->node, "SOCKET",
		  "the prober's control socket (WINDROSE_NODE)", 0, 0 },
		{ "reason", OPTION_TEXT, &order->reason, "TEXT",
		  "why; an incident number is a good one", 0, 0 },
		{ "author", OPTION_TEXT, &order->author, "NAME",
		  "who; default: the login name", 0, 0 },
		{ "for", OPTION_TEXT, &order->lasting, "TIME",
		  "how long it holds, such as 2h; default " LASTING_DEFAULT, 0,
		  0 },
		{ "dry-run", OPTION_FLAG, &order->dry_run, NULL,
		  "show which endpoints share the probe, and stop", 0, 0 },
		{ "json", OPTION_FLAG, &order->json, NULL, "answer in JSON", 0,
		  0 },
		{ "help", OPTION_FLAG, &order->help, NULL, "this text", 0, 0 },
	};
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	int left = -1;

	error_set(err, "out of memory");
	if (operands != NULL)
		left = option_parse(rows, count, argc, argv, operands, err);
	if (left == 2)
		*words = (struct force_words){ operands[0], operands[1] };
	else if (left >= 0)
		error_set(err, "usage: windrose force SERVICE/ENDPOINT "
			       "open|closed|auto --reason TEXT");
	free(operands);
	if (order->help) {
		printf("usage: windrose force SERVICE/ENDPOINT "
		       "open|closed|auto --reason TEXT [options]\n\n");
		option_print(rows, count, stdout);
	}
	return order->help || left == 2;
}

/* NULL with err set when the line says too little or what is not so. */
static struct json_t *write_request(const struct order *order,
				    const struct force_words *words,
				    struct error *err)
{
	const char *slash = strchr(words->target, '/');
	const char *lasting =
		order->lasting == NULL ? LASTING_DEFAULT : order->lasting;
	bool ends = strcmp(words->state, "auto") == 0;
	int64_t for_ms = 0;

	if (slash == NULL)
		error_set(err, "\"%s\" is not SERVICE/ENDPOINT", words->target);
	else if (order->reason == NULL)
		error_set(err, "--reason TEXT is missing: every change says "
			       "why");
	else if (ends && order->lasting != NULL)
		error_set(err, "auto does not take --for");
	else if (!ends && (!scalar_duration(lasting, &for_ms) || for_ms <= 0))
		error_set(err,
			  "--for is \"%s\"; it must be a time with its unit, "
			  "such as 90s, 10m or 2h",
			  lasting);
	else
		return json_pack("{s:s, s:s%, s:s, s:s, s:I, s:s, s:s, s:b}",
				 "op", "force", "service", words->target,
				 (size_t)(slash - words->target), "endpoint",
				 slash + 1, "state", words->state, "for_ms",
				 (json_int_t)for_ms, "author",
				 order->author == NULL ? "" : order->author,
				 "reason", order->reason, "dry_run",
				 order->dry_run);
	return NULL;
}

static int show(const struct order *order, const struct json_t *answer,
		const char *state)
{
	const char *why = json_string_value(json_object_get(answer, "error"));
	struct json_t *target;
	size_t i;

	if (!json_is_true(json_object_get(answer, "ok"))) {
		fprintf(stderr, "windrose: refused: %s\n",
			why == NULL ? "no reason is given" : why);
		return EXIT_REFUSED;
	}
	if (order->json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
		return EXIT_DONE;
	}
	json_array_foreach(json_object_get(answer, "targets"), i, target)
		printf("%s %s %s here\n", json_string_value(target),
		       order->dry_run ? "would be" : "is",
		       strcmp(state, "auto") == 0 ? "what its breaker says"
						  : state);
	return EXIT_DONE;
}

int force_run(int argc, char **argv)
{
	struct order order = { .lasting = NULL };
	struct force_words words = { NULL, NULL };
	struct json_t *request, *answer = NULL;
	struct link *link;
	struct error err;
	int status;

	if (!read_line(&order, argc, argv, &words, &err))
		return usage(&err);
	if (order.help)
		return EXIT_DONE;
	if (order.node == NULL)
		order.node = getenv("WINDROSE_NODE");
	if (order.node == NULL) {
		error_set(&err, "--node SOCKET is missing: each prober is told "
				"by itself");
		return usage(&err);
	}
	status = change_open(&order, &link);
	if (status != EXIT_DONE)
		return status;
	request = write_request(&order, &words, &err);
	if (request != NULL)
		answer = link_ask(link, request, ASK_MS, &err);
	link_free(link);
	if (answer != NULL)
		status = show(&order, answer, words.state);
	else
		status = request == NULL ? usage(&err) : EXIT_UNREACHABLE;
	if (status == EXIT_UNREACHABLE)
		fprintf(stderr, "windrose force: %s\n", err.text);
	json_decref(request);
	json_decref(answer);
	return status;
}
