/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/doubt.h"

#include "policy/bus/plan.h"

#include <stdbool.h>
#include <string.h>

void doubts_drop(struct doubts *doubts, size_t index)
{
	audit_fini(&doubts->list[index].audit);
	doubts->count--;
	memmove(&doubts->list[index], &doubts->list[index + 1],
		(doubts->count - index) * sizeof(doubts->list[0]));
}

void doubts_fini(struct doubts *doubts)
{
	while (doubts->count > 0)
		doubts_drop(doubts, doubts->count - 1);
}

void doubts_add(struct doubts *doubts, const struct plan *plan,
		struct audit *audit)
{
	if (doubts->count == DOUBTS_MAX)
		doubts_drop(doubts, 0);
	doubts->list[doubts->count++] = (struct doubt){
		.epoch = plan->epoch,
		.sequence = plan->sequence,
		.audit = *audit,
	};
	*audit = (struct audit){ .list = NULL };
}

/* -1, 0, 1: (epoch, sequence) is before d, is d's, is after it. */
static int compare(uint64_t epoch, uint64_t sequence, const struct doubt *d)
{
	if (epoch != d->epoch)
		return epoch < d->epoch ? -1 : 1;
	return (sequence > d->sequence) - (sequence < d->sequence);
}

/* A command that the doubted plan took on is in force in this one.  Of one that
 * was held it says nothing: it may have been approved again elsewhere. */
static bool shares_command(const struct doubt *d, const struct plan *plan)
{
	for (size_t i = 0; i < d->audit.count; i++)
		if (strcmp(d->audit.list[i].kind, "command") == 0 &&
		    !d->audit.list[i].repeatable &&
		    plan_has_command(plan, d->audit.list[i].id))
			return true;
	return false;
}

enum doubt_end doubt_judge(const struct doubt *d, const struct plan *stored)
{
	int after = compare(stored->epoch, stored->sequence, d);
	int base = compare(stored->base_epoch, stored->base_sequence, d);

	if (after < 0)
		return DOUBT_OPEN;
	if (after == 0 || base == 0)
		return DOUBT_IN_FORCE;
	if (base < 0 && stored->base_epoch != 0)
		return DOUBT_NOT;
	return shares_command(d, stored) ? DOUBT_IN_FORCE : DOUBT_LOST;
}
