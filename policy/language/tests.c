/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/tests.h"

#include "policy/language/code.h"
#include "policy/language/fill.h"
#include "policy/language/refer.h"
#include "policy/language/value.h"

#include <string.h>

/* Which of these keys is written; NULL with an error unless exactly one is. */
static struct tree *one_of(struct draft *d, const struct tree *node,
			   const char *const *keys, size_t count)
{
	struct tree *found = NULL;
	char known[80] = "";

	for (size_t i = 0; i < count; i++) {
		struct tree *at = tree_find(node, keys[i]);

		if (at != NULL && found != NULL) {
			errors_add(d->errs, CODE_KEYS_BOTH, at->key->at,
				   "a test has %s and %s; keep one",
				   found->key->text, keys[i]);
			return NULL;
		}
		found = at == NULL ? found : at;
		strcat(known, i == 0 ? "" : i + 1 == count ? " or " : ", ");
		strcat(known, keys[i]);
	}
	if (found == NULL)
		errors_add(d->errs, CODE_KEY_MISSING, node->at,
			   "a test must have %s", known);
	return found;
}

typedef bool reading(const struct policy *policy, int service, const char *text,
		     struct supposition *out, struct error *err);

static void read_supposed(struct draft *d, struct policy_test *test,
			  const struct tree *at, const char *key, reading *read)
{
	const struct schema_row *row =
		schema_find(schema_top.rows[SECTION_TESTS].inner, key);
	struct tree *node = tree_find(at, key);
	const char *text = node == NULL ? NULL : value_text(d, row, node);
	struct error err;

	if (text != NULL && test->service != POLICY_NONE &&
	    !read(d->policy, test->service, text, &test->supposed, &err))
		draft_refuse(d, CODE_VALUE_WRONG, node, "%s", err.text);
}

static void read_test(struct draft *d, struct policy_test *test,
		      struct tree *node)
{
	static const char *const who[] = { "client", "clients" };
	static const char *const what[] = {
		[TEST_ANSWER] = "answer",
		[TEST_NEVER] = "never",
		[TEST_ALWAYS_WITHIN] = "always_within",
		[TEST_ALWAYS_WITHOUT] = "always_without",
	};
	struct tree *expect;

	test->at = node->at;
	fill_map(d, schema_top.rows[SECTION_TESTS].inner, node, "a test", test);
	if (node->refused)
		return;
	one_of(d, node, who, 2);
	read_supposed(d, test, node, "order", supposition_read_order);
	read_supposed(d, test, node, "canary", supposition_read_canary);
	expect = one_of(d, node, what, 4);
	if (expect == NULL)
		return;
	while (strcmp(expect->key->text, what[test->expect]) != 0)
		test->expect++;
	if (test->expect != TEST_ALWAYS_WITHIN &&
	    test->service != POLICY_NONE &&
	    d->policy->services[test->service].endpoint_count > 0)
		test->endpoints =
			refer_endpoints(d, &d->policy->services[test->service],
					expect);
}

void tests_read(struct draft *d)
{
	struct tree *list = d->sections[SECTION_TESTS];
	const struct schema_row *row = &schema_top.rows[SECTION_TESTS];

	if (list == NULL)
		return;
	if ((double)list->count > row->max) {
		draft_refuse(d, CODE_TOO_MANY, list,
			     "%zu tests are too many; at most %g", list->count,
			     row->max);
		return;
	}
	d->policy->tests =
		draft_alloc(d, list->count, sizeof(*d->policy->tests));
	if (d->policy->tests == NULL)
		return;
	for (struct tree *node = list->first; node != NULL; node = node->next)
		read_test(d, &d->policy->tests[d->policy->test_count++], node);
}
