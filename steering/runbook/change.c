/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/change.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/bus/command.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"
#include "steering/runbook/render.h"

#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <jansson.h>

enum { ASK_MS = 5000, LOOK_AGAIN_MS = 20, OPERANDS_MAX = 64 };

static int complain(const char *verb, const struct error *err, int status)
{
	char line[4600];

	fprintf(stderr, "windrose%s%s: %s\n", verb == NULL ? "" : " ",
		verb == NULL ? "" : verb, error_line(err, line, sizeof(line)));
	return status;
}

static const char *login_name(void)
{
	const struct passwd *me = getpwuid(geteuid());
	const char *sudo_user = getenv("SUDO_USER");

	if (sudo_user != NULL)
		return sudo_user;
	return me == NULL ? NULL : me->pw_name;
}

int change_open(struct order *order, struct link **link)
{
	struct link_config config;
	enum link_result result;
	struct error err;

	if (order->node == NULL && order->bus == NULL) {
		order->node = getenv("WINDROSE_NODE");
		order->bus = getenv("WINDROSE_BUS");
	}
	if (order->key == NULL)
		order->key = getenv("WINDROSE_KEY");
	if (order->author == NULL)
		order->author = login_name();
	config = (struct link_config){
		.socket = order->node,
		.bus = order->bus,
		.key_path = order->key,
	};
	result = link_open(&config, link, &err);
	if (result == LINK_OK)
		return EXIT_DONE;
	return complain(NULL, &err,
			result == LINK_UNREACHABLE ? EXIT_UNREACHABLE
						   : EXIT_USAGE);
}

/* {"op": op, "command": command}; NULL when memory runs out. */
static struct json_t *request_of(const char *op, const struct command *command)
{
	return json_pack("{s:s, s:o}", "op", op, "command",
			 command_write(command));
}

/* Asks, and takes a "no" apart from silence. */
static struct json_t *ask(struct link *link, const char *op,
			  const struct command *command, int *status)
{
	struct json_t *request = request_of(op, command);
	struct json_t *answer;
	struct error err;

	if (request == NULL) {
		fprintf(stderr, "windrose: out of memory\n");
		*status = EXIT_FAILED;
		return NULL;
	}
	answer = link_ask(link, request, ASK_MS, &err);
	json_decref(request);
	if (answer == NULL) {
		*status = complain(command_kind_name(command->kind), &err,
				   EXIT_UNREACHABLE);
		return NULL;
	}
	if (!json_is_true(json_object_get(answer, "ok"))) {
		const char *why =
			json_string_value(json_object_get(answer, "error"));

		fprintf(stderr, "windrose %s: %s\n",
			command_kind_name(command->kind),
			why == NULL ? "refused without a reason" : why);
		json_decref(answer);
		*status = EXIT_REFUSED;
		return NULL;
	}
	return answer;
}

/* On a terminal asks; in a script --yes must have been said. */
static bool confirmed(const struct order *order)
{
	char line[16];

	if (order->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "windrose: not a terminal; say --yes to do it "
				"without being asked\n");
		return false;
	}
	fprintf(stderr, "Do it? [y/N] ");
	return fgets(line, sizeof(line), stdin) != NULL &&
	       (line[0] == 'y' || line[0] == 'Y');
}

/* Has every node that follows plans applied this one or a newer? */
static bool count_nodes(const struct json_t *status, uint64_t epoch,
			uint64_t sequence, size_t *have, size_t *all)
{
	const struct json_t *nodes = json_object_get(status, "nodes");
	struct json_t *node;
	size_t i;

	*have = *all = 0;
	json_array_foreach(nodes, i, node)
	{
		const char *role =
			json_string_value(json_object_get(node, "role"));
		uint64_t e = (uint64_t)json_integer_value(
			json_object_get(node, "plan_epoch"));
		uint64_t s = (uint64_t)json_integer_value(
			json_object_get(node, "plan_sequence"));

		if (role == NULL ||
		    (strcmp(role, "dns") != 0 && strcmp(role, "edge") != 0))
			continue;
		++*all;
		*have += e > epoch || (e == epoch && s >= sequence);
	}
	return *have == *all;
}

/* Looks until all have it or the time is over. */
static bool await_nodes(struct link *link, const struct order *order,
			const struct json_t *done, size_t *have, size_t *all)
{
	uint64_t epoch =
		(uint64_t)json_integer_value(json_object_get(done, "epoch"));
	uint64_t sequence =
		(uint64_t)json_integer_value(json_object_get(done, "sequence"));
	int64_t until_ms = clock_now_ms() + (int64_t)order->wait_s * 1000;
	struct json_t *request = json_pack("{s:s}", "op", "status");
	bool complete = false;

	*have = *all = 0;
	while (request != NULL && !complete) {
		struct error err;
		struct json_t *status = link_ask(link, request, ASK_MS, &err);

		if (status != NULL)
			complete =
				count_nodes(status, epoch, sequence, have, all);
		json_decref(status);
		if (complete || clock_now_ms() >= until_ms)
			break;
		poll(NULL, 0, LOOK_AGAIN_MS);
	}
	json_decref(request);
	return complete;
}

static int conclude(struct link *link, const struct order *order,
		    struct json_t *done, int64_t begun_ms)
{
	size_t have, all;
	bool complete = true;
	int64_t took_ms;

	/* A responder or an edge, asked by itself, answers for itself. */
	if (json_object_get(done, "epoch") == NULL) {
		printf("Done on this node alone; it expires here and is shown "
		       "by windrose status.\n");
		return EXIT_DONE;
	}
	complete = await_nodes(link, order, done, &have, &all);
	took_ms = clock_now_ms() - begun_ms;
	if (order->json) {
		json_object_set_new(done, "nodes_have",
				    json_integer((json_int_t)have));
		json_object_set_new(done, "nodes_all",
				    json_integer((json_int_t)all));
		json_object_set_new(done, "took_ms", json_integer(took_ms));
		json_dumpf(done, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		printf("Done: %zu of %zu nodes have it after %" PRId64 " ms.\n",
		       have, all, took_ms);
		if (!complete)
			printf("See windrose status for who has not.\n");
	}
	return complete ? EXIT_DONE : EXIT_PARTLY;
}

/*
 * Only agents predict.  A responder that is asked by itself commands itself
 * alone, when nobody else may be left to ask.
 */
static bool predicts(struct link *link)
{
	struct json_t *request = json_pack("{s:s}", "op", "status");
	struct error err;
	struct json_t *status =
		request == NULL ? NULL : link_ask(link, request, ASK_MS, &err);
	const struct json_t *node = json_object_get(status, "node");
	const char *role = json_string_value(
		json_object_get(node == NULL ? status : node, "role"));
	bool agent = role == NULL || strcmp(role, "steer") == 0;

	json_decref(request);
	json_decref(status);
	return agent;
}

/* Predict and show; EXIT_DONE when it may go on. */
static int preview(struct link *link, const struct order *order,
		   const struct command *command)
{
	int status = EXIT_DONE;
	struct json_t *answer = ask(link, "predict", command, &status);
	const char *refused;

	if (answer == NULL)
		return status;
	if (order->json && order->dry_run) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (!order->json) {
		render_prediction(answer, stdout);
	}
	refused = json_string_value(json_object_get(answer, "refused"));
	if (refused != NULL) {
		fprintf(stderr, "windrose: refused: %s\n", refused);
		status = EXIT_REFUSED;
	}
	json_decref(answer);
	return status;
}

static int carry_out(struct link *link, const struct order *order,
		     const struct command *command)
{
	int64_t begun_ms;
	struct json_t *done;
	int status = EXIT_DONE;

	if (order->node == NULL || predicts(link))
		status = preview(link, order, command);
	else
		fprintf(stderr, "This is one node alone: it does not predict, "
				"and only its own answers change.\n");
	if (status != EXIT_DONE || order->dry_run)
		return status;
	if (!confirmed(order)) {
		fprintf(stderr, "windrose: nothing changed\n");
		return EXIT_UNCONFIRMED;
	}
	begun_ms = clock_now_ms();
	done = ask(link, "command", command, &status);
	if (done == NULL)
		return status;
	status = conclude(link, order, done, begun_ms);
	json_decref(done);
	return status;
}

static void name_command(char *id, size_t size)
{
	uint64_t bits = 0;

	/* Only unlikely to meet another is needed; the clock helps if the
	 * kernel has no random octets yet. */
	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		bits = (uint64_t)clock_now_ns();
	snprintf(id, size, "c-%012" PRIx64, bits & UINT64_C(0xffffffffffff));
}

static int usage(const char *verb)
{
	struct order order = { 0 };
	struct option_row rows[ORDER_ROWS];

	order_rows(&order, rows);
	printf("usage: windrose %s %s --reason TEXT [options]\n\n", verb,
	       order_usage(verb));
	option_print(rows, ORDER_ROWS, stdout);
	return EXIT_DONE;
}

static bool asks_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

int change_run(int argc, char **argv)
{
	struct order order = { .wait_s = 10 };
	struct option_row rows[ORDER_ROWS];
	const char *operands[OPERANDS_MAX];
	struct command command;
	struct link *link;
	struct error err;
	char id[COMMAND_NAME_SIZE];
	int count, status;

	if (argc > OPERANDS_MAX || asks_help(argc, argv))
		return usage(argv[0]);
	order_rows(&order, rows);
	count = option_parse(rows, ORDER_ROWS, argc, argv, operands, &err);
	if (count < 0)
		return complain(argv[0], &err, EXIT_USAGE);
	if (order.author == NULL)
		order.author = login_name();
	name_command(id, sizeof(id));
	order.id = id;
	order.wall_ms = clock_wall_ms();
	if (!order_command(&order,
			   &(struct order_words){ argv[0], operands,
						  (size_t)count },
			   &command, &err))
		return complain(argv[0], &err, EXIT_USAGE);
	status = change_open(&order, &link);
	if (status != EXIT_DONE)
		return status;
	status = carry_out(link, &order, &command);
	link_free(link);
	return status;
}
