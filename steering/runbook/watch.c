/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/watch.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "steering/runbook/change.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"
#include "steering/runbook/survey.h"
#include "steering/runbook/ticker.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

enum { ASK_MS = 5000, EVERY_MAX_S = 3600 };

struct watch {
	struct order order; /* of it only where to ask is used */
	unsigned every_s;
	bool json, help;
};

static enum program_status read_options(struct watch *w, int argc, char **argv)
{
	const struct option_row rows[] = {
		{ "bus", OPTION_TEXT, &w->order.bus, "URL",
		  "redis://... of the bus (WINDROSE_BUS)", 0, 0 },
		{ "node", OPTION_TEXT, &w->order.node, "SOCKET",
		  "one daemon's control socket (WINDROSE_NODE)", 0, 0 },
		{ "key", OPTION_TEXT, &w->order.key, "PEM",
		  "your private key, for the bus (WINDROSE_KEY)", 0, 0 },
		{ "every", OPTION_NUMBER, &w->every_s, "SECONDS",
		  "ask again after so long; default 1", 1, EVERY_MAX_S },
		{ "json", OPTION_FLAG, &w->json, NULL,
		  "each line a JSON object", 0, 0 },
		{ "help", OPTION_FLAG, &w->help, NULL, "this text", 0, 0 },
	};
	const struct invocation call = {
		"watch", "[options]", rows, sizeof(rows) / sizeof(rows[0]),
		0,       &w->help,
	};

	return invocation_read(&call, argc, argv, NULL);
}

static void print_text(void *arg, const char *name, const char *before,
		       const char *after)
{
	char at[CLOCK_TEXT_SIZE];

	(void)arg;
	printf("%s %s: %s -> %s\n", clock_wall_text(clock_wall_ms(), at), name,
	       *before == '\0' ? "nothing" : before,
	       *after == '\0' ? "nothing" : after);
}

static void print_json(void *arg, const char *name, const char *before,
		       const char *after)
{
	const char *blank = strchr(name, ' ');
	size_t len = blank == NULL ? strlen(name) : (size_t)(blank - name);
	json_t *line = json_pack("{s:I, s:s%, s:s, s:s, s:s}", "wall_ms",
				 (json_int_t)clock_wall_ms(), "kind", name, len,
				 "what", blank == NULL ? "" : blank + 1,
				 "before", before, "after", after);

	(void)arg;
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

/* Says once that nobody answers, and goes on when somebody does. */
static int follow(struct link *link, const struct watch *w)
{
	struct json_t *seen = NULL;
	bool silent = false;

	while (!ferror(stdout)) {
		struct json_t *status = NULL, *facts = NULL;
		struct json_t *request = json_pack("{s:s}", "op", "status");
		struct error err = { .text = "out of memory" };
		enum survey_result result = SURVEY_REFUSED;

		if (request != NULL)
			result = survey_ask(link, request, ASK_MS, &status,
					    &err);
		json_decref(request);
		if (result == SURVEY_OK)
			facts = ticker_facts(status);
		else if (!silent)
			fprintf(stderr, "windrose watch: %s\n", err.text);
		json_decref(status);
		if (result == SURVEY_REFUSED)
			break;
		silent = result != SURVEY_OK;
		if (facts != NULL && seen != NULL)
			ticker_compare(seen, facts,
				       w->json ? print_json : print_text, NULL);
		if (facts != NULL) {
			json_decref(seen);
			seen = facts;
		}
		fflush(stdout);
		poll(NULL, 0, (int)w->every_s * 1000);
	}
	json_decref(seen);
	return EXIT_FAILED;
}

int watch_run(int argc, char **argv)
{
	struct watch w = { .every_s = 1 };
	struct link *link;
	int status = read_options(&w, argc, argv);

	if (status != PROGRAM_GO)
		return status;
	status = change_open(&w.order, &link);
	if (status != EXIT_DONE)
		return status;
	status = follow(link, &w);
	link_free(link);
	return status;
}
