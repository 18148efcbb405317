/* SPDX-License-Identifier: Apache-2.0 */
/* proxy: one question, one answer, or why there is none. */
#include "steering/edge/proxy.h"

#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/util.h>

#include <cmocka.h>

struct exchange {
	struct event_base *loop;
	char path[64];
	int listener;
	char question[256]; /* what the other end was asked */
	const char *reply;  /* NULL: hang up without a word */
	char answer[256];
	const char *why;
	unsigned done;
};

static void on_done(void *arg, const char *answer, size_t len, const char *why)
{
	struct exchange *x = arg;

	if (answer != NULL)
		snprintf(x->answer, sizeof(x->answer), "%.*s", (int)len,
			 answer);
	x->why = why;
	x->done++;
	event_base_loopbreak(x->loop);
}

/* The other end reads the line, replies, closes. */
static void on_question(evutil_socket_t peer, short what, void *arg)
{
	struct exchange *x = arg;
	ssize_t got = read(peer, x->question, sizeof(x->question) - 1);

	(void)what;
	x->question[got > 0 ? got : 0] = '\0';
	if (x->reply != NULL)
		assert_true(write(peer, x->reply, strlen(x->reply)) > 0);
	close(peer);
}

static void on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;
	int peer = accept(fd, NULL, NULL);

	(void)what;
	assert_true(peer >= 0);
	event_base_once(x->loop, peer, EV_READ, on_question, x, NULL);
}

static void open_listener(struct exchange *x)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(x->path, sizeof(x->path), "./proxy-%d.sock", (int)getpid());
	strcpy(at.sun_path, x->path);
	unlink(x->path);
	x->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(x->listener, (struct sockaddr *)&at, sizeof(at)),
			 0);
	assert_int_equal(listen(x->listener, 4), 0);
}

static void play(struct exchange *x, bool listening)
{
	struct event *accepting;
	struct error err;
	struct proxy *proxy;

	x->loop = event_base_new();
	open_listener(x);
	if (!listening)
		unlink(x->path);
	accepting = event_new(x->loop, x->listener, EV_READ | EV_PERSIST,
			      on_connection, x);
	event_add(accepting, NULL);
	proxy = proxy_new(x->loop, x->path, &err);
	assert_non_null(proxy);
	assert_true(proxy_ask(proxy, "one\ntwo", on_done, x));
	assert_int_equal(x->done, 0);
	assert_false(proxy_ask(proxy, "three", on_done, x));
	event_base_dispatch(x->loop);
	assert_int_equal(x->done, 1);
	proxy_free(proxy);
	event_free(accepting);
	close(x->listener);
	unlink(x->path);
	event_base_free(x->loop);
}

static void test_answer(void **state)
{
	struct exchange x = { .reply = "first\nsecond\n" };

	(void)state;
	play(&x, true);
	assert_string_equal(x.question, "one;two\n");
	assert_string_equal(x.answer, "first\nsecond\n");
	assert_null(x.why);
}

static void test_nobody_there(void **state)
{
	struct exchange x = { 0 };

	(void)state;
	play(&x, false);
	assert_non_null(x.why);
}

static void test_path_too_long(void **state)
{
	char path[200];
	struct error err = { 0 };

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_null(proxy_new(NULL, path, &err));
	assert_true(err.text[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_path_too_long),
	};

	return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
