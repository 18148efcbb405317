/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup, and who waits for it: how long name servers take is not held against
 * the server whose name it is.
 */
#include "policy/bus/lookup.h"

#include "policy/base/clock.h"
#include "policy/bus/redis_link.h"
#include "tests/unit/bus_world.h"
#include "tests/unit/spare_port.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/*
 * Stands before the C library's: while gate is shut a name is looked up in
 * vain, as when the first name server of resolv.conf(5) is dead.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool shut;
	unsigned asked;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER,
	   .opened = PTHREAD_COND_INITIALIZER };

int getaddrinfo(const char *restrict host, const char *restrict port,
		const struct addrinfo *restrict hints,
		struct addrinfo **restrict list)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
		    struct addrinfo **);

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	pthread_mutex_lock(&gate.lock);
	gate.asked++;
	while (gate.shut)
		pthread_cond_wait(&gate.opened, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
	return real(host, port, hints, list);
}

static bool is_over(void *arg)
{
	return clock_now_ms() >= *(const int64_t *)arg;
}

static void test_a_name_that_takes_long(void **state)
{
	int64_t until_ms = clock_now_ms() + 2 * REDIS_SILENCE_MS;
	struct world w;
	struct party *p;

	(void)state;
	if (!world_has_redis())
		skip();
	world_init(&w, true);
	w.tcp_port = spare_port();
	w.host = "localhost";
	world_start_server(&w);
	gate.shut = true;
	gate.asked = 0;
	p = world_party(&w, BUS_PLAN);
	world_until(&w, is_over, &until_ms, "twice the patience with servers");
	pthread_mutex_lock(&gate.lock);
	gate.shut = false;
	pthread_cond_broadcast(&gate.opened);
	assert_int_equal(gate.asked, 2);
	pthread_mutex_unlock(&gate.lock);
	party_until_synced(p);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_that_takes_long),
	};

	return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
