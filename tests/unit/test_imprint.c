/* SPDX-License-Identifier: Apache-2.0 */
/* imprint: fits the views that view_same() says are the same, and no others. */
#include "policy/decide/imprint.h"

#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One thing of one endpoint, or of the service, which may be what it was. */
static void change(struct world *w, struct rng *rng)
{
	unsigned i = rng_below(rng, (unsigned)w->service.endpoint_count);
	struct view_endpoint *e = &w->view_endpoints[i];

	switch (rng_below(rng, 8)) {
	case 0:
		e->health.verdict = (enum verdict)rng_below(rng, 3);
		break;
	case 1:
		e->health.held = rng_below(rng, 2);
		break;
	case 2:
		e->accept = rng_below(rng, 2) ? ACCEPT_ALL : ACCEPT_NONE;
		break;
	case 3:
		e->weight = rng_below(rng, 3);
		break;
	case 4:
		e->cause = (enum share_cause)rng_below(rng, 4);
		break;
	case 5:
		e->latency_ms[rng_below(rng, WORLD_VANTAGES)] += 1;
		break;
	case 6:
		w->view_service.changing = rng_below(rng, 2);
		break;
	default:
		e->health.up++; /* nothing that decisions read */
	}
}

static void test_as_view_same(void **state)
{
	struct rng rng = { world_seed() };
	unsigned same = 0, other = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct imprint *imprint;
		struct world before, after;
		bool fits;

		world_draw(&before, &rng);
		world_copy(&after, &before);
		after.view.policy = &before.policy;
		imprint = imprint_new(&before.view, 0);
		assert_non_null(imprint);
		assert_true(imprint_fits(imprint, &before.view, 0));
		change(&after, &rng);
		fits = view_same(&before.view, &after.view, 0);
		assert_int_equal(imprint_fits(imprint, &after.view, 0), fits);
		same += fits;
		other += !fits;
		imprint_free(imprint);
	}
	assert_true(same > 5000 && other > 5000);
}

/* Nothing of the view is borrowed. */
static void test_outlives_the_view(void **state)
{
	struct imprint *imprint;
	struct world w, kept;

	(void)state;
	world_init(&w);
	w.service.steer = STEER_LATENCY;
	w.view_endpoints[2].latency_ms[1] = 7;
	world_copy(&kept, &w);
	imprint = imprint_new(&w.view, 0);
	w.view_endpoints[2].latency_ms[1] = 8;
	w.view_endpoints[2].weight = 8;
	assert_false(imprint_fits(imprint, &w.view, 0));
	assert_true(imprint_fits(imprint, &kept.view, 0));
	imprint_free(imprint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_view_same),
		cmocka_unit_test(test_outlives_the_view),
	};

	return cmocka_run_group_tests_name("imprint", tests, NULL, NULL);
}
