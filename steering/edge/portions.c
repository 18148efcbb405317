/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/portions.h"

#include <stdio.h>
#include <string.h>

bool portions_add(struct portions *d, const char *name, uint32_t weight)
{
	struct portion *part = &d->parts[d->count];

	if (d->count == PORTIONS_MAX || strlen(name) >= sizeof(part->name))
		return false;
	*part = (struct portion){ .weight = weight, .shadows = -1 };
	strcpy(part->name, name);
	d->count++;
	return true;
}

/* The stable endpoint that this one is a canary of; -1: none that is here. */
static int shadowed(const struct portions *d, const char *name)
{
	const char *slash = strchr(name, '/');

	for (size_t i = 0; slash != NULL && i < d->count; i++)
		if (strcmp(d->parts[i].name, slash + 1) == 0)
			return (int)i;
	return -1;
}

static double whole_of(const struct portion *part)
{
	if (strchr(part->name, '/') != NULL)
		return 0; /* a canary's: it takes of another's */
	if (part->word.weight >= 0)
		return (double)part->word.weight * part->word.share;
	return part->weight * part->word.share;
}

/* A canary's part goes from what is left of the one that it shadows. */
static void take_part(struct portions *d, struct portion *canary)
{
	struct portion *stable = &d->parts[canary->shadows];
	double part = stable->whole * canary->word.share;

	canary->part = part < stable->part ? part : stable->part;
	stable->part -= canary->part;
}

void portions_make(struct portions *d, const struct orders *orders,
		   const char *service)
{
	d->whole = 0;
	for (size_t i = 0; i < d->count; i++) {
		struct portion *part = &d->parts[i];

		part->word = orders_on(orders, service, part->name);
		part->shadows = shadowed(d, part->name);
		part->part = part->whole = whole_of(part);
		d->whole += part->whole;
	}
	for (size_t i = 0; i < d->count; i++)
		if (d->parts[i].shadows >= 0)
			take_part(d, &d->parts[i]);
}

const char *portions_missing(const struct portions *p,
			     const struct orders *orders, const char *service)
{
	const struct plan *plan = orders->plan;

	for (size_t i = 0; i < plan->share_count; i++) {
		const struct plan_share *share = &plan->shares[i];
		bool here = strcmp(share->service, service) != 0 ||
			    share->cause == PLAN_CANARY;

		for (size_t j = 0; j < p->count && !here; j++)
			here = p->parts[j].word.row == share;
		if (!here)
			return share->endpoint;
	}
	return NULL;
}

bool portions_serves(const struct portions *d)
{
	return d->whole > 0;
}

bool portions_is_of(const char *name, const char *canary)
{
	size_t len = strlen(canary);

	return strncmp(name, canary, len) == 0 && name[len] == '/';
}

/* What the canary takes of one stable endpoint, in [0, 1]. */
static double taken_of(const struct portions *d, size_t stable,
		       const char *canary)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct portion *part = &d->parts[i];

		if (part->shadows == (int)stable &&
		    portions_is_of(part->name, canary))
			return part->word.share;
	}
	return 0;
}

double portions_cohort(const struct portions *d, const char *canary)
{
	double least = 1, most = 0, sum = 0;

	if (d->whole <= 0)
		return 0;
	for (size_t i = 0; i < d->count; i++) {
		double taken = taken_of(d, i, canary);

		if (d->parts[i].whole <= 0)
			continue;
		least = taken < least ? taken : least;
		most = taken > most ? taken : most;
		sum += taken * d->parts[i].whole;
	}
	return most > least ? sum / d->whole : least;
}
