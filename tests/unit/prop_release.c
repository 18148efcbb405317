/* SPDX-License-Identifier: Apache-2.0 */
/* release: whatever responders do, nobody goes beyond the wave that failed, and
 * it ends. */
#include "tests/unit/release_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A generator that is the same everywhere. */
static uint32_t draw(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)(*seed >> 33);
}

static void invent(struct fleet *f, uint64_t *seed)
{
	fleet_init(f, 1 + draw(seed) % NODES_MAX);
	for (size_t i = 0; i < f->count; i++) {
		f->takers[i].refuses = draw(seed) % 12 == 0;
		f->takers[i].mutes = draw(seed) % 12 == 0;
		f->takers[i].late_ms = draw(seed) % 8 * SECOND;
	}
	f->rollout.wave_count = draw(seed) % 3;
}

/* Responders come and go, and so do leaders. */
static void upset(struct fleet *f, uint64_t *seed)
{
	struct taker *t = &f->takers[draw(seed) % f->count];

	if (draw(seed) % 10 == 0)
		t->dead = !t->dead;
	if (draw(seed) % 20 == 0) {
		struct plan_release said;

		assert_true(plan_release_copy(&f->release.said, &said));
		assert_true(release_adopt(&f->release, &said));
		plan_release_fini(&said);
	}
}

/* Has one that takes the policy badly been told to take it? */
static bool is_spoiled(const struct fleet *f)
{
	for (size_t i = 0; i < f->count; i++)
		if ((f->takers[i].refuses || f->takers[i].mutes) &&
		    plan_release_has(&f->release.said, f->takers[i].name))
			return true;
	return false;
}

/*
 * Whatever happens: from the wave that has a bad responder in it nobody goes
 * further; it ends, and then all serve one policy, and the next one only if all
 * take it well.
 */
static void test_random_walks(void **state)
{
	unsigned done = 0, gone = 0;

	(void)state;
	for (uint64_t n = 0; n < 400; n++) {
		uint64_t seed = n * 7919 + 1;
		struct fleet f;
		size_t most = SIZE_MAX;
		bool bad = false;

		invent(&f, &seed);
		fleet_publish(&f);
		for (unsigned i = 0; i < 60; i++) {
			upset(&f, &seed);
			fleet_tick(&f);
			if (is_spoiled(&f) && most == SIZE_MAX)
				most = f.release.said.node_count;
			assert_true(f.release.said.node_count <= most);
		}
		for (size_t i = 0; i < f.count; i++) {
			f.takers[i].dead = false;
			bad |= f.takers[i].refuses || f.takers[i].mutes;
		}
		for (unsigned i = 0;
		     i < 200 && plan_release_is_under_way(&f.release.said);
		     i++) {
			fleet_tick(&f);
			if (is_spoiled(&f) && most == SIZE_MAX)
				most = f.release.said.node_count;
			assert_true(f.release.said.node_count <= most);
		}
		for (unsigned i = 0; i < 10; i++)
			fleet_tick(&f);
		done += fleet_phase(&f) == RELEASE_DONE;
		gone += fleet_phase(&f) == RELEASE_GONE;
		assert_false(plan_release_is_under_way(&f.release.said));
		if (fleet_phase(&f) == RELEASE_DONE)
			assert_false(bad);
		assert_int_equal(fleet_count(&f, f.release.said.base), f.count);
		fleet_fini(&f);
	}
	print_message("# %u went out, %u came back\n", done, gone);
	assert_true(done > 20 && gone > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
