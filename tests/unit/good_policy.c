/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/good_policy.h"

#include "policy/base/error.h"
#include "policy/language/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct policy *good_policy(const char *name)
{
	const char *srcdir = getenv("SRCDIR");
	struct errors errs = { 0 };
	struct policy *policy;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/policy/good/%s",
		 srcdir == NULL ? "." : srcdir, name);
	policy = policy_load(path, &errs);
	errors_print(&errs, stderr);
	errors_fini(&errs);
	assert_non_null(policy);
	return policy;
}
