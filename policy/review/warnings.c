/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/warnings.h"

#include <string.h>

static bool has(const struct errors *errs, const struct finding *f)
{
	for (size_t i = 0; i < errs->count; i++)
		if (errs->list[i].code == f->code &&
		    strcmp(errs->list[i].error.text, f->error.text) == 0)
			return true;
	return false;
}

const struct finding *warnings_next(struct warnings_walk *walk,
				    const struct errors *in,
				    const struct errors *other)
{
	while (walk->next < in->count) {
		const struct finding *f = &in->list[walk->next++];

		if (f->severity == SEVERITY_WARNING && !has(other, f))
			return f;
	}
	return NULL;
}

size_t warnings_count(const struct errors *in, const struct errors *other)
{
	struct warnings_walk walk = { .next = 0 };
	size_t count = 0;

	while (warnings_next(&walk, in, other) != NULL)
		count++;
	return count;
}
