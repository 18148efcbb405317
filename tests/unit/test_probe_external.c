/* SPDX-License-Identifier: Apache-2.0 */
/* probe_external and spawn: programs that judge well, badly, too late, and
 * leave things behind. */
#include "health/probe_external.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

enum { TIMEOUT_MS = 20000, CROWD = 3 * PROBE_EXTERNAL_MAX };

struct world {
	struct event_base *loop;
	struct probe_external_pool *pool;
	char folder[64];
	struct policy_check check;
	struct probe_spec spec;
};

static const char *arguments[] = { "-H",     "{address}", "{port}",
				   "{host}", "{other}",   "" };

/* The program is "program", a shell script with these lines. */
static void write_program(const struct world *w, const char *lines)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/program", w->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", lines);
	fclose(f);
	assert_int_equal(chmod(path, 0700), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct error err;

	w->loop = event_base_new();
	strcpy(w->folder, "/tmp/windrose-ext-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->pool = probe_external_pool_new(w->loop, w->folder, &err);
	assert_non_null(w->pool);
	w->check = (struct policy_check){
		.name = "mail",
		.type = CHECK_EXTERNAL,
		.program = "program",
		.arguments = arguments,
		.argument_count = 6,
		.timeout_ms = TIMEOUT_MS,
	};
	w->spec = (struct probe_spec){
		.host = "www.example.test",
		.port = 25,
		.check = &w->check,
	};
	net_addr_parse("2001:db8::1", &w->spec.addr);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[96];

	probe_external_pool_free(w->pool);
	/* Nothing of it is left: no process, no zombie. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	snprintf(command, sizeof(command), "rm -r %s", w->folder);
	assert_int_equal(system(command), 0);
	event_base_free(w->loop);
	free(w);
	return 0;
}

struct ending {
	struct world *world;
	unsigned count, wanted, passed;
	struct observation seen;
};

static void on_done(void *arg, const struct observation *seen)
{
	struct ending *e = arg;

	e->seen = *seen;
	e->passed += seen->outcome == OUTCOME_OK;
	if (++e->count == e->wanted)
		event_base_loopbreak(e->world->loop);
}

static void await(struct ending *e)
{
	const struct timeval deadline = { .tv_sec = 60 };

	event_base_loopexit(e->world->loop, &deadline);
	event_base_dispatch(e->world->loop);
	assert_int_equal(e->count, e->wanted);
}

static struct observation run(struct world *w)
{
	struct ending e = { .world = w, .wanted = 1 };

	assert_non_null(probe_external_start(w->pool, &w->spec, on_done, &e));
	assert_int_equal(e.count, 0);
	await(&e);
	return e.seen;
}

/* clang-format off */
static const struct row {
	const char *title, *lines, *outcome;
} rows[] = {
	{ "passes", "exit 0", "ok" },
	{ "fails", "exit 1", "exit-1" },
	{ "fails in its own way", "exit 77", "exit-77" },
	{ "crashes", "kill -SEGV $$", "exit-139" },
	{ "arguments", "test \"$*\" = \"-H 2001:db8::1 25 www.example.test "
	  "{other} \" && test $# = 6", "ok" },
	{ "environment", "test \"$WINDROSE_ADDRESS $WINDROSE_PORT "
	  "$WINDROSE_HOST $WINDROSE_TIMEOUT_MS\" = "
	  "\"2001:db8::1 25 www.example.test 20000\" && ls / >/dev/null", "ok" },
	{ "nothing of ours", "test -z \"$WINDROSE_SECRET\"", "ok" },
	{ "no descriptors but three", "test $(ls /proc/self/fd | wc -l) = 4", "ok" },
	{ "reads nothing", "test -z \"$(cat)\"", "ok" },
	{ "prints a lot", "head -c 1000000 /dev/zero; "
	  "head -c 1000000 /dev/zero >&2", "ok" },
	{ "elsewhere", "test \"$PWD\" = /", "ok" },
	{ "a signal that we ignore", "kill -PIPE $$", "exit-141" },
	{ NULL, NULL, NULL },
};
/* clang-format on */

static void test_outcomes(void **state)
{
	struct world *w = *state;
	int kept = open("/dev/null", O_RDONLY); /* not even close-on-exec */
	char text[OUTCOME_TEXT_SIZE];

	signal(SIGPIPE, SIG_IGN);
	setenv("WINDROSE_SECRET", "secret", 1);
	for (size_t i = 0; rows[i].lines != NULL; i++) {
		struct observation seen;

		write_program(w, rows[i].lines);
		seen = run(w);
		if (strcmp(outcome_text(&seen, text), rows[i].outcome) != 0)
			fail_msg("%s: %s", rows[i].title, text);
		assert_true(seen.total_ms > 0 && seen.latency_ms <= 0);
	}
	close(kept);
}

static void test_what_cannot_be_run(void **state)
{
	struct world *w = *state;
	struct ending e = { .world = w };
	struct error err;

	w->check.program = "none-such";
	assert_null(probe_external_start(w->pool, &w->spec, on_done, &e));
	assert_false(probe_external_check(w->pool, &w->check, &err));
	probe_external_pool_free(w->pool);
	w->pool = probe_external_pool_new(w->loop, NULL, &err);
	w->check.program = "sh";
	assert_null(probe_external_start(w->pool, &w->spec, on_done, &e));
	assert_false(probe_external_check(w->pool, &w->check, &err));
	assert_int_equal(e.count, 0);
}

static bool is_there(const struct world *w, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	return access(path, F_OK) == 0;
}

/* The process whose number is in a file; what is dead may not be buried. */
static bool is_alive(const struct world *w, const char *name)
{
	char path[96], state = 'X';
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(f);
	return state != 'Z' && state != 'X';
}

/* The group has died, though killing takes a moment. */
static void await_death(const struct world *w, const char *name)
{
	int64_t deadline_ms = clock_now_ms() + 10000;

	while (is_alive(w, name))
		if (clock_now_ms() > deadline_ms)
			fail_msg("%s still runs", name);
}

/* Says so when its own child runs, then waits for ever. */
static void write_hanging(const struct world *w, const char *last)
{
	char lines[400];

	snprintf(lines, sizeof(lines),
		 "cd %s || exit 9\n"
		 "sleep 1000 & echo $! >child.tmp; echo $$ >leader\n"
		 "mv child.tmp child\n%s",
		 w->folder, last);
	write_program(w, lines);
}

static void test_timeout_kills_the_group(void **state)
{
	struct world *w = *state;
	struct observation seen;

	write_hanging(w, "wait");
	w->check.timeout_ms = 50;
	/* Until it came so far within its time. */
	do {
		seen = run(w);
		assert_int_equal(seen.outcome, OUTCOME_TIMEOUT);
		assert_true(seen.total_ms >= 50);
		w->check.timeout_ms *= 2;
	} while (!is_there(w, "child"));
	await_death(w, "child");
	await_death(w, "leader");
}

static void test_nothing_is_left_behind(void **state)
{
	struct world *w = *state;

	write_hanging(w, "exit 0");
	assert_int_equal(run(w).outcome, OUTCOME_OK);
	await_death(w, "child");
}

/* Its child has begun, and is still there. */
static void cancel_a_hanging_one(struct world *w, struct ending *e)
{
	struct probe *p;

	write_hanging(w, "wait");
	p = probe_external_start(w->pool, &w->spec, on_done, e);
	while (!is_there(w, "child"))
		event_base_loop(w->loop, EVLOOP_NONBLOCK);
	probe_cancel(p);
}

static void test_cancelled_probes_say_nothing(void **state)
{
	struct world *w = *state;
	struct ending e = { .world = w };

	cancel_a_hanging_one(w, &e);
	await_death(w, "child");
	write_program(w, "exit 0");
	assert_int_equal(run(w).outcome, OUTCOME_OK);
	assert_int_equal(e.count, 0);
}

/* Each counts who runs beside it; the most there were is told by the last. */
static void test_few_at_once(void **state)
{
	struct world *w = *state;
	struct ending e = { .world = w, .wanted = CROWD };
	struct ending never = { .world = w };
	struct probe *waiting = NULL;
	char lines[400];

	snprintf(lines, sizeof(lines),
		 "cd %s || exit 9; : >run.$$; set -- run.*\n"
		 "test $# -le %d; result=$?; test $# -lt 4 || : >many\n"
		 "sleep 0.05; rm run.$$; exit $result",
		 w->folder, PROBE_EXTERNAL_MAX);
	write_program(w, lines);
	for (unsigned i = 0; i < CROWD; i++)
		assert_non_null(
			probe_external_start(w->pool, &w->spec, on_done, &e));
	waiting = probe_external_start(w->pool, &w->spec, on_done, &never);
	assert_non_null(waiting);
	probe_cancel(waiting);
	await(&e);
	assert_int_equal(e.passed, CROWD);
	assert_int_equal(never.count, 0);
	assert_true(is_there(w, "many"));
}

/* Whose turn comes late says how late: that is no standing still. */
static void test_waits_for_its_turn(void **state)
{
	struct world *w = *state;
	struct ending e = { .world = w, .wanted = PROBE_EXTERNAL_MAX + 1 };
	int64_t began_ms = clock_now_ms(), took_ms;

	write_program(w, "sleep 1000");
	w->check.timeout_ms = 200;
	for (unsigned i = 0; i <= PROBE_EXTERNAL_MAX; i++)
		assert_non_null(
			probe_external_start(w->pool, &w->spec, on_done, &e));
	took_ms = clock_now_ms() - began_ms;
	await(&e);
	assert_int_equal(e.seen.outcome, OUTCOME_TIMEOUT);
	/* Until the first of the others was killed; timers go by a clock that
	 * is coarse. */
	assert_true(e.seen.waited_ms >= 150 - (float)took_ms);
}

/* A pool that goes takes what runs and was cut short with it. */
static void test_pool_ends(void **state)
{
	struct world *w = *state;
	struct ending e = { .world = w };

	cancel_a_hanging_one(w, &e);
	probe_external_pool_free(w->pool);
	w->pool = NULL;
	await_death(w, "child");
	assert_int_equal(e.count, 0);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_outcomes),
		WITH_WORLD(test_what_cannot_be_run),
		WITH_WORLD(test_timeout_kills_the_group),
		WITH_WORLD(test_nothing_is_left_behind),
		WITH_WORLD(test_cancelled_probes_say_nothing),
		WITH_WORLD(test_few_at_once),
		WITH_WORLD(test_waits_for_its_turn),
		WITH_WORLD(test_pool_ends),
	};

	return cmocka_run_group_tests_name("probe_external", tests, NULL, NULL);
}
