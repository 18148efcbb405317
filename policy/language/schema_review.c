/* SPDX-License-Identifier: Apache-2.0 */
/* schema_review -- the rows below review: see schema.h. */
#include "policy/language/schema.h"

#include "policy/language/policy.h"

#include <stdint.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* clang-format off */
#define ACCEPTANCE(field) offsetof(struct policy_acceptance, field)
static const struct schema_row acceptance_rows[] = {
	{ "code", SCHEMA_CODE, true, ACCEPTANCE(code),
	  0, 0, NULL, NULL, NULL, "the kind of findings that are accepted" },
	{ "at", SCHEMA_TEXT, true, ACCEPTANCE(where),
	  0, 0, NULL, NULL, NULL, "where: a key like services.www, or a file" },
	{ "reason", SCHEMA_TEXT, true, ACCEPTANCE(reason),
	  0, 0, NULL, NULL, NULL, "why, for those who read it later" },
};
const struct schema schema_acceptance = { acceptance_rows, COUNT(acceptance_rows) };

static const struct schema_row review_rows[] = {
	{ "severity", SCHEMA_SEVERITIES, false, offsetof(struct policy_review, severities),
	  0, 256, NULL, NULL, NULL, "what findings of a kind are" },
	{ "accepted", SCHEMA_ITEMS, false, SIZE_MAX,
	  0, 1024, NULL, NULL, &schema_acceptance, "findings that are known, and why they stay" },
};
const struct schema schema_review = { review_rows, COUNT(review_rows) };
/* clang-format on */
