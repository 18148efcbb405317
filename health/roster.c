/* SPDX-License-Identifier: Apache-2.0 */
#include "health/roster.h"

#include "health/twin.h"
#include "policy/base/arena.h"
#include "policy/language/reach.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_probed(const struct policy_service *service,
		      const struct policy_endpoint *endpoint)
{
	return service->check != POLICY_NONE && reach_addresses(endpoint) > 0;
}

struct extent {
	size_t targets, probes;
};

static void measure(const struct policy *policy, struct extent *found)
{
	for (size_t s = 0; s < policy->service_count; s++) {
		const struct policy_service *service = &policy->services[s];

		for (size_t e = 0; e < service->endpoint_count; e++) {
			if (!is_probed(service, &service->endpoints[e]))
				continue;
			found->targets++;
			found->probes += reach_probes(policy->checks, service,
						      &service->endpoints[e]);
		}
	}
}

typedef bool job_test(const struct roster_job *a, const struct roster_job *b);

static bool same_key(const struct roster_job *a, const struct roster_job *b)
{
	return strcmp(a->key, b->key) == 0;
}

static bool same_probe(const struct roster_job *a, const struct roster_job *b)
{
	return twin_is(&a->spec, &b->spec);
}

/* The slot of a job like this one, or the empty one where it belongs. */
static size_t find_slot(const struct roster *roster,
			const struct roster_job *job, job_test *is_like)
{
	size_t at = twin_hash(&job->spec) & roster->index_mask;

	while (roster->index[at] != 0 &&
	       !is_like(&roster->jobs[roster->index[at] - 1], job))
		at = (at + 1) & roster->index_mask;
	return at;
}

static const char *undotted(struct roster *roster, const char *name)
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	return arena_text(roster->arena, name, len);
}

/* The name that Host and SNI carry, or that is asked for: without the final
 * dot, RFC 6066, 3. */
static const char *host_of(struct roster *roster,
			   const struct policy_service *service,
			   const struct policy_check *check)
{
	const char *host =
		check->type == CHECK_DNS ? check->query_name : check->host;

	if (check->type == CHECK_TCP)
		return "";
	return undotted(roster, host != NULL ? host : service->fqdn);
}

static const char *key_of(struct roster *roster, const struct probe_spec *spec)
{
	char addr[NET_TEXT_SIZE];
	const char *at = spec->name != NULL ? spec->name
					    : net_addr_text(&spec->addr, addr);
	size_t size = strlen(spec->check->name) + strlen(at) +
		      strlen(spec->host) +
		      (spec->users == NULL ? 0 : strlen(spec->users)) +
		      sizeof("  65535  users=");
	char *key = arena_alloc(roster->arena, size, 1);

	if (key != NULL)
		snprintf(key, size, "%s %s %u%s%s%s%s", spec->check->name, at,
			 spec->port, spec->host[0] == '\0' ? "" : " ",
			 spec->host, spec->users == NULL ? "" : " users=",
			 spec->users == NULL ? "" : spec->users);
	return key;
}

/* What is being listed. */
struct listing {
	struct roster *roster;
	const struct policy *policy; /* whose turn it is */
	bool ahead;                  /* it is the next one */
	size_t *parts;               /* room for those of targets to come */
};

/* The job that probes target's nth address by check, new or a twin's.  SIZE_MAX
 * when memory runs out. */
static size_t find_job(const struct listing *l,
		       const struct roster_target *target,
		       const struct policy_check *check, size_t nth)
{
	const struct policy_endpoint *endpoint = target->endpoint;
	const struct net_addr *addr = reach_addr(endpoint, nth);
	struct roster *roster = l->roster;
	struct roster_job job = {
		.spec = {
			.port = endpoint->port != 0 ? endpoint->port
						    : check->port,
			.host = host_of(roster, target->service, check),
			.check = check,
		},
		.ahead = l->ahead,
	};
	size_t slot;

	if (addr != NULL)
		job.spec.addr = *addr;
	if (check->passive.weight > 0 && nth == 0)
		job.spec.users = target->service->name;
	if (endpoint->cname != NULL)
		job.spec.name = undotted(roster, endpoint->cname);
	if (job.spec.host == NULL ||
	    (endpoint->cname != NULL && job.spec.name == NULL))
		return SIZE_MAX;
	slot = find_slot(roster, &job, same_probe);
	if (roster->index[slot] == 0) {
		job.key = key_of(roster, &job.spec);
		if (job.key == NULL)
			return SIZE_MAX;
		roster->jobs[roster->job_count] = job;
		roster->index[slot] = (uint32_t)++roster->job_count;
	}
	if (!l->ahead)
		roster->jobs[roster->index[slot] - 1].ahead = false;
	if (check->interval_ms + check->timeout_ms > roster->longest_ms)
		roster->longest_ms = check->interval_ms + check->timeout_ms;
	return roster->index[slot] - 1;
}

/* Its jobs of the nth check go to the room that there is. */
static bool add_check(struct listing *l, struct roster_target *target,
		      size_t nth)
{
	const struct policy_check *check =
		reach_check(target->checks, target->service, nth);
	size_t count = reach_count(check, target->endpoint);

	for (size_t i = 0; i < count; i++) {
		size_t job = find_job(l, target, check, i);

		if (job == SIZE_MAX)
			return false;
		if (i == 0 && check == &target->checks[target->service->check])
			target->job = job;
		l->parts[target->part_count++] = job;
	}
	return true;
}

/* known: it is a target already, and only its jobs are wanted. */
static bool add_target(struct listing *l, struct roster_target target,
		       bool known)
{
	for (size_t i = 0; i < reach_checks(target.service); i++)
		if (!add_check(l, &target, i))
			return false;
	if (target.service->expression != NULL || target.part_count > 1) {
		target.parts = l->parts;
		l->parts += target.part_count;
	}
	if (!known)
		l->roster->targets[l->roster->target_count++] = target;
	return true;
}

/* before: the same service of the other policy, which was listed; or NULL. */
static bool add_service(struct listing *l, const struct policy_service *service,
			const struct policy_service *before)
{
	for (size_t e = 0; e < service->endpoint_count; e++) {
		const struct roster_target target = {
			.service = service,
			.endpoint = &service->endpoints[e],
			.checks = l->policy->checks,
		};
		bool known =
			before != NULL &&
			policy_find_endpoint(before, target.endpoint->name) !=
				POLICY_NONE;

		if (is_probed(service, target.endpoint) &&
		    !add_target(l, target, known))
			return false;
	}
	return true;
}

static const struct policy_service *find_service(const struct policy *policy,
						 const char *name)
{
	int at = policy == NULL ? POLICY_NONE
				: policy_find_service(policy, name);

	return at == POLICY_NONE ? NULL : &policy->services[at];
}

static bool fill(struct roster *roster, const struct policy *policy,
		 const struct policy *next, size_t *parts)
{
	struct listing l = { .roster = roster, .parts = parts };

	for (size_t s = 0; s < policy->service_count; s++) {
		const struct policy_service *service = &policy->services[s];
		const struct policy_service *later =
			find_service(next, service->name);

		l.policy = policy;
		l.ahead = false;
		if (!add_service(&l, service, NULL))
			return false;
		l.policy = next;
		l.ahead = true;
		if (later != NULL && !add_service(&l, later, service))
			return false;
	}
	for (size_t s = 0; next != NULL && s < next->service_count; s++) {
		const struct policy_service *service = &next->services[s];

		if (find_service(policy, service->name) == NULL &&
		    !add_service(&l, service, NULL))
			return false;
	}
	return true;
}

static bool reserve(struct roster *roster, const struct extent *extent)
{
	size_t slots = 16;

	while (slots < 2 * extent->probes)
		slots *= 2;
	roster->index_mask = slots - 1;
	roster->index =
		arena_alloc(roster->arena, slots, sizeof(*roster->index));
	roster->jobs = arena_alloc(roster->arena, extent->probes,
				   sizeof(*roster->jobs));
	roster->targets = arena_alloc(roster->arena, extent->targets,
				      sizeof(*roster->targets));
	return roster->index != NULL && roster->jobs != NULL &&
	       roster->targets != NULL;
}

struct roster *roster_of_both(const struct policy *policy,
			      const struct policy *next)
{
	struct extent extent = { 0 };
	struct arena *arena = arena_new();
	struct roster *roster;
	size_t *parts;

	if (arena == NULL)
		return NULL;
	measure(policy, &extent);
	if (next != NULL)
		measure(next, &extent);
	roster = arena_alloc(arena, 1, sizeof(*roster));
	parts = arena_alloc(arena, extent.probes, sizeof(*parts));
	if (roster != NULL)
		roster->arena = arena;
	if (roster == NULL || parts == NULL || !reserve(roster, &extent) ||
	    !fill(roster, policy, next, parts)) {
		arena_free(arena);
		return NULL;
	}
	return roster;
}

struct roster *roster_new(const struct policy *policy)
{
	return roster_of_both(policy, NULL);
}

void roster_free(struct roster *roster)
{
	if (roster != NULL)
		arena_free(roster->arena);
}

const size_t *roster_jobs(const struct roster_target *target, size_t *count)
{
	*count = target->parts == NULL ? 1 : target->part_count;
	return target->parts == NULL ? &target->job : target->parts;
}

struct roster_part roster_part(const struct roster_target *target, size_t nth)
{
	size_t check = 0, count;

	for (;;) {
		count = reach_count(reach_check(target->checks, target->service,
						check),
				    target->endpoint);
		if (nth < count)
			break;
		nth -= count;
		check++;
	}
	return (struct roster_part){
		.check = check,
		.addr = count > 1 ? reach_addr(target->endpoint, nth) : NULL,
	};
}

static bool probes(const struct roster_target *t, size_t job)
{
	size_t count;
	const size_t *jobs = roster_jobs(t, &count);

	for (size_t i = 0; i < count; i++)
		if (jobs[i] == job)
			return true;
	return false;
}

bool roster_share(const struct roster_target *a, const struct roster_target *b)
{
	size_t count;
	const size_t *jobs = roster_jobs(a, &count);

	for (size_t i = 0; i < count; i++)
		if (probes(b, jobs[i]))
			return true;
	return false;
}

size_t roster_find_target(const struct roster *earlier,
			  const struct roster_target *target, size_t *hint)
{
	size_t count = earlier->target_count;

	for (size_t i = 0; i < count; i++) {
		size_t at = (*hint + i) % count;
		const struct roster_target *t = &earlier->targets[at];

		if (strcmp(t->endpoint->name, target->endpoint->name) != 0 ||
		    strcmp(t->service->name, target->service->name) != 0)
			continue;
		*hint = at + 1;
		return at;
	}
	return SIZE_MAX;
}

size_t roster_find(const struct roster *earlier, const struct roster_job *job)
{
	size_t slot = find_slot(earlier, job, same_key);

	if (earlier->index[slot] == 0)
		slot = find_slot(earlier, job, same_probe);
	return earlier->index[slot] == 0 ? SIZE_MAX : earlier->index[slot] - 1;
}
