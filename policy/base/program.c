/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/program.h"

#include "policy/base/error.h"
#include "policy/base/log.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

/* What every program takes beside its own. */
struct common {
	const char *log;
	bool help, version;
};

struct rows {
	struct option_row list[PROGRAM_ROWS_MAX];
	size_t count;
};

static void add_rows(struct rows *rows, const struct program *program,
		     struct common *c)
{
	const struct option_row common[] = {
		{ "log", OPTION_TEXT, &c->log, "LEVEL",
		  "debug, info, warn or error (default info)", 0, 0 },
		{ "help", OPTION_FLAG, &c->help, NULL, "this text", 0, 0 },
		{ "version", OPTION_FLAG, &c->version, NULL, "the version", 0,
		  0 },
	};
	const size_t more = sizeof(common) / sizeof(common[0]);

	assert(program->row_count + more <= PROGRAM_ROWS_MAX);
	memcpy(rows->list, program->rows,
	       program->row_count * sizeof(rows->list[0]));
	memcpy(rows->list + program->row_count, common, sizeof(common));
	rows->count = program->row_count + more;
}

static bool is_given(const struct option_row *row)
{
	if (row->kind == OPTION_LIST)
		return ((const struct option_list *)row->target)->count > 0;
	return row->kind != OPTION_TEXT ||
	       *(const char *const *)row->target != NULL;
}

static bool has_needed(const struct program *program, struct error *err)
{
	const char *const *needed = program->needed;

	for (; needed != NULL && *needed != NULL; needed++)
		for (size_t i = 0; i < program->row_count; i++)
			if (strcmp(program->rows[i].name, *needed) == 0 &&
			    !is_given(&program->rows[i])) {
				error_set(err,
					  "option --%s is missing; see --help",
					  *needed);
				return false;
			}
	return true;
}

static bool take_operands(const struct program *program, const char **operands,
			  int count, struct error *err)
{
	int wanted = program->operand != NULL;

	if (count > wanted)
		error_set(err, "\"%s\" is one word too many; see --help",
			  operands[wanted]);
	else if (count < wanted)
		error_set(err, "usage: %s %s", program->name, program->usage);
	else if (wanted > 0)
		*program->operand = operands[0];
	return count == wanted;
}

/* False with err set. */
static bool parse(const struct program *program, const struct rows *rows,
		  struct common *common, int argc, char **argv,
		  struct error *err)
{
	const char **operands = calloc((size_t)argc + 1, sizeof(*operands));
	int count;
	bool ok;

	if (operands == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	count = option_parse(rows->list, rows->count, argc, argv, operands,
			     err);
	ok = count >= 0;
	if (ok && !common->help && !common->version)
		ok = take_operands(program, operands, count, err) &&
		     has_needed(program, err) && log_choose(common->log, err);
	free(operands);
	return ok;
}

enum program_status program_read(const struct program *program, int argc,
				 char **argv)
{
	struct common common = { .log = NULL };
	struct error err = { .text = "" };
	struct rows rows;

	add_rows(&rows, program, &common);
	if (!parse(program, &rows, &common, argc, argv, &err))
		return program_fail(program, &err, PROGRAM_USAGE);
	if (common.help) {
		printf("usage: %s %s\n\n", program->name, program->usage);
		option_print(rows.list, rows.count, stdout);
		printf("\nSee %s.\n", program->manual);
		return PROGRAM_OK;
	}
	if (common.version) {
		printf("%s %s\n", program->name, PACKAGE_VERSION);
		return PROGRAM_OK;
	}
	return PROGRAM_GO;
}

enum program_status program_fail(const struct program *program,
				 const struct error *err,
				 enum program_status status)
{
	char line[4600];

	fprintf(stderr, "%s: %s\n", program->name,
		error_line(err, line, sizeof(line)));
	return status;
}

const char *program_node(const char *role, char buf[PROGRAM_NODE_SIZE])
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		strcpy(host, "unnamed");
	snprintf(buf, PROGRAM_NODE_SIZE, "%s-%s", role, host);
	return buf;
}

/* Running. */

enum { SIGNALS = 3, STOP_SIGNALS = 2 }; /* those that stop come first */

struct run {
	const struct program *program;
	const struct program_life *life;
	struct event_base *loop;
	struct event *signals[SIGNALS];
};

static void on_stop(evutil_socket_t number, short what, void *arg)
{
	struct run *run = arg;

	(void)what;
	log_event(LOG_LEVEL_INFO, "main", "stop", "signal=%d", (int)number);
	event_base_loopbreak(run->loop);
}

static void on_hangup(evutil_socket_t number, short what, void *arg)
{
	struct run *run = arg;

	(void)number, (void)what;
	if (run->life->reload != NULL)
		run->life->reload(run->life->arg);
}

static const struct {
	int number;
	event_callback_fn call;
} signal_rows[SIGNALS] = {
	{ SIGTERM, on_stop },
	{ SIGINT, on_stop },
	{ SIGHUP, on_hangup },
};

static bool catch_signals(struct run *run, size_t begin, size_t end,
			  struct error *err)
{
	for (size_t i = begin; i < end; i++) {
		run->signals[i] = evsignal_new(run->loop, signal_rows[i].number,
					       signal_rows[i].call, run);
		if (run->signals[i] == NULL ||
		    event_add(run->signals[i], NULL) != 0) {
			error_set(err, "cannot catch signals");
			return false;
		}
	}
	return true;
}

static void end_at_once(int number)
{
	(void)number;
	_exit(PROGRAM_OK);
}

/*
 * A start may take long, and no loop runs meanwhile: who is asked to stop then
 * ends at once, as in a crash, which leaves nothing half done either.
 */
static bool start(struct run *run, struct error *err)
{
	const struct program_life *life = run->life;

	/* A peer that closes is an outcome, not the end of us. */
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		signal(signal_rows[i].number, end_at_once);
	return catch_signals(run, STOP_SIGNALS, SIGNALS, err) &&
	       life->start(life->arg, run->loop, err) &&
	       catch_signals(run, 0, STOP_SIGNALS, err);
}

enum program_status program_run(const struct program *program,
				const struct program_life *life)
{
	struct run run = {
		.program = program,
		.life = life,
		.loop = event_base_new(),
	};
	enum program_status status = PROGRAM_OK;
	struct error err = { .text = "" };

	if (run.loop == NULL) {
		error_set(&err, "cannot make an event loop");
		return program_fail(program, &err, PROGRAM_FAILED);
	}
	if (start(&run, &err))
		event_base_dispatch(run.loop);
	else
		status = program_fail(program, &err, PROGRAM_FAILED);
	life->stop(life->arg);
	for (size_t i = 0; i < SIGNALS; i++)
		if (run.signals[i] != NULL)
			event_free(run.signals[i]);
	event_base_free(run.loop);
	return status;
}
