/* SPDX-License-Identifier: Apache-2.0 */
/* follow: only a trusted key's newer plan is taken; never backwards. */
#include "policy/bus/follow.h"
#include "policy/bus/plan.h"
#include "policy/bus/sign.h"
#include "policy/language/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum key { KEY_TRUSTED, KEY_STRANGER, KEY_NONE };

/* clang-format off */
static const struct offer_row {
	const char *title;
	enum key key;
	const char *kind;
	uint64_t epoch, sequence;
	enum follow_result result;
	uint64_t held_epoch, held_sequence; /* afterwards */
	const char *says;                   /* "": no refusal */
} offers[] = {
	{ "not signed",         KEY_NONE,     SIGN_PLAN,    2, 5,
	  FOLLOW_REFUSED,       0, 0, "signed" },
	{ "a stranger's",       KEY_STRANGER, SIGN_PLAN,    2, 5,
	  FOLLOW_REFUSED,       0, 0, "key" },
	{ "the same again",     KEY_STRANGER, SIGN_PLAN,    2, 5,
	  FOLLOW_REFUSED_AGAIN, 0, 0, "key" },
	{ "signed as a command",KEY_TRUSTED,  SIGN_COMMAND, 2, 5,
	  FOLLOW_REFUSED,       0, 0, "signature" },
	{ "the first",          KEY_TRUSTED,  SIGN_PLAN,    2, 5,
	  FOLLOW_TAKEN,         2, 5, "" },
	{ "it again",           KEY_TRUSTED,  SIGN_PLAN,    2, 5,
	  FOLLOW_SAME,          2, 5, "" },
	{ "a lower sequence",   KEY_TRUSTED,  SIGN_PLAN,    2, 4,
	  FOLLOW_REFUSED,       2, 5, "(2, 4) is older" },
	{ "a lower epoch",      KEY_TRUSTED,  SIGN_PLAN,    1, 9,
	  FOLLOW_REFUSED,       2, 5, "(1, 9) is older" },
	{ "the one in force",   KEY_TRUSTED,  SIGN_PLAN,    2, 5,
	  FOLLOW_SAME,          2, 5, "" },
	{ "a higher sequence",  KEY_TRUSTED,  SIGN_PLAN,    2, 6,
	  FOLLOW_TAKEN,         2, 6, "" },
	{ "a higher epoch",     KEY_TRUSTED,  SIGN_PLAN,    3, 1,
	  FOLLOW_TAKEN,         3, 1, "" },
};
/* clang-format on */

static char *offer_of(const struct offer_row *row, struct sealer *const keys[2],
		      size_t *len)
{
	const struct plan plan = { .epoch = row->epoch,
				   .sequence = row->sequence,
				   .agent = "test",
				   .wall_made_ms = 1 };
	struct error err = { 0 };
	size_t text_len;
	char *text = plan_write(&plan, &text_len), *wrapped;

	assert_non_null(text);
	*len = text_len;
	if (row->key == KEY_NONE)
		return text;
	wrapped =
		sign_wrap(keys[row->key], row->kind, text, text_len, len, &err);
	free(text);
	assert_non_null(wrapped);
	return wrapped;
}

static void test_never_backwards(void **state)
{
	static const struct policy policy;
	struct error err;
	struct sealer *keys[2] = { sealer_new(&err), sealer_new(&err) };
	struct verifier *trusted = verifier_new();
	struct follow follow = { 0 };

	(void)state;
	assert_true(verifier_add_sealer(trusted, keys[KEY_TRUSTED], &err));
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		const struct offer_row *row = &offers[i];
		const struct plan *held;
		size_t len;
		char *octets = offer_of(row, keys, &len);

		print_message("# %s\n", row->title);
		assert_int_equal(follow_take(&follow, trusted, &policy, octets,
					     len),
				 row->result);
		free(octets);
		held = follow.plan;
		assert_int_equal(held == NULL ? 0 : held->epoch,
				 row->held_epoch);
		assert_int_equal(held == NULL ? 0 : held->sequence,
				 row->held_sequence);
		if (row->says[0] == '\0')
			assert_string_equal(follow.refusal.text, "");
		else if (strstr(follow.refusal.text, row->says) == NULL)
			fail_msg("says: %s", follow.refusal.text);
	}
	assert_int_equal(follow_take(&follow, NULL, &policy, "x", 1),
			 FOLLOW_REFUSED);
	assert_non_null(strstr(follow.refusal.text, "--trust"));
	follow_fini(&follow);
	verifier_free(trusted);
	sealer_free(keys[0]);
	sealer_free(keys[1]);
}

/*
 * A plan that would leave a service of this policy empty is not followed, but
 * which policy is to be served it does say: that may be the way back.
 */
static void test_release_of_a_refused_plan(void **state)
{
	static const char digest[] = "0123456789abcdef0123456789abcdef"
				     "0123456789abcdef0123456789abcdef";
	struct policy_endpoint endpoint = { .name = "eu",
					    .canary = POLICY_NONE };
	struct policy_service service = { .name = "www",
					  .endpoints = &endpoint,
					  .endpoint_count = 1 };
	struct policy policy = { .services = &service, .service_count = 1 };
	struct plan plan = {
		.epoch = 2, .sequence = 5, .agent = "test", .wall_made_ms = 1
	};
	struct error err;
	struct sealer *keys[2] = { sealer_new(&err), sealer_new(&err) };
	struct verifier *trusted = verifier_new();
	struct follow follow = { 0 };

	(void)state;
	plan.release.phase = RELEASE_BACK;
	memcpy(plan.release.base, digest, sizeof(digest));
	assert_true(verifier_add_sealer(trusted, keys[0], &err));
	/* A stranger's says nothing; an older one nothing more. */
	for (unsigned i = 0; i < 3; i++) {
		size_t len, text_len;
		char *text, *octets;

		plan.release.wave = i;
		plan.sequence = i == 2 ? 4 : 5;
		text = plan_write(&plan, &text_len);
		octets = sign_wrap(keys[i == 0], SIGN_PLAN, text, text_len,
				   &len, &err);
		assert_int_equal(follow_take(&follow, trusted, &policy, octets,
					     len) == FOLLOW_TAKEN,
				 false);
		assert_int_equal(follow.release.phase,
				 i == 0 ? RELEASE_NONE : RELEASE_BACK);
		free(text);
		free(octets);
	}
	assert_int_equal(follow.release.wave, 1);
	assert_string_equal(follow.release.base, digest);
	assert_null(follow.plan);
	follow_fini(&follow);
	verifier_free(trusted);
	sealer_free(keys[0]);
	sealer_free(keys[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_backwards),
		cmocka_unit_test(test_release_of_a_refused_plan),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
