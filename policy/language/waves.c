/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/waves.h"

#include "policy/language/code.h"
#include "policy/language/fill.h"

#include <string.h>

/* One, then half; the last wave is always all. */
static const uint32_t usual_pct[] = { 1, 50 };

static void judge_wave(struct draft *d, const struct tree *node)
{
	const struct tree *nodes = tree_find(node, "nodes");
	const struct tree *percent = tree_find(node, "percent");

	if (nodes != NULL && percent != NULL)
		errors_add(d->errs, CODE_KEYS_BOTH, percent->key->at,
			   "a wave has nodes and percent; keep one");
	else if (nodes == NULL && percent == NULL)
		errors_add(d->errs, CODE_KEY_MISSING, node->at,
			   "a wave must have nodes or percent");
}

/* Each takes in those before it. */
static void judge_order(struct draft *d, const struct policy_rollout *r,
			struct tree *node)
{
	uint32_t before = 0;

	for (size_t i = 0; i < r->wave_count && node != NULL;
	     i++, node = node->next) {
		uint32_t pct = r->waves[i].percent;

		if (pct != 0 && pct <= before)
			errors_add(d->errs, CODE_TIMES_ORDER, node->at,
				   "this wave has %u%% of the responders, an "
				   "earlier one %u%%; let them grow",
				   pct, before);
		before = pct != 0 ? pct : before;
	}
}

static void read_written(struct draft *d, struct policy_rollout *r,
			 struct tree *list)
{
	r->waves = draft_alloc(d, list->count + 1, sizeof(*r->waves));
	if (r->waves == NULL)
		return;
	for (struct tree *node = list->first; node != NULL; node = node->next) {
		fill_map(d, &schema_wave, node, "rollout.waves",
			 &r->waves[r->wave_count++]);
		if (!node->refused)
			judge_wave(d, node);
	}
	judge_order(d, r, list->first);
}

static void read_usual(struct draft *d, struct policy_rollout *r)
{
	enum { USUAL = sizeof(usual_pct) / sizeof(usual_pct[0]) };

	r->waves = draft_alloc(d, USUAL, sizeof(*r->waves));
	for (size_t i = 0; r->waves != NULL && i < USUAL; i++)
		r->waves[r->wave_count++].percent = usual_pct[i];
}

void waves_read(struct draft *d)
{
	struct tree *section = d->sections[SECTION_ROLLOUT], *list = NULL;

	if (section != NULL && !draft_usable(section, "waves", &list))
		return;
	if (list == NULL)
		read_usual(d, &d->policy->rollout);
	else
		read_written(d, &d->policy->rollout, list);
}
