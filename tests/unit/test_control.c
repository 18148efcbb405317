/* SPDX-License-Identifier: Apache-2.0 */
/* control: a server on its loop, and askers in threads and by hand. */
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/bus/control.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <jansson.h>

enum { KEPT_MAX = 80 };

struct server {
	struct event_base *loop;
	struct control *control;
	char path[64];
	struct control_call *kept[KEPT_MAX]; /* when keeping */
	size_t kept_count;
	bool keeping;
	unsigned asked;
};

/* An answer of about so many octets. */
static json_t *much(size_t octets)
{
	char *text = malloc(octets + 1);
	json_t *json;

	assert_non_null(text);
	memset(text, 'x', octets);
	text[octets] = '\0';
	json = json_pack("{s:b, s:s}", "ok", 1, "much", text);
	free(text);
	return json;
}

/* Echoes, or keeps the call for later. */
static void answer(void *arg, const json_t *request, struct control_call *call)
{
	struct server *s = arg;

	s->asked++;
	if (s->keeping) {
		assert_true(s->kept_count < KEPT_MAX);
		s->kept[s->kept_count++] = call;
		return;
	}
	if (json_object_get(request, "die") != NULL)
		control_answer(call, NULL);
	else if (json_object_get(request, "much") != NULL)
		control_answer(call,
			       much((size_t)json_integer_value(
				       json_object_get(request, "much"))));
	else
		control_answer(call, json_pack("{s:b, s:O}", "ok", 1, "you",
					       request));
}

static void start(struct server *s)
{
	struct error err = { .text = "" };

	memset(s, 0, sizeof(*s));
	signal(SIGPIPE, SIG_IGN);
	s->loop = event_base_new();
	snprintf(s->path, sizeof(s->path), "control-%d.sock", (int)getpid());
	s->control = control_start(s->loop, s->path, answer, s, &err);
	if (s->control == NULL)
		fail_msg("%s", err.text);
}

static void stop(struct server *s)
{
	control_stop(s->control);
	event_base_free(s->loop);
	assert_int_equal(access(s->path, F_OK), -1);
}

/* An asker in a thread of its own, as the command is another process. */
struct asker {
	const char *path, *request;
	int64_t timeout_ms;
	json_t *answer;
	struct error err;
	int done[2]; /* a pipe: written to at the end */
	pthread_t thread;
};

static void *ask(void *arg)
{
	struct asker *a = arg;
	json_t *request = json_loads(a->request, 0, NULL);

	a->answer = control_ask(a->path, request, a->timeout_ms, &a->err);
	json_decref(request);
	if (write(a->done[1], "x", 1) != 1)
		abort();
	return NULL;
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	char octet;

	(void)what, (void)arg;
	assert_int_equal(read(fd, &octet, 1), 1);
}

/* Runs the loop until the asker has finished. */
static void run(struct server *s, struct asker *a, const char *request,
		int64_t timeout_ms)
{
	struct event *done;

	memset(a, 0, sizeof(*a));
	a->path = s->path;
	a->request = request;
	a->timeout_ms = timeout_ms;
	assert_int_equal(pipe(a->done), 0);
	assert_int_equal(pthread_create(&a->thread, NULL, ask, a), 0);
	done = event_new(s->loop, a->done[0], EV_READ, on_done, NULL);
	event_add(done, NULL);
	while (event_pending(done, EV_READ, NULL))
		event_base_loop(s->loop, EVLOOP_ONCE);
	event_free(done);
	pthread_join(a->thread, NULL);
	close(a->done[0]);
	close(a->done[1]);
}

static void test_asks_and_answers(void **state)
{
	struct server s;
	struct asker a;
	struct stat st;

	(void)state;
	start(&s);
	assert_int_equal(stat(s.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	for (int i = 0; i < 3; i++) {
		run(&s, &a, "{\"ask\":\"status\"}", 10000);
		if (a.answer == NULL)
			fail_msg("%s", a.err.text);
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(a.answer, "you"),
					    "ask")),
				    "status");
		json_decref(a.answer);
	}
	assert_int_equal(s.asked, 3);
	stop(&s);
}

/* More than a socket holds at once; then more than an answer may have. */
static void test_long_answers(void **state)
{
	struct server s;
	struct asker a;

	(void)state;
	start(&s);
	run(&s, &a, "{\"much\":30000000}", 30000);
	if (a.answer == NULL)
		fail_msg("%s", a.err.text);
	assert_int_equal(json_string_length(json_object_get(a.answer, "much")),
			 30000000);
	json_decref(a.answer);
	run(&s, &a, "{\"much\":67108864}", 30000);
	if (a.answer == NULL)
		fail_msg("%s", a.err.text);
	assert_string_equal(json_string_value(
				    json_object_get(a.answer, "error")),
			    "the answer is too long");
	json_decref(a.answer);
	stop(&s);
}

static void test_no_answer(void **state)
{
	struct server s;
	struct asker a;

	(void)state;
	start(&s);
	run(&s, &a, "{\"die\":1}", 10000);
	assert_null(a.answer);
	assert_non_null(strstr(a.err.text, "no answer"));
	s.keeping = true;
	run(&s, &a, "{}", 200);
	assert_null(a.answer);
	assert_non_null(strstr(a.err.text, "in time"));
	/* The asker has gone; its answer is still due, and goes nowhere. */
	assert_int_equal(s.kept_count, 1);
	control_answer(s.kept[0], json_object());
	event_base_loop(s.loop, EVLOOP_NONBLOCK);
	s.keeping = false;
	run(&s, &a, "{}", 10000);
	assert_non_null(a.answer);
	json_decref(a.answer);
	/* Calls that are open when it stops are dropped with it. */
	s.keeping = true;
	run(&s, &a, "{}", 200);
	stop(&s);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address,
				 sizeof(address)),
			 0);
	return fd;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	*(bool *)arg = true;
}

/* Everything that comes until the other end closes. */
static void read_all(struct server *s, int fd, char *out, size_t size)
{
	bool readable = false;
	struct event *e =
		event_new(s->loop, fd, EV_READ, on_readable, &readable);
	size_t used = 0;
	ssize_t got = 1;

	while (got > 0 && used + 1 < size) {
		readable = false;
		event_add(e, NULL);
		while (!readable)
			event_base_loop(s->loop, EVLOOP_ONCE);
		got = recv(fd, out + used, size - 1 - used, 0);
		used += got > 0 ? (size_t)got : 0;
	}
	out[used] = '\0';
	event_free(e);
	close(fd);
}

/* clang-format off */
static const struct line_row {
	const char *line, *answer;
} lines[] = {
	{ "{}\n", "{\"ok\":true,\"you\":{}}\n" },
	{ "{\"a\":1}\n{\"b\":2}\n", "{\"ok\":true,\"you\":{\"a\":1}}\n" },
	{ "\n", "{\"ok\":false,\"error\":\"request: not JSON: '[' or '{' expected near end of file at line 1, column 0\"}\n" },
	{ "[1]\n", "{\"ok\":false,\"error\":\"request: must be a JSON object\"}\n" },
	{ "{\"a\":1,\"a\":2}\n", "{\"ok\":false,\"error\":\"request: not JSON: duplicate object key near '\\\"a\\\"' at line 1, column 10\"}\n" },
	{ "{}", "" }, /* half closed before the line ended */
	{ "", "" },
};
/* clang-format on */

static void test_lines(void **state)
{
	struct server s;

	(void)state;
	start(&s);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int fd = connect_to(s.path);
		char out[512];

		assert_int_equal(write(fd, lines[i].line,
				       strlen(lines[i].line)),
				 strlen(lines[i].line));
		/* As socat(1) does at the end of its input. */
		shutdown(fd, SHUT_WR);
		read_all(&s, fd, out, sizeof(out));
		if (strcmp(out, lines[i].answer) != 0)
			fail_msg("\"%s\": \"%s\"", lines[i].line, out);
	}
	assert_int_equal(s.asked, 2);
	stop(&s);
}

static void *write_much(void *arg)
{
	static char much[CONTROL_REQUEST_MAX + 65536];
	size_t at = 0;
	ssize_t put = 1;

	memset(much, 'x', sizeof(much));
	while (at < sizeof(much) && put > 0) {
		put = send(*(int *)arg, much + at, sizeof(much) - at,
			   MSG_NOSIGNAL);
		at += put > 0 ? (size_t)put : 0;
	}
	return NULL;
}

static void test_a_line_too_long(void **state)
{
	struct server s;
	pthread_t thread;
	char out[512];
	int fd;

	(void)state;
	start(&s);
	fd = connect_to(s.path);
	assert_int_equal(pthread_create(&thread, NULL, write_much, &fd), 0);
	read_all(&s, dup(fd), out, sizeof(out));
	shutdown(fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(fd);
	assert_string_equal(out, "{\"ok\":false,\"error\":\"the request is too "
				 "long\"}\n");
	assert_int_equal(s.asked, 0);
	stop(&s);
}

static void test_too_many_calls(void **state)
{
	struct server s;
	int fds[70];
	char out[64];

	(void)state;
	start(&s);
	s.keeping = true;
	for (size_t i = 0; i < 64; i++) {
		fds[i] = connect_to(s.path);
		assert_int_equal(write(fds[i], "{}\n", 3), 3);
		while (s.kept_count <= i)
			event_base_loop(s.loop, EVLOOP_ONCE);
	}
	read_all(&s, connect_to(s.path), out, sizeof(out));
	assert_string_equal(out, "");
	for (size_t i = 0; i < s.kept_count; i++) {
		control_answer(s.kept[i], json_pack("{s:i}", "n", (int)i));
		read_all(&s, fds[i], out, sizeof(out));
		assert_true(strlen(out) > 0);
	}
	s.keeping = false;
	fds[0] = connect_to(s.path);
	assert_int_equal(write(fds[0], "{}\n", 3), 3);
	read_all(&s, fds[0], out, sizeof(out));
	assert_string_equal(out, "{\"ok\":true,\"you\":{}}\n");
	stop(&s);
}

static void test_who_owns_the_path(void **state)
{
	struct server s, t;
	struct error err;
	struct stat st;
	FILE *file;
	char path[300];

	(void)state;
	start(&s);
	/* Somebody answers there. */
	assert_null(control_start(s.loop, s.path, answer, &s, &err));
	assert_non_null(strstr(err.text, "in use"));
	assert_int_equal(access(s.path, F_OK), 0);
	/* A dead process left its file: taken over; and then the file is not
	 * removed by the one that lost it. */
	assert_int_equal(rename(s.path, "control-old.sock"), 0);
	start(&t);
	control_stop(s.control);
	event_base_free(s.loop);
	assert_int_equal(access(t.path, F_OK), 0);
	stop(&t);
	assert_int_equal(rename("control-old.sock", t.path), 0);
	start(&t);
	stop(&t);
	/* What is no socket is left alone. */
	file = fopen(t.path, "w");
	assert_non_null(file);
	fclose(file);
	t.loop = event_base_new();
	assert_null(control_start(t.loop, t.path, answer, &t, &err));
	assert_non_null(strstr(err.text, "is not a socket"));
	assert_int_equal(stat(t.path, &st), 0);
	unlink(t.path);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_null(control_start(t.loop, path, answer, &t, &err));
	assert_null(control_start(t.loop, "/nonexistent/x", answer, &t, &err));
	assert_non_null(strstr(err.text, "cannot bind"));
	event_base_free(t.loop);
}

static void test_nobody_there(void **state)
{
	json_t *request = json_object();
	struct error err;
	int64_t began_ms = clock_now_ms();

	(void)state;
	assert_null(control_ask("control-none.sock", request, 5000, &err));
	assert_non_null(strstr(err.text, "No such file"));
	assert_true(clock_now_ms() - began_ms < 4000);
	json_decref(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks_and_answers),
		cmocka_unit_test(test_long_answers),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_a_line_too_long),
		cmocka_unit_test(test_too_many_calls),
		cmocka_unit_test(test_who_owns_the_path),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
