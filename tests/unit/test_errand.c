/* SPDX-License-Identifier: Apache-2.0 */
/* errand: the work is beside the loop, its end on it, and a stop waits. */
#include "policy/base/errand.h"
#include "policy/base/error.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>

struct chore {
	struct errand *errand;
	pthread_t loop_thread;
	bool worked, beside, done, waits;
	atomic_bool go; /* the work waits for it */
};

static void work(void *arg)
{
	struct chore *c = arg;

	while (c->waits && !atomic_load(&c->go))
		continue;
	c->beside = !pthread_equal(pthread_self(), c->loop_thread);
	c->worked = true;
}

static void done(void *arg)
{
	struct chore *c = arg;

	c->done = pthread_equal(pthread_self(), c->loop_thread) && c->worked;
	errand_free(c->errand);
	c->errand = NULL;
}

static void start(struct chore *c, struct event_base *loop)
{
	const struct errand_config config = { "chore", work, done, c };
	struct error err;

	c->loop_thread = pthread_self();
	c->errand = errand_start(loop, &config, &err);
	assert_non_null(c->errand);
}

static void test_done_comes_on_the_loop(void **state)
{
	struct event_base *loop = event_base_new();
	struct chore c = { .waits = true };

	(void)state;
	start(&c, loop);
	event_base_loop(loop, EVLOOP_NONBLOCK);
	assert_false(c.done);
	atomic_store(&c.go, true);
	event_base_dispatch(loop); /* until nothing is awaited any longer */
	assert_true(c.done && c.beside);
	assert_null(c.errand);
	event_base_free(loop);
}

static void test_a_stop_waits_and_is_the_end(void **state)
{
	struct event_base *loop = event_base_new();
	struct chore c = { .waits = false };

	(void)state;
	start(&c, loop);
	errand_free(c.errand);
	assert_true(c.worked);
	event_base_loop(loop, EVLOOP_NONBLOCK);
	assert_false(c.done);
	errand_free(NULL);
	event_base_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done_comes_on_the_loop),
		cmocka_unit_test(test_a_stop_waits_and_is_the_end),
	};

	return cmocka_run_group_tests_name("errand", tests, NULL, NULL);
}
