/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/loaded.h"

#include "policy/base/error.h"
#include "policy/decide/geo.h"

#include <stdio.h>
#include <stdlib.h>

void loaded_fini(struct loaded *loaded)
{
	free(loaded->classes);
	geo_free(loaded->geo);
	policy_free(loaded->policy);
	*loaded = (struct loaded){ .policy = NULL };
}

static bool list_classes(struct loaded *loaded)
{
	loaded->class_count = geo_class_count(loaded->geo);
	loaded->classes =
		calloc(loaded->class_count + 1, sizeof(*loaded->classes));
	for (size_t i = 0; loaded->classes != NULL && i < loaded->class_count;
	     i++)
		loaded->classes[i] = geo_class(loaded->geo, (uint16_t)i);
	return loaded->classes != NULL;
}

bool loaded_open(const char *path, struct loaded *out, struct error *err)
{
	struct loaded loaded = { .policy = NULL };
	struct errors errs = { 0 };
	char line[300];
	bool ok;

	loaded.policy = policy_load(path, &errs);
	if (loaded.policy != NULL)
		loaded.geo = geo_open(loaded.policy, &errs);
	ok = loaded.geo != NULL && list_classes(&loaded);
	errors_sort(&errs);
	errors_print(&errs, stderr);
	if (ok) {
		*out = loaded;
	} else {
		error_set(err, "%s: out of memory", path);
		for (size_t i = errs.count; i-- > 0;)
			if (errs.list[i].severity == SEVERITY_ERROR)
				error_set(err, "%s",
					  error_line(&errs.list[i].error, line,
						     sizeof(line)));
		loaded_fini(&loaded);
	}
	errors_fini(&errs);
	return ok;
}
