/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as it arrives: an envelope that may be anything, and a payload that a
 * trusted key signed but that may be anything too.  What is read must come
 * back from what is written.
 */
#include "policy/base/error.h"
#include "policy/bus/plan.h"
#include "policy/bus/sign.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

/* Made once: keys are slow to make. */
static struct sealer *signer;
static struct verifier *verifier;

static void make_key(void)
{
	struct error err;

	if (signer != NULL)
		return;
	signer = sealer_new(&err);
	verifier = verifier_new();
	if (signer == NULL || verifier == NULL ||
	    !verifier_add_sealer(verifier, signer, &err))
		abort();
}

static void check_envelope(const uint8_t *octets, size_t len)
{
	const char *payload;
	size_t payload_len, wrapped_len;
	struct error err;
	char *wrapped;

	/* Nobody can guess a signature. */
	if (sign_unwrap(verifier, SIGN_PLAN, octets, len, &payload,
			&payload_len, &err))
		abort();
	wrapped = sign_wrap(signer, SIGN_PLAN, octets, len, &wrapped_len, &err);
	if (wrapped == NULL ||
	    !sign_unwrap(verifier, SIGN_PLAN, wrapped, wrapped_len, &payload,
			 &payload_len, &err) ||
	    payload_len != len ||
	    (len > 0 && memcmp(payload, octets, len) != 0))
		abort();
	free(wrapped);
}

static void check_plan(const struct plan *plan)
{
	size_t len, again_len;
	char *text = plan_write(plan, &len), *again;
	struct plan *copy = plan_copy(plan), *back;
	struct error err;

	if (text == NULL || copy == NULL)
		abort();
	back = plan_parse(text, len, &err);
	if (back == NULL)
		abort();
	again = plan_write(back, &again_len);
	if (again == NULL || strcmp(text, again) != 0 || len != again_len ||
	    plan_newer(back, copy) || plan_newer(copy, back))
		abort();
	for (size_t i = 0; i < copy->share_count; i++) {
		const struct plan_share *s = &copy->shares[i];
		const struct plan_share *found =
			plan_find_share(back, s->service, s->endpoint);

		if (found == NULL || memcmp(found, s, sizeof(*s)) != 0)
			abort();
	}
	plan_free(back);
	plan_free(copy);
	free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct error err;
	struct plan *plan;

	make_key();
	check_envelope(octets, len);
	plan = plan_parse(octets, len, &err);
	if (plan != NULL)
		check_plan(plan);
	plan_free(plan);
	return 0;
}
