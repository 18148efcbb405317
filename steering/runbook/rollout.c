/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/rollout.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "policy/bus/plan_release.h"
#include "steering/runbook/change.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum {
	ASK_MS = 5000,
	LOOK_AGAIN_MS = 500,
	SILENCE_MS = 60000, /* without an agent that leads */
	SHOWN = 16,         /* of a digest */
};

static const char *text_of(const struct json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text == NULL ? "" : text;
}

static int refused(const struct json_t *answer)
{
	fprintf(stderr, "windrose: refused: %s\n", text_of(answer, "error"));
	return EXIT_REFUSED;
}

/* Takes over request.  The answer when it is "ok"; else NULL. */
static struct json_t *ask(struct link *link, struct json_t *request,
			  int *status)
{
	struct error err = { .text = "out of memory" };
	struct json_t *answer =
		request == NULL ? NULL : link_ask(link, request, ASK_MS, &err);

	json_decref(request);
	*status = EXIT_DONE;
	if (answer == NULL) {
		fprintf(stderr, "windrose: %s\n", err.text);
		*status = EXIT_UNREACHABLE;
	} else if (!json_is_true(json_object_get(answer, "ok"))) {
		*status = refused(answer);
		json_decref(answer);
		answer = NULL;
	}
	return answer;
}

struct json_t *rollout_ask(struct link *link, int *status)
{
	return ask(link, json_pack("{s:s}", "op", "rollout"), status);
}

static void print_json(const struct json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

/* It waits for somebody else to publish it, too. */
static int tell_held(const struct order *order, const struct json_t *answer)
{
	if (order->json)
		print_json(answer);
	else
		printf("Held, nothing changed yet: %s\nAnother person, with "
		       "another key: windrose publish DIR --expect %.*s\n",
		       text_of(answer, "why"), SHOWN, text_of(answer, "held"));
	return EXIT_HELD;
}

int rollout_send(struct link *link, const struct order *order,
		 const struct rollout_wish *wish)
{
	const char *verb = wish->digest == NULL ? "abort" : "publish";
	struct json_t *answer;
	int status;

	answer = ask(link,
		     json_pack("{s:s, s:s, s:s*, s:s, s:s*, s:b, s:b, s:I}",
			       "op", "release", "do", verb, "digest",
			       wish->digest, "author",
			       order->author == NULL ? "?" : order->author,
			       "reason", order->reason, "forced", wish->forced,
			       "may_silence", wish->may_silence, "wall_made_ms",
			       (json_int_t)clock_wall_ms()),
		     &status);
	if (status == EXIT_UNREACHABLE)
		status = EXIT_UNKNOWN;
	if (json_object_get(answer, "held") != NULL)
		status = tell_held(order, answer);
	json_decref(answer);
	return status;
}

/* "wave 1 of 3: soak, 12 s: 1 responders serve it" */
static void print_step(const struct json_t *answer)
{
	const struct json_t *release = json_object_get(answer, "release");
	json_int_t wave =
		json_integer_value(json_object_get(release, "wave")) + 1;
	json_int_t waves = json_integer_value(json_object_get(answer, "waves"));
	const char *phase = text_of(release, "phase");

	printf("policy %.*s  ", SHOWN, text_of(release, "next"));
	if (strcmp(phase, "wave") == 0 || strcmp(phase, "soak") == 0)
		printf("wave %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
		       ", ",
		       wave, waves);
	printf("%s: %s\n", phase, text_of(release, "reason"));
	fflush(stdout);
}

static void print_node(const struct json_t *node)
{
	printf("  %-20s %.*s%s  %s\n", text_of(node, "name"), SHOWN,
	       text_of(node, "digest"),
	       json_is_true(json_object_get(node, "next")) ? "  next" : "",
	       text_of(node, "says"));
}

static void print_status(const struct json_t *answer)
{
	const struct json_t *release = json_object_get(answer, "release");
	const struct json_t *held = json_object_get(release, "held");
	const char *base = text_of(release, "base");
	struct json_t *node;
	size_t i;

	if (*text_of(release, "phase") == '\0')
		printf("No policy was published yet.\n");
	else
		print_step(answer);
	if (*text_of(held, "digest") != '\0')
		printf("held: policy %.*s of %s: another person, with another "
		       "key: windrose publish DIR --expect %.*s\n",
		       SHOWN, text_of(held, "digest"), text_of(held, "author"),
		       SHOWN, text_of(held, "digest"));
	printf("served by all: %.*s\n", SHOWN,
	       *base == '\0' ? "their own files" : base);
	printf("the agent's:   %.*s\n", SHOWN, text_of(answer, "digest"));
	json_array_foreach(json_object_get(answer, "nodes"), i, node)
		print_node(node);
	json_array_foreach(json_object_get(release, "refused"), i, node)
		printf("taken back: %.*s  %s\n", SHOWN, text_of(node, "digest"),
		       text_of(node, "reason"));
}

/* Is it over for the policy of that digest?  *status says how. */
static bool is_over(const struct json_t *release, const char *digest,
		    int *status)
{
	const char *phase = text_of(release, "phase");

	if (strcmp(text_of(release, "next"), digest) != 0)
		return false;
	*status = strcmp(phase, "done") == 0 ? EXIT_DONE : EXIT_REFUSED;
	return strcmp(phase, "done") == 0 || strcmp(phase, "gone") == 0;
}

/* A line for each phase and wave; a while without an agent is no end. */
int rollout_follow(struct link *link, const struct order *order,
		   const char *digest)
{
	int64_t heard_ms = clock_now_ms();
	char told[80] = "", now[80];
	int status = EXIT_UNKNOWN;
	bool over = false;

	while (!over && clock_now_ms() - heard_ms < SILENCE_MS) {
		struct json_t *request = json_pack("{s:s}", "op", "rollout");
		struct error err;
		struct json_t *answer = link_ask(link, request, ASK_MS, &err);
		const struct json_t *release =
			json_object_get(answer, "release");

		json_decref(request);
		if (release != NULL)
			heard_ms = clock_now_ms();
		snprintf(now, sizeof(now), "%.20s %" JSON_INTEGER_FORMAT,
			 text_of(release, "phase"),
			 json_integer_value(json_object_get(release, "wave")));
		over = is_over(release, digest, &status);
		if (release != NULL && strcmp(now, told) != 0 &&
		    strcmp(text_of(release, "next"), digest) == 0) {
			if (order->json)
				print_json(answer);
			else
				print_step(answer);
			memcpy(told, now, sizeof(told));
		}
		json_decref(answer);
		if (!over)
			poll(NULL, 0, LOOK_AGAIN_MS);
	}
	if (!over)
		fprintf(stderr,
			"windrose: no agent that leads says what became "
			"of it; see windrose rollout status\n");
	return over ? status : EXIT_UNKNOWN;
}

static int show(struct link *link, const struct order *order)
{
	int status;
	struct json_t *answer = rollout_ask(link, &status);

	if (answer != NULL && order->json)
		print_json(answer);
	else if (answer != NULL)
		print_status(answer);
	json_decref(answer);
	return status;
}

static int refuse_line(const struct error *err)
{
	fprintf(stderr, "windrose rollout: %s\n", err->text);
	return EXIT_USAGE;
}

static size_t fill_rows(struct order *order, struct option_row *rows)
{
	const struct option_row all[] = {
		{ "bus", OPTION_TEXT, &order->bus, "URL",
		  "redis://... of the bus (WINDROSE_BUS)", 0, 0 },
		{ "node", OPTION_TEXT, &order->node, "SOCKET",
		  "the agent's control socket (WINDROSE_NODE)", 0, 0 },
		{ "key", OPTION_TEXT, &order->key, "PEM",
		  "your private key, for the bus (WINDROSE_KEY)", 0, 0 },
		{ "author", OPTION_TEXT, &order->author, "NAME",
		  "abort: who you are (default your login)", 0, 0 },
		{ "reason", OPTION_TEXT, &order->reason, "TEXT", "abort: why",
		  0, 0 },
		{ "json", OPTION_FLAG, &order->json, NULL, "answer in JSON", 0,
		  0 },
		{ "help", OPTION_FLAG, &order->help, NULL, "this text", 0, 0 },
	};

	memcpy(rows, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

static int carry_out(struct order *order, const char *verb)
{
	static const struct rollout_wish none;
	bool abort = strcmp(verb, "abort") == 0;
	struct error err;
	struct link *link;
	int status;

	if (!abort && strcmp(verb, "status") != 0) {
		error_set(&err, "\"%s\" is neither status nor abort", verb);
		return refuse_line(&err);
	}
	if (abort && order->reason == NULL) {
		error_set(&err, "--reason TEXT is missing: every change says "
				"why");
		return refuse_line(&err);
	}
	status = change_open(order, &link);
	if (status != EXIT_DONE)
		return status;
	status = abort ? rollout_send(link, order, &none) : show(link, order);
	if (abort && status == EXIT_DONE)
		printf("It is being taken back; see windrose rollout "
		       "status.\n");
	link_free(link);
	return status;
}

int rollout_run(int argc, char **argv)
{
	struct order order = { .json = false };
	struct option_row rows[8];
	const struct invocation call = {
		"rollout", "status|abort [options]",
		rows,      fill_rows(&order, rows),
		1,         &order.help,
	};
	const char *verb;
	int status = invocation_read(&call, argc, argv, &verb);

	return status == PROGRAM_GO ? carry_out(&order, verb) : status;
}
