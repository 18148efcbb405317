/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/policy.h"

#include "policy/base/arena.h"
#include "policy/language/code.h"
#include "policy/language/compile.h"
#include "policy/language/expression.h"
#include "policy/language/load.h"
#include "policy/language/sources.h"

#include <string.h>

struct policy *policy_load(const char *path, struct errors *errs)
{
	struct arena *arena = arena_new();
	struct sources sources = { .arena = arena };
	size_t before = errs->fatal;

	if (arena == NULL) {
		errors_add(errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory");
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

uint64_t policy_stable_in(const struct policy_service *service, int region)
{
	uint64_t found = 0;

	for (size_t i = 0; i < service->endpoint_count; i++)
		if (service->endpoints[i].canary == POLICY_NONE &&
		    service->endpoints[i].region == region)
			found |= UINT64_C(1) << i;
	return found;
}

struct policy_spot policy_find_spot(const struct policy *policy,
				    const struct policy_service *service,
				    const char *name)
{
	struct policy_spot spot = {
		.region = policy_find_region(policy, name),
		.endpoint = POLICY_NONE,
	};
	int endpoint = policy_find_endpoint(service, name);

	if (spot.region != POLICY_NONE)
		spot.endpoints = policy_stable_in(service, spot.region);
	if (spot.endpoints != 0)
		return spot;
	spot.region = POLICY_NONE;
	if (endpoint == POLICY_NONE ||
	    service->endpoints[endpoint].canary != POLICY_NONE)
		return spot;
	spot.endpoint = endpoint;
	spot.endpoints = UINT64_C(1) << endpoint;
	return spot;
}

/* By label: the suffix begins the name or stands behind a dot. */
static bool is_within(const char *fqdn, const char *zone)
{
	size_t len = strlen(fqdn), tail = strlen(zone);

	return len >= tail && strcmp(fqdn + len - tail, zone) == 0 &&
	       (len == tail || tail == 1 || fqdn[len - tail - 1] == '.');
}

int policy_zone_of(const struct policy *policy, const char *fqdn)
{
	int found = POLICY_NONE;
	size_t longest = 0;

	for (size_t i = 0; i < policy->zone_count; i++) {
		const char *zone = policy->zones[i].name;

		if (zone == NULL || strlen(zone) <= longest ||
		    !is_within(fqdn, zone))
			continue;
		longest = strlen(zone);
		found = (int)i;
	}
	return found;
}

/* Has some vantage before it a share in the vote of its network? */
static bool votes_again(const struct policy *policy, size_t vantage)
{
	const struct policy_vantage *v = &policy->vantages[vantage];

	for (size_t i = 0; v->asn != 0 && i < vantage; i++)
		if (policy->vantages[i].asn == v->asn &&
		    policy->vantages[i].vote != VANTAGE_MUTE)
			return true;
	return false;
}

uint32_t policy_vote_count(const struct policy *policy)
{
	uint32_t count = 0;

	for (size_t i = 0; i < policy->vantage_count; i++)
		count += policy->vantages[i].vote != VANTAGE_MUTE &&
			 !votes_again(policy, i);
	return count;
}

size_t policy_record_count(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->zone_count; i++)
		count += policy->zones[i].record_count;
	return count;
}

size_t policy_set_count(size_t count, uint32_t answers)
{
	uint64_t sets = 0, of_size = 1; /* those of i endpoints */

	for (size_t i = 1; i <= count && i <= answers; i++) {
		of_size = of_size * (count - i + 1) / i;
		sets += of_size;
		if (sets > POLICY_SETS_SIGNED_MAX)
			return POLICY_SETS_SIGNED_MAX + 1;
	}
	return (size_t)sets;
}

uint64_t policy_having(const struct policy_service *service,
		       enum net_family family)
{
	uint64_t having = 0;

	for (size_t i = 0; i < service->endpoint_count; i++) {
		const struct policy_endpoint *e = &service->endpoints[i];

		if ((family == NET_V4 ? e->a_count : e->aaaa_count) > 0)
			having |= UINT64_C(1) << i;
	}
	return having;
}

uint32_t policy_max_ttl_s(const struct policy *policy, size_t zone)
{
	const struct policy_zone *z = &policy->zones[zone];
	uint32_t max_s = z->ttl_s;

	for (size_t i = 0; i < z->record_count; i++)
		if (z->records[i].ttl_s > max_s)
			max_s = z->records[i].ttl_s;
	for (size_t i = 0; i < policy->service_count; i++)
		if (policy->services[i].zone == (int)zone &&
		    policy->services[i].ttl.steady_s > max_s)
			max_s = policy->services[i].ttl.steady_s;
	return max_s;
}

bool policy_is_alias(const struct policy_service *service)
{
	return service->endpoint_count > 0 &&
	       service->endpoints[0].cname != NULL;
}

const char *policy_unmonitored(const struct policy *policy,
			       const struct policy_service *service)
{
	if (service->check == POLICY_NONE)
		return "no check";
	if (service->expression != NULL)
		return service->expression->counted == 0
			       ? "its checks in shadow"
			       : NULL;
	return policy->checks[service->check].shadow ? "its check in shadow"
						     : NULL;
}

bool policy_is_list(const struct policy_service *service)
{
	return service->steer == STEER_FAILOVER ||
	       service->steer == STEER_COST || service->steer == STEER_SCHEDULE;
}

const char *steer_name(enum steer steer)
{
	static const char *const words[] = {
		[STEER_LATENCY] = "latency",   [STEER_GEO] = "geo",
		[STEER_WEIGHTED] = "weighted", [STEER_FAILOVER] = "failover",
		[STEER_COST] = "cost",         [STEER_SCHEDULE] = "schedule",
	};

	return words[steer];
}

const char *const policy_rcodes[POLICY_RCODES + 1] = {
	"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", NULL,
};

const char *check_type_name(enum check_type type)
{
	static const char *const words[] = {
		[CHECK_HTTP] = "http",         [CHECK_HTTPS] = "https",
		[CHECK_TCP] = "tcp",           [CHECK_DNS] = "dns",
		[CHECK_EXTERNAL] = "external",
	};

	return words[type];
}
