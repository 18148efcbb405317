/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/policy.h"

#include "policy/base/arena.h"
#include "policy/language/compile.h"
#include "policy/language/load.h"
#include "policy/language/sources.h"

#include <string.h>

struct policy *policy_load(const char *path, struct errors *errs)
{
	struct arena *arena = arena_new();
	struct sources sources = { .arena = arena };
	size_t before = errs->fatal;

	if (arena == NULL) {
		errors_add(errs, (struct place){ 0 }, "out of memory");
		return NULL;
	}
	sources_gather(&sources, path, errs);
	if (errs->fatal > before && sources.count == 0) {
		errors_sort(errs);
		arena_free(arena);
		return NULL;
	}
	return load_policy(&sources, path, errs);
}

void policy_free(struct policy *policy)
{
	if (policy != NULL)
		arena_free(policy->arena);
}

int policy_find_service(const struct policy *policy, const char *name)
{
	struct names names = names_services(policy);

	return names_find(&names, name);
}

int policy_find_region(const struct policy *policy, const char *name)
{
	struct names names = names_regions(policy);

	return names_find(&names, name);
}

int policy_find_vantage(const struct policy *policy, const char *name)
{
	struct names names = names_vantages(policy);

	return names_find(&names, name);
}

int policy_find_canary(const struct policy *policy, const char *name)
{
	struct names names = names_canaries(policy);

	return names_find(&names, name);
}

int policy_find_set(const struct policy *policy, const char *name)
{
	struct names names = names_sets(policy);

	return names_find(&names, name);
}

int policy_find_endpoint(const struct policy_service *service, const char *name)
{
	struct names names = names_endpoints(service);

	return names_find(&names, name);
}

const char *steer_name(enum steer steer)
{
	static const char *const words[] = {
		[STEER_LATENCY] = "latency",
		[STEER_GEO] = "geo",
		[STEER_WEIGHTED] = "weighted",
		[STEER_FAILOVER] = "failover",
	};

	return words[steer];
}

const char *check_type_name(enum check_type type)
{
	static const char *const words[] = {
		[CHECK_HTTP] = "http",
		[CHECK_HTTPS] = "https",
		[CHECK_TCP] = "tcp",
	};

	return words[type];
}
