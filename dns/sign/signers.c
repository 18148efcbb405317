/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/sign/signers.h"

#include "policy/base/error.h"
#include "policy/keys/keyring.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <stdlib.h>
#include <string.h>

struct held {
	char *zone;
	struct signer *signer;
	bool used;           /* in the build under way, and... */
	enum policy_cds cds; /* ...what that asks the parent for */
	bool served;         /* since the build that ended last, and... */
	bool leaving;        /* ...it asked the parent to remove every DS */
};

struct signers {
	struct held *held;
	size_t count;
	struct signer **list; /* by zone of the policy; borrows from held */
};

static void out_of_memory(struct errors *errs)
{
	errors_add(errs, CODE_MEMORY, (struct place){ 0 },
		   "out of memory for signers");
}

struct signers *signers_new(void)
{
	return calloc(1, sizeof(struct signers));
}

uint64_t signers_stamp(const struct policy *policy)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < policy->zone_count; i++)
		if (policy->zones[i].dnssec.keys != NULL)
			sum += keyring_stamp(policy->zones[i].dnssec.keys);
	return sum;
}

static void held_fini(struct held *held)
{
	signer_free(held->signer);
	free(held->zone);
}

void signers_free(struct signers *signers)
{
	if (signers == NULL)
		return;
	for (size_t i = 0; i < signers->count; i++)
		held_fini(&signers->held[i]);
	free(signers->held);
	free(signers->list);
	free(signers);
}

static struct held *find(const struct signers *signers, const char *zone)
{
	for (size_t i = 0; i < signers->count; i++)
		if (strcmp(signers->held[i].zone, zone) == 0)
			return &signers->held[i];
	return NULL;
}

/* The one of zone, made if it is not there; NULL: out of memory. */
static struct held *hold(struct signers *signers, const char *zone)
{
	struct held *held = find(signers, zone), *more;

	if (held != NULL)
		return held;
	more = realloc(signers->held, (signers->count + 1) * sizeof(*more));
	if (more == NULL)
		return NULL;
	signers->held = more;
	held = &more[signers->count];
	*held = (struct held){ .zone = strdup(zone), .signer = signer_new() };
	if (held->zone != NULL && held->signer != NULL) {
		signers->count++;
		return held;
	}
	held_fini(held);
	return NULL;
}

/* Zones and their names are taken again: the policy may be another one. */
static bool start(struct signers *signers, const struct policy *policy,
		  struct errors *errs)
{
	struct signer **list = calloc(policy->zone_count + 1, sizeof(*list));

	if (list == NULL) {
		out_of_memory(errs);
		return false;
	}
	free(signers->list);
	signers->list = list;
	for (size_t i = 0; i < signers->count; i++)
		signers->held[i].used = false;
	return true;
}

typedef bool begin_zone(struct signer *signer, const struct policy_zone *zone,
			int64_t now_s, struct errors *errs);

/* Every zone is tried, so that all mistakes are told at once. */
static bool begin_all(struct signers *signers, const struct policy *policy,
		      int64_t now_s, begin_zone *begin, struct errors *errs)
{
	bool ok = start(signers, policy, errs);

	for (size_t i = 0; ok && i < policy->zone_count; i++) {
		const struct policy_zone *zone = &policy->zones[i];

		if (zone->dnssec.keys != NULL &&
		    hold(signers, zone->name) == NULL) {
			out_of_memory(errs);
			ok = false;
		}
	}
	for (size_t i = 0, all = ok; all && i < policy->zone_count; i++) {
		const struct policy_zone *zone = &policy->zones[i];
		struct held *held;

		if (zone->dnssec.keys == NULL)
			continue;
		held = find(signers, zone->name);
		ok = begin(held->signer, zone, now_s, errs) && ok;
		held->used = true;
		held->cds = zone->dnssec.cds;
		signers->list[i] = held->signer;
	}
	return ok;
}

static bool begin_or_resume(struct signer *signer,
			    const struct policy_zone *zone, int64_t now_s,
			    struct errors *errs)
{
	return signer_begin(signer, zone, now_s, errs) ||
	       signer_resume(signer, zone, now_s);
}

/* A zone that becomes unsigned while its parent has a DS does not resolve. */
static bool may_be_unsigned(const struct signers *signers,
			    const struct policy_zone *zone, struct errors *errs)
{
	const struct held *held = find(signers, zone->name);

	if (zone->dnssec.keys != NULL || held == NULL || !held->served ||
	    held->leaving)
		return true;
	errors_add(errs, CODE_RESPONDER_REFUSED, zone->at,
		   "%s is signed, and has no dnssec here: while its parent has "
		   "a DS it would not resolve; load it with dnssec.cds: delete "
		   "first, and wait until the DS is gone",
		   zone->name);
	return false;
}

bool signers_begin(struct signers *signers, const struct policy *policy,
		   int64_t now_s, struct errors *errs)
{
	bool ok = begin_all(signers, policy, now_s, signer_begin, errs);

	for (size_t i = 0; i < policy->zone_count; i++)
		ok = may_be_unsigned(signers, &policy->zones[i], errs) && ok;
	return ok;
}

bool signers_renew(struct signers *signers, const struct policy *policy,
		   int64_t now_s, struct errors *errs)
{
	return begin_all(signers, policy, now_s, begin_or_resume, errs);
}

struct signer *const *signers_list(const struct signers *signers)
{
	return signers->list;
}

int64_t signers_end(struct signers *signers)
{
	int64_t next_s = INT64_MAX;
	size_t kept = 0;

	for (size_t i = 0; i < signers->count; i++) {
		struct held *held = &signers->held[i];
		int64_t due_s;

		if (!held->used) {
			held_fini(held);
			continue;
		}
		held->served = true;
		held->leaving = held->cds == CDS_DELETE;
		due_s = signer_end(held->signer);
		if (due_s < next_s)
			next_s = due_s;
		signers->held[kept++] = *held;
	}
	signers->count = kept;
	return next_s;
}

void signers_abandon(struct signers *signers)
{
	for (size_t i = 0; i < signers->count; i++)
		if (signers->held[i].used)
			signer_abandon(signers->held[i].signer);
}

struct signed_zones *signers_show(const struct signers *signers)
{
	struct signed_zones *zones = calloc(1, sizeof(*zones));

	if (zones == NULL)
		return NULL;
	zones->list = calloc(signers->count + 1, sizeof(zones->list[0]));
	for (size_t i = 0; zones->list != NULL && i < signers->count; i++) {
		const struct signer *signer = signers->held[i].signer;
		struct signed_zone *zone = &zones->list[i];

		zone->keys = keyring_public(signer_keys(signer));
		if (zone->keys == NULL)
			break;
		zone->span = signer_span(signer);
		zones->made += signer_made(signer);
		zones->count++;
	}
	if (zones->list != NULL && zones->count == signers->count)
		return zones;
	signed_zones_free(zones);
	return NULL;
}

void signed_zones_free(struct signed_zones *zones)
{
	if (zones == NULL)
		return;
	for (size_t i = 0; zones->list != NULL && i < zones->count; i++)
		keyring_free(zones->list[i].keys);
	free(zones->list);
	free(zones);
}
