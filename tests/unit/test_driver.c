/* SPDX-License-Identifier: Apache-2.0 */
/* driver: what is applied while one application is under way is not lost. */
#include "steering/edge/driver.h"

#include "policy/bus/plan.h"
#include "steering/edge/orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct toy {
	struct driver driver;
	unsigned begun, told, freed;
};

static void begin(struct driver *driver)
{
	((struct toy *)driver)->begun++;
}

static void end(struct driver *driver)
{
	((struct toy *)driver)->freed++;
}

static void on_told(void *arg)
{
	((struct toy *)arg)->told++;
}

static const struct driver_kind kind = { "toy", begin, end };

enum act { APPLY, APPLY_SAME, RETURN, WELL, TROUBLE, DEFER };

/* clang-format off */
static const struct step {
	const char *title;
	enum act act;
	unsigned begun, told; /* afterwards, in all */
	bool has;             /* the newest plan */
} steps[] = {
	{ "before any plan nothing can come back", RETURN,     0, 0, false },
	{ "the first",                             APPLY,      1, 0, false },
	{ "the same again, while busy",            APPLY_SAME, 1, 0, false },
	{ "it is done",                            WELL,       1, 1, true },
	{ "the same again",                        APPLY_SAME, 2, 1, true },
	{ "another, while busy",                   APPLY,      2, 1, false },
	{ "and the first again",                   APPLY_SAME, 2, 1, false },
	{ "the old one is done: no word of it",    WELL,       3, 1, false },
	{ "the new one is not",                    TROUBLE,    3, 2, false },
	{ "again",                                 APPLY_SAME, 4, 2, false },
	{ "it is",                                 WELL,       4, 3, true },
	{ "the proxy restarts",                    RETURN,     5, 3, true },
	{ "twice",                                 RETURN,     5, 3, true },
	{ "what it had before counts for nothing", WELL,       6, 3, true },
	{ "it is brought back",                    WELL,       6, 4, true },
	{ "another",                               APPLY,      7, 4, false },
	{ "one more, while busy",                  APPLY,      7, 4, false },
	{ "trouble is told though more is to do",  TROUBLE,    8, 5, false },
	{ "nothing is done yet: it stands",        DEFER,      8, 5, false },
	{ "again",                                 APPLY_SAME, 9, 5, false },
	{ "it is well",                            WELL,       9, 6, true },
};
/* clang-format on */

static void act_out(struct toy *toy, struct plan *plan, struct orders *orders,
		    enum act act)
{
	switch (act) {
	case APPLY:
		plan->sequence++;
		orders->serial++;
		driver_apply(&toy->driver, orders);
		break;
	case APPLY_SAME:
		driver_apply(&toy->driver, orders);
		break;
	case RETURN:
		driver_return(&toy->driver);
		break;
	case WELL:
		driver_settle(&toy->driver, "");
		break;
	case TROUBLE:
		driver_settle(&toy->driver, "it is on fire");
		break;
	case DEFER:
		driver_defer(&toy->driver);
		break;
	}
}

static void test_steps(void **state)
{
	struct toy toy = {
		.driver = { .kind = &kind, .place = "/x", .told = on_told }
	};
	struct plan plan = { .epoch = 1 };
	struct orders orders = { .plan = &plan };

	(void)state;
	toy.driver.arg = &toy;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct step *s = &steps[i];

		act_out(&toy, &plan, &orders, s->act);
		if (toy.begun != s->begun || toy.told != s->told ||
		    driver_has(&toy.driver, &plan) != s->has)
			fail_msg("%s: begun %u, told %u, has %d", s->title,
				 toy.begun, toy.told,
				 driver_has(&toy.driver, &plan));
		assert_int_equal(toy.driver.trouble[0] != '\0',
				 s->act == TROUBLE || s->act == DEFER ||
					 strcmp(s->title, "again") == 0);
	}
	assert_int_equal(toy.driver.counters.returns, 3);
	assert_int_equal(toy.driver.counters.errors, 2);
	assert_int_equal(toy.driver.counters.applies, 6);
	driver_free(&toy.driver);
	driver_free(NULL);
	assert_int_equal(toy.freed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests_name("driver", tests, NULL, NULL);
}
