/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/change.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/command.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"
#include "steering/runbook/render.h"
#include "steering/runbook/render_commands.h"

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

enum {
	ASK_MS = 5000,
	LOOK_AGAIN_MS = 20,
	MORE_SIZE = 40, /* " and N more" */
};

static int complain(const char *verb, const struct error *err, int status)
{
	char line[4600];

	fprintf(stderr, "windrose%s%s: %s\n", *verb == '\0' ? "" : " ", verb,
		error_line(err, line, sizeof(line)));
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

	/* The bus logs its ups and downs; a person reads what comes of it. */
	log_set_level(LOG_LEVEL_ERROR);
	if (order->node != NULL && order->bus != NULL) {
		error_set(&err, "--bus and --node exclude each other");
		return complain("", &err, EXIT_USAGE);
	}
	/* The node is the nearer of the two. */
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
	return complain("", &err,
			result == LINK_UNREACHABLE ? EXIT_UNREACHABLE
						   : EXIT_USAGE);
}

/* {"op": op, "command": command}; NULL when memory runs out. */
static struct json_t *request_of(const char *op, const struct command *command)
{
	return json_pack("{s:s, s:o}", "op", op, "command",
			 command_write(command));
}

/* What an answer that is no "ok" means for the one who asked. */
static int refusal(const struct json_t *answer)
{
	const char *why = json_string_value(json_object_get(answer, "error"));
	bool unknown = json_is_true(json_object_get(answer, "unknown"));

	fprintf(stderr, "windrose: %s%s\n", unknown ? "" : "refused: ",
		why == NULL ? "no reason is given" : why);
	return unknown ? EXIT_UNKNOWN : EXIT_REFUSED;
}

/*
 * Asks, and takes a "no" apart from silence, which is *status as it was given:
 * what to think of a question that nobody answered.
 */
static struct json_t *ask(struct link *link, const char *op,
			  const struct command *command, int *status)
{
	struct json_t *request = request_of(op, command);
	struct json_t *answer;
	struct error err;

	if (request == NULL) {
		fprintf(stderr, "windrose: out of memory; nothing changed\n");
		*status = EXIT_FAILED;
		return NULL;
	}
	answer = link_ask(link, request, ASK_MS, &err);
	json_decref(request);
	if (answer == NULL) {
		complain(command_kind_name(command->kind), &err, *status);
		return NULL;
	}
	if (json_is_true(json_object_get(answer, "ok")))
		return answer;
	*status = refusal(answer);
	json_decref(answer);
	return NULL;
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

/* How far a plan has come. */
struct spread {
	uint64_t epoch, sequence;
	size_t have, all;
	char missing[200]; /* names of those who have not */
};

static uint64_t number_of(const struct json_t *json, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(json, key));
}

/* The names of those who have not, as far as they fit. */
static void list_missing(const struct json_t *answer, struct spread *spread)
{
	const struct json_t *missing = json_object_get(answer, "missing");
	size_t named = json_array_size(missing), left;
	struct json_t *node;
	size_t i, len = 0;

	spread->missing[0] = '\0';
	json_array_foreach(missing, i, node)
	{
		const char *name =
			json_string_value(json_object_get(node, "name"));

		if (name == NULL || len + strlen(name) + 2 >=
					    sizeof(spread->missing) - MORE_SIZE)
			break;
		len += (size_t)snprintf(spread->missing + len,
					sizeof(spread->missing) - len, "%s%s",
					len == 0 ? "" : ", ", name);
	}
	left = spread->all - spread->have;
	if (i < named || left > named)
		snprintf(spread->missing + len, sizeof(spread->missing) - len,
			 " and %zu more", left - i);
}

/* Has every node that follows plans applied this one or a newer? */
static bool read_acks(const struct json_t *answer, struct spread *spread)
{
	spread->all = (size_t)number_of(answer, "all");
	spread->have = (size_t)number_of(answer, "have");
	if (spread->have > spread->all)
		spread->have = spread->all;
	list_missing(answer, spread);
	return spread->all > 0 && spread->have == spread->all;
}

/* Looks until all have it or the time is over. */
static bool await_nodes(struct link *link, const struct order *order,
			struct spread *spread)
{
	int64_t until_ms = clock_now_ms() + (int64_t)order->wait_s * 1000;
	struct json_t *request =
		json_pack("{s:s, s:I, s:I}", "op", "acks", "epoch",
			  (json_int_t)spread->epoch, "sequence",
			  (json_int_t)spread->sequence);
	bool complete = false;

	while (request != NULL && !complete) {
		struct error err;
		struct json_t *acks = link_ask(link, request, ASK_MS, &err);

		if (json_is_true(json_object_get(acks, "ok")))
			complete = read_acks(acks, spread);
		json_decref(acks);
		if (complete || clock_now_ms() >= until_ms)
			break;
		poll(NULL, 0, LOOK_AGAIN_MS);
	}
	json_decref(request);
	return complete;
}

static void print_json(const struct json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
}

static void print_spread(const struct spread *spread, int64_t took_ms)
{
	if (spread->all == 0) {
		printf("Done: the plan is published, but no responder or edge "
		       "is known to the agent.\n");
		return;
	}
	printf("Done: %zu of %zu nodes have it after %" PRId64 " ms.\n",
	       spread->have, spread->all, took_ms);
	if (spread->missing[0] != '\0')
		printf("Not yet: %s; see windrose status.\n", spread->missing);
}

/* It waits for somebody else. */
static int tell_held(const struct order *order, const struct json_t *done)
{
	const char *id = json_string_value(json_object_get(done, "held"));
	const char *why = json_string_value(json_object_get(done, "why"));

	if (order->json)
		print_json(done);
	else
		printf("Held, nothing changed yet: %s\nAnother person, with "
		       "another key: windrose approve %s --reason TEXT\n",
		       why == NULL ? "" : why, id);
	return EXIT_HELD;
}

static int conclude(struct link *link, const struct order *order,
		    struct json_t *done, int64_t begun_ms)
{
	struct spread spread = { .epoch = number_of(done, "epoch"),
				 .sequence = number_of(done, "sequence") };
	bool complete;
	int64_t took_ms;

	/* A responder, asked by itself, answers for itself. */
	if (json_object_get(done, "epoch") == NULL) {
		if (order->json)
			print_json(done);
		else
			printf("Done on this node alone; it expires here and "
			       "is shown by windrose status.\n");
		return EXIT_DONE;
	}
	complete = await_nodes(link, order, &spread);
	took_ms = clock_now_ms() - begun_ms;
	if (order->json) {
		json_object_set_new(done, "nodes_have",
				    json_integer((json_int_t)spread.have));
		json_object_set_new(done, "nodes_all",
				    json_integer((json_int_t)spread.all));
		json_object_set_new(done, "took_ms", json_integer(took_ms));
		print_json(done);
	} else {
		print_spread(&spread, took_ms);
		render_draining(done, clock_wall_ms(), stdout);
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

/* With --json a person who is asked at the terminal still reads it. */
static void show_prediction(const struct order *order,
			    const struct json_t *answer)
{
	if (!order->json)
		render_prediction(answer, stdout);
	else if (order->dry_run)
		print_json(answer);
	else if (!order->yes)
		render_prediction(answer, stderr);
	fflush(stdout);
}

/* What was shown is what is undone, whatever else is last by then. */
static void pin_undo(struct command *command, const struct json_t *answer)
{
	const char *id = json_string_value(
		json_object_get(json_object_get(answer, "undoes"), "id"));

	if (id != NULL)
		snprintf(command->target, sizeof(command->target), "%s", id);
}

/* Predict and show; EXIT_DONE when it may go on. */
static int preview(struct link *link, const struct order *order,
		   struct command *command)
{
	int status = EXIT_UNREACHABLE;
	struct json_t *answer = ask(link, "predict", command, &status);
	const char *refused, *overrides;

	if (answer == NULL)
		return status;
	show_prediction(order, answer);
	pin_undo(command, answer);
	refused = json_string_value(json_object_get(answer, "refused"));
	/* What two people may set aside is the agent's to hold. */
	if (refused != NULL && command->approval &&
	    json_is_true(json_object_get(answer, "yields")))
		refused = NULL;
	overrides = json_string_value(json_object_get(answer, "overrides"));
	if (overrides != NULL)
		fprintf(stderr, "windrose: FORCED, past a safety rule: %s\n",
			overrides);
	status = refused == NULL ? EXIT_DONE : EXIT_REFUSED;
	if (refused != NULL)
		fprintf(stderr, "windrose: refused: %s\n", refused);
	json_decref(answer);
	return status;
}

static int carry_out(struct link *link, const struct order *order,
		     struct command *command)
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
		fprintf(stderr, "windrose %s: nothing changed\n",
			command_kind_name(command->kind));
		return EXIT_UNCONFIRMED;
	}
	begun_ms = clock_now_ms();
	status = EXIT_UNKNOWN;
	done = ask(link, "command", command, &status);
	if (done == NULL) {
		if (status == EXIT_UNKNOWN)
			fprintf(stderr,
				"windrose %s: it may be in force: look for %s "
				"in windrose status\n",
				command_kind_name(command->kind), command->id);
		return status;
	}
	if (json_object_get(done, "held") != NULL)
		status = tell_held(order, done);
	else
		status = conclude(link, order, done, begun_ms);
	json_decref(done);
	return status;
}

/* A drill's says so wherever a command is only named. */
static void name_command(const struct order_words *words, char *id, size_t size)
{
	uint64_t bits = 0;

	/* Only unlikely to meet another is needed; the clock helps if the
	 * kernel has no random octets yet. */
	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		bits = (uint64_t)clock_now_ns();
	snprintf(id, size, "%s-%012" PRIx64,
		 strcmp(words->verb, "drill") == 0 ? "drill" : "c",
		 bits & UINT64_C(0xffffffffffff));
}

static int print_usage(const char *verb, const struct option_row *rows)
{
	printf("usage: windrose %s %s --reason TEXT [options]\n\n", verb,
	       order_usage(verb));
	option_print(rows, ORDER_ROWS, stdout);
	return EXIT_DONE;
}

static int change(struct order *order, const struct order_words *words)
{
	struct command command;
	struct link *link;
	struct error err;
	int status;

	if (order->author == NULL)
		order->author = login_name();
	name_command(words, order->id, sizeof(order->id));
	order->wall_ms = clock_wall_ms();
	if (!order_command(order, words, &command, &err))
		return complain(words->verb, &err, EXIT_USAGE);
	status = change_open(order, &link);
	if (status != EXIT_DONE)
		return status;
	status = carry_out(link, order, &command);
	link_free(link);
	return status;
}

int change_run(int argc, char **argv)
{
	struct order order = { .wait_s = 10 };
	struct option_row rows[ORDER_ROWS];
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	struct order_words words = { .verb = argv[0], .operands = operands };
	struct error err;
	int count, status;

	if (operands == NULL) {
		error_set(&err, "out of memory; nothing changed");
		return complain(argv[0], &err, EXIT_FAILED);
	}
	order_rows(&order, rows);
	count = option_parse(rows, ORDER_ROWS, argc, argv, operands, &err);
	words.count = count < 0 ? 0 : (size_t)count;
	if (count < 0)
		status = complain(argv[0], &err, EXIT_USAGE);
	else if (order.help)
		status = print_usage(argv[0], rows);
	else
		status = change(&order, &words);
	free(operands);
	return status;
}
