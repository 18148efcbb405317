/* SPDX-License-Identifier: Apache-2.0 */
/* predict: exact where it can be, conserved always, near where it draws. */
#include "policy/base/error.h"
#include "steer_world.h"
#include "steering/predict.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* Points that PREDICT_DRAWS draws may be off by, generously (4 sigma). */
static const double slack = 3.2;

static double sum(const double *regions, double none)
{
	for (int i = 0; i < STEER_REGIONS; i++)
		none += regions[i];
	return none;
}

static void check_conserved(const struct predict_family *f)
{
	assert_true(fabs(sum(f->before, f->none_before) - 100) < 1e-6);
	assert_true(fabs(sum(f->after, f->none_after) - 100) < 1e-6);
	assert_true(f->moved >= 0 && f->moved <= 100 + 1e-6);
	assert_true(fabs(f->covered - 100) < 1e-6);
}

/* A second view of the world that shares nothing with the first. */
struct after {
	struct view view;
	struct view_service services[2];
	struct view_endpoint www[STEER_ENDPOINTS], api[2];
};

static void begin(struct steer_world *w, struct after *a)
{
	steer_init(w);
	for (size_t i = 0; i < STEER_ENDPOINTS; i++) {
		w->view_www[i].weight = 1;
		w->view_www[i].accept =
			i < STEER_REGIONS ? ACCEPT_ALL : ACCEPT_NONE;
	}
	for (size_t i = 0; i < 2; i++) {
		w->view_api[i].weight = 1;
		w->view_api[i].accept = ACCEPT_ALL;
	}
	memcpy(a->www, w->view_www, sizeof(a->www));
	memcpy(a->api, w->view_api, sizeof(a->api));
	memcpy(a->services, w->view_services, sizeof(a->services));
	a->services[WWW].endpoints = a->www;
	a->services[API].endpoints = a->api;
	a->view = w->view;
	a->view.services = a->services;
}

static struct prediction predict(const struct steer_world *w,
				 const struct after *a)
{
	const struct burden_case before = { &w->policy, &w->view, w->in.classes,
					    w->in.rates };
	const struct burden_case after = { &w->policy, &a->view, w->in.classes,
					   w->in.rates };
	struct prediction p;
	struct error err;

	assert_true(predict_of(&before, &after, &p, &err));
	for (size_t i = 0; i < p.count; i++) {
		check_conserved(&p.services[i].v4);
		check_conserved(&p.services[i].v6);
	}
	return p;
}

static void drain(struct view_endpoint *e)
{
	e->accept = ACCEPT_NONE;
	e->cause = SHARE_COMMAND;
}

static void test_nothing_changes(void **state)
{
	struct steer_world w;
	struct after a;
	struct prediction p;

	(void)state;
	begin(&w, &a);
	p = predict(&w, &a);
	assert_int_equal(p.count, 0);
	prediction_fini(&p);
}

/* Rows of one endpoint are no draws: exact. */
static void test_failover_is_exact(void **state)
{
	struct steer_world w;
	struct after a;
	struct prediction p;

	(void)state;
	begin(&w, &a);
	w.services[WWW].steer = STEER_FAILOVER;
	drain(&a.www[US_EAST]);
	p = predict(&w, &a);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.services[0].service, WWW);
	/* US clients: us-east, then us-west; DE clients stay in eu-west. */
	assert_true(fabs(p.services[0].v4.before[US_EAST] - 60) < 1e-9);
	assert_true(fabs(p.services[0].v4.after[US_EAST]) < 1e-9);
	assert_true(fabs(p.services[0].v4.after[US_WEST] - 60) < 1e-9);
	assert_true(fabs(p.services[0].v4.after[EU_WEST] - 40) < 1e-9);
	assert_true(fabs(p.services[0].v4.moved - 60) < 1e-9);
	assert_true(fabs(p.services[0].v6.moved - 25) < 1e-9);
	prediction_fini(&p);
}

/* By what was counted of the homes, and not by address space, of which the US
 * have three fifths, and a quarter of IPv6. */
static void test_counted(void **state)
{
	struct demand_rates rates[2] = {
		{ .home = { [US_EAST] = 30, [EU_WEST] = 10 } }
	};
	struct steer_world w;
	struct after a;
	struct prediction p;
	json_t *json;

	(void)state;
	begin(&w, &a);
	steer_locate(&w);
	w.services[WWW].steer = STEER_FAILOVER;
	w.in.rates = rates;
	drain(&a.www[US_EAST]);
	drain(&a.api[0]);
	p = predict(&w, &a);
	assert_true(p.services[0].counted);
	assert_true(fabs(p.services[0].v4.moved - 75) < 1e-9);
	assert_true(fabs(p.services[0].v6.moved - 75) < 1e-9);
	assert_true(fabs(p.services[0].v4.after[EU_WEST] - 25) < 1e-9);
	assert_int_equal(p.services[1].service, API);
	assert_false(p.services[1].counted);
	assert_true(fabs(p.services[1].v4.before[US_EAST] - 30) < slack);
	json = prediction_write(&p);
	assert_string_equal(
		json_string_value(json_object_get(
			json_array_get(json_object_get(json, "services"), 0),
			"by")),
		"counted demand");
	json_decref(json);
	prediction_fini(&p);
}

/* One of four: its quarter moves, nobody else's. */
static void test_drain_moves_its_own_clients(void **state)
{
	struct steer_world w;
	struct after a;
	struct prediction p;
	const struct predict_family *f;

	(void)state;
	begin(&w, &a);
	drain(&a.www[US_EAST]);
	p = predict(&w, &a);
	f = &p.services[0].v4;
	assert_true(fabs(f->before[US_EAST] - 15) < slack);
	assert_true(fabs(f->after[US_EAST]) < 1e-9);
	assert_true(fabs(f->moved - f->before[US_EAST]) < 1e-9);
	assert_true(fabs(f->after[US_WEST] - 20) < slack);
	assert_true(fabs(f->after[EU_WEST] - 40) < slack);
	prediction_fini(&p);
}

static void test_canary_moves_its_percent(void **state)
{
	struct steer_world w;
	struct after a;
	struct prediction p;

	(void)state;
	begin(&w, &a);
	a.www[V2_US_EAST].accept = accept_of(0.2);
	p = predict(&w, &a);
	/* A fifth of a quarter of the 60 % who may go to us-east. */
	assert_true(fabs(p.services[0].v4.moved - 3) < 1.2);
	assert_true(fabs(p.services[0].v4.after[US_EAST] -
			 p.services[0].v4.before[US_EAST]) < 1e-9);
	prediction_fini(&p);
}

static void test_weight_doubles(void **state)
{
	struct steer_world w;
	struct after a;
	struct prediction p;

	(void)state;
	begin(&w, &a);
	a.api[1].weight = 3;
	p = predict(&w, &a);
	assert_int_equal(p.services[0].service, API);
	assert_true(fabs(p.services[0].v4.before[EU_WEST] - 70) < slack);
	assert_true(fabs(p.services[0].v4.after[EU_WEST] - 85) < slack);
	assert_true(fabs(p.services[0].v4.moved - 15) < slack);
	prediction_fini(&p);
}

static void test_who_gets_no_answer(void **state)
{
	struct steer_world w;
	struct after a;
	struct prediction p;

	(void)state;
	begin(&w, &a);
	w.de.none_healthy = NONE_HEALTHY_NO_ANSWER;
	a.api[1].health.verdict = VERDICT_DOWN;
	p = predict(&w, &a);
	assert_true(fabs(p.services[0].v4.none_after - 40) < 1e-9);
	prediction_fini(&p);
}

static void test_json(void **state)
{
	struct steer_world w;
	struct after a;
	struct prediction p;
	json_t *json, *service, *region;

	(void)state;
	begin(&w, &a);
	w.services[WWW].steer = STEER_FAILOVER;
	drain(&a.www[US_EAST]);
	p = predict(&w, &a);
	json = prediction_write(&p);
	service = json_array_get(json_object_get(json, "services"), 0);
	assert_string_equal(json_string_value(
				    json_object_get(service, "service")),
			    "www");
	assert_true(
		fabs(json_real_value(json_object_get(service, "moved_pct")) -
		     60) < 1e-9);
	region = json_array_get(json_object_get(service, "regions"), US_WEST);
	assert_string_equal(json_string_value(
				    json_object_get(region, "region")),
			    "us-west");
	assert_true(fabs(json_real_value(json_object_get(region, "after_pct")) -
			 60) < 1e-9);
	json_decref(json);
	prediction_fini(&p);
}

/* Every share of us-east from 0 to 1: what leaves is what others gain. */
static void test_conservation_along_a_drain(void **state)
{
	struct steer_world w;
	struct after a;
	double last = 101;

	(void)state;
	for (int i = 0; i <= 20; i++) {
		struct prediction p;

		begin(&w, &a);
		a.www[US_EAST].accept = accept_of(i / 20.0);
		a.www[US_EAST].cause = SHARE_COMMAND;
		p = predict(&w, &a);
		assert_int_equal(p.count, 1);
		/* The rows differ, so other clients are drawn: near, not
		 * equal. */
		assert_true(p.services[0].v4.moved < last + slack);
		last = p.services[0].v4.moved;
		prediction_fini(&p);
	}
	assert_true(last < 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_changes),
		cmocka_unit_test(test_failover_is_exact),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_drain_moves_its_own_clients),
		cmocka_unit_test(test_canary_moves_its_percent),
		cmocka_unit_test(test_weight_doubles),
		cmocka_unit_test(test_who_gets_no_answer),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_conservation_along_a_drain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
