/* SPDX-License-Identifier: Apache-2.0 */
/* program: what it exits with, and in which order a life goes. */
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/program.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <sys/wait.h>

enum { WORDS = 6 };

struct options {
	const char *policy, *operand;
	struct option_list trust;
};

/* clang-format off */
static const struct row {
	const char *title;
	const char *words[WORDS];
	bool takes_operand;
	enum program_status wanted;
} rows[] = {
	{ "all that is needed",      { "--policy", "p", "--trust=k" }, false, PROGRAM_GO },
	{ "an option is missing",    { "--policy", "p" }, false, PROGRAM_USAGE },
	{ "a list is missing",       { "--trust", "k" }, false, PROGRAM_USAGE },
	{ "an unknown option",       { "--polcy", "p" }, false, PROGRAM_USAGE },
	{ "a word too many",         { "--policy", "p", "--trust=k", "x" }, false, PROGRAM_USAGE },
	{ "its one operand",         { "--policy", "p", "--trust=k", "x" }, true, PROGRAM_GO },
	{ "no operand",              { "--policy", "p", "--trust=k" }, true, PROGRAM_USAGE },
	{ "two operands",            { "--policy", "p", "--trust=k", "x", "y" }, true, PROGRAM_USAGE },
	{ "help needs nothing",      { "--help" }, true, PROGRAM_OK },
	{ "version needs nothing",   { "--version" }, false, PROGRAM_OK },
	{ "a log level",             { "--policy", "p", "--trust=k", "--log", "error" }, false, PROGRAM_GO },
	{ "no such log level",       { "--policy", "p", "--trust=k", "--log=loud" }, false, PROGRAM_USAGE },
};
/* clang-format on */

static enum program_status read_row(const struct row *row, struct options *o)
{
	const struct option_row own[] = {
		{ "policy", OPTION_TEXT, &o->policy, "DIR", "a policy", 0, 0 },
		{ "trust", OPTION_LIST, &o->trust, "FILE", "a key", 0, 0 },
	};
	static const char *const needed[] = { "policy", "trust", NULL };
	const struct program program = {
		.name = "prog",
		.usage = "--policy DIR",
		.manual = "prog(8)",
		.rows = own,
		.row_count = 2,
		.needed = needed,
		.operand = row->takes_operand ? &o->operand : NULL,
	};
	char *argv[WORDS + 2] = { (char *)(uintptr_t) "prog" };
	int argc = 1;

	while (argc <= WORDS && row->words[argc - 1] != NULL) {
		argv[argc] = (char *)(uintptr_t)row->words[argc - 1];
		argc++;
	}
	return program_read(&program, argc, argv);
}

static void test_command_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o = { .policy = NULL };
		enum program_status got = read_row(&rows[i], &o);

		if (got != rows[i].wanted)
			fail_msg("%s: %d", rows[i].title, (int)got);
		if (got == PROGRAM_GO && rows[i].takes_operand)
			assert_string_equal(o.operand, "x");
	}
	log_set_level(LOG_LEVEL_ERROR);
}

/* What was called, in order: s(tart), r(eload), e(nd). */
struct life {
	char calls[8];
	bool refuses;
	struct event *hangup;
};

static void called(struct life *life, char what)
{
	size_t len = strlen(life->calls);

	assert_true(len + 1 < sizeof(life->calls));
	life->calls[len] = what;
}

static void hang_up(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	kill(getpid(), SIGHUP);
}

static bool start(void *arg, struct event_base *loop, struct error *err)
{
	static const struct timeval at_once = { 0, 0 };
	struct life *life = arg;

	called(life, 's');
	error_set(err, "it does not start");
	if (life->refuses)
		return false;
	life->hangup = evtimer_new(loop, hang_up, NULL);
	evtimer_add(life->hangup, &at_once);
	return true;
}

static void reload(void *arg)
{
	called(arg, 'r');
	kill(getpid(), SIGTERM);
}

static void stop(void *arg)
{
	struct life *life = arg;

	called(life, 'e');
	if (life->hangup != NULL)
		event_free(life->hangup);
}

static void test_a_life(void **state)
{
	static const struct program program = { .name = "prog" };
	struct life good = { .refuses = false }, bad = { .refuses = true };
	const struct program_life lives[] = {
		{ start, reload, stop, &good },
		{ start, reload, stop, &bad },
	};

	(void)state;
	assert_int_equal(program_run(&program, &lives[0]), PROGRAM_OK);
	assert_string_equal(good.calls, "sre");
	assert_int_equal(program_run(&program, &lives[1]), PROGRAM_FAILED);
	assert_string_equal(bad.calls, "se");
}

static bool start_long(void *arg, struct event_base *loop, struct error *err)
{
	(void)arg, (void)loop;
	kill(getpid(), SIGTERM);
	error_set(err, "it is not stopped");
	return false;
}

static void test_stopped_while_starting(void **state)
{
	static const struct program program = { .name = "prog" };
	const struct program_life life = { start_long, NULL, stop, NULL };
	int status = -1;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(program_run(&program, &life));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), PROGRAM_OK);
}

static void test_names(void **state)
{
	char dns[PROGRAM_NODE_SIZE], steer[PROGRAM_NODE_SIZE];

	(void)state;
	assert_int_equal(strncmp(program_node("dns", dns), "dns-", 4), 0);
	assert_true(strlen(dns) > 4);
	assert_string_not_equal(dns, program_node("steer", steer));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_lines),
		cmocka_unit_test(test_a_life),
		cmocka_unit_test(test_stopped_while_starting),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
