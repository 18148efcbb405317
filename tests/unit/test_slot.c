/* SPDX-License-Identifier: Apache-2.0 */
/* slot: readers never see a table that was freed, and none is leaked. */
#include "dns/slot.h"
#include "policy/base/error.h"
#include "policy/base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sched.h>

enum { READERS = 3, TABLES = 1000, WORDS = 64 };

/* Stands in for dns/table: all words say the same while it lives. */
struct table {
	uint64_t words[WORDS];
};

void table_free(struct table *table);

static atomic_uint freed;

void table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (unsigned i = 0; i < WORDS; i++)
		table->words[i] = i;
	free(table);
	atomic_fetch_add(&freed, 1);
}

static struct table *table_of(uint64_t number)
{
	struct table *table = malloc(sizeof(*table));

	for (unsigned i = 0; i < WORDS; i++)
		table->words[i] = number;
	return table;
}

struct reader {
	const struct slot *slot;
	atomic_bool stop;
	atomic_uint turns;
	unsigned torn;      /* tables whose words differ */
	unsigned backwards; /* a table older than one seen before */
};

static void look(struct reader *r, uint64_t *newest)
{
	const struct table *table = slot_read(r->slot);
	uint64_t number = table->words[0];

	for (unsigned i = 0; i < WORDS; i++)
		r->torn += table->words[i] != number;
	r->backwards += number < *newest;
	*newest = number;
}

static void *read_on(void *arg)
{
	struct reader *r = arg;
	uint64_t newest = 0;

	slot_register();
	while (!atomic_load(&r->stop)) {
		slot_offline();
		slot_online();
		look(r, &newest);
		atomic_fetch_add(&r->turns, 1);
	}
	slot_unregister();
	return NULL;
}

static void wait_for_turns(struct reader *readers)
{
	for (unsigned i = 0; i < READERS; i++)
		while (atomic_load(&readers[i].turns) == 0)
			sched_yield();
}

static void test_readers_and_a_writer(void **state)
{
	struct slot slot;
	struct reader readers[READERS] = { 0 };
	pthread_t threads[READERS];
	struct error err;

	(void)state;
	atomic_store(&freed, 0);
	slot_init(&slot, table_of(1));
	for (unsigned i = 0; i < READERS; i++) {
		readers[i].slot = &slot;
		assert_true(thread_start(&threads[i], "reader", read_on,
					 &readers[i], &err));
	}
	wait_for_turns(readers);
	for (uint64_t n = 2; n <= TABLES; n++)
		slot_publish(&slot, table_of(n));
	assert_int_equal(atomic_load(&freed), TABLES - 1);
	for (unsigned i = 0; i < READERS; i++) {
		atomic_store(&readers[i].stop, true);
		pthread_join(threads[i], NULL);
		assert_int_equal(readers[i].torn, 0);
		assert_int_equal(readers[i].backwards, 0);
	}
	slot_fini(&slot);
	assert_int_equal(atomic_load(&freed), TABLES);
}

/* A reader that blocks offline does not hold the writer up. */
static void test_nobody_waits_for_an_offline_reader(void **state)
{
	struct slot slot;

	(void)state;
	atomic_store(&freed, 0);
	slot_init(&slot, NULL);
	slot_publish(&slot, table_of(1));
	assert_int_equal(atomic_load(&freed), 0);
	slot_register();
	assert_int_equal(slot_read(&slot)->words[0], 1);
	slot_offline();
	slot_publish(&slot, table_of(2));
	assert_int_equal(atomic_load(&freed), 1);
	slot_online();
	assert_int_equal(slot_read(&slot)->words[WORDS - 1], 2);
	slot_unregister();
	slot_fini(&slot);
	assert_int_equal(atomic_load(&freed), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_and_a_writer),
		cmocka_unit_test(test_nobody_waits_for_an_offline_reader),
	};

	return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
