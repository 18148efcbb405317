/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/refer.h"

#include "policy/language/code.h"
#include "policy/language/scalar.h"
#include "policy/language/terms.h"
#include "policy/language/value.h"

#include <string.h>

int refer_set(struct draft *d, struct tree *node)
{
	struct names names = names_sets(d->policy);
	struct client_term term = { .at = node->at, .set = POLICY_NONE };
	struct client_set *set;

	if (names_find(&names, node->text) != POLICY_NONE ||
	    !terms_builtin(node->text, &term))
		return draft_refer(d, &names, node);
	if (d->policy->set_count == POLICY_SETS_MAX) {
		draft_refuse(d, CODE_TOO_MANY, node,
			     "\"%.63s\" would be one more client set, and %d "
			     "are already there; use fewer",
			     node->text, POLICY_SETS_MAX);
		return POLICY_NONE;
	}
	set = &d->policy->sets[d->policy->set_count];
	set->name = node->text;
	set->at = node->at;
	set->terms = draft_alloc(d, 1, sizeof(*set->terms));
	if (set->terms == NULL)
		return POLICY_NONE;
	set->terms[0] = term;
	set->term_count = 1;
	return (int)d->policy->set_count++;
}

/* Bit per thing named by a text or a list of them. */
static uint64_t read_mask(struct draft *d, const struct schema_row *row,
			  const struct names *names, struct tree *node)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	uint64_t mask = 0;

	for (size_t i = 0; i < count; i++, at = at->next) {
		int index =
			at->refused ? POLICY_NONE : draft_refer(d, names, at);

		if (index != POLICY_NONE)
			mask |= UINT64_C(1) << index;
		if (at->refused)
			node->refused = true;
	}
	return node->refused ? 0 : mask;
}

/* Index of a jurisdiction, which this may be the first to name. */
static int define_jurisdiction(struct draft *d, struct tree *node)
{
	struct policy *policy = d->policy;
	struct names names = names_jurisdictions(policy);
	int index = names_find(&names, node->text);

	if (index != POLICY_NONE)
		return index;
	if (!scalar_name(node->text)) {
		draft_refuse(d, CODE_NAME_WRONG, node,
			     "jurisdiction \"%.63s\" is not a name; use a-z, "
			     "0-9 and - inside, at most %d",
			     node->text, POLICY_NAME_MAX);
		return POLICY_NONE;
	}
	if (policy->jurisdiction_count == POLICY_JURISDICTIONS_MAX) {
		draft_refuse(d, CODE_TOO_MANY, node,
			     "jurisdiction \"%s\" is one too many; at most %d "
			     "are allowed",
			     node->text, POLICY_JURISDICTIONS_MAX);
		return POLICY_NONE;
	}
	policy->jurisdictions[policy->jurisdiction_count] = node->text;
	return (int)policy->jurisdiction_count++;
}

static void read_new_jurisdictions(struct draft *d,
				   const struct schema_row *row,
				   struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count;
	uint64_t mask = 0;

	if (node->kind == TREE_LIST && node->count == 0)
		return;
	count = value_items(d, row, node, &at);
	for (size_t i = 0; i < count; i++, at = at->next) {
		int index =
			at->refused ? POLICY_NONE : define_jurisdiction(d, at);

		if (index != POLICY_NONE)
			mask |= UINT64_C(1) << index;
		if (at->refused)
			node->refused = true;
	}
	memcpy(target, &mask, sizeof(mask));
}

static void read_index(struct draft *d, const struct schema_row *row,
		       const struct names *names, struct tree *node,
		       void *target)
{
	int index;

	if (value_text(d, row, node) == NULL)
		return;
	index = names == NULL ? refer_set(d, node)
			      : draft_refer(d, names, node);
	memcpy(target, &index, sizeof(index));
}

void refer_read(struct draft *d, const struct schema_row *row,
		struct tree *node, void *target)
{
	struct names names = { 0 };
	uint64_t mask;

	switch ((int)row->kind) {
	case SCHEMA_SET:
		read_index(d, row, NULL, node, target);
		return;
	case SCHEMA_SERVICE:
		names = names_services(d->policy);
		break;
	case SCHEMA_REGION:
	case SCHEMA_REGIONS:
		names = names_regions(d->policy);
		break;
	case SCHEMA_WINDOWS:
		names = names_windows(d->policy);
		break;
	case SCHEMA_JURISDICTIONS:
		names = names_jurisdictions(d->policy);
		break;
	case SCHEMA_NEW_JURISDICTIONS:
		read_new_jurisdictions(d, row, node, target);
		return;
	}
	if (row->kind == SCHEMA_REGIONS || row->kind == SCHEMA_JURISDICTIONS ||
	    row->kind == SCHEMA_WINDOWS) {
		mask = read_mask(d, row, &names, node);
		memcpy(target, &mask, sizeof(mask));
		return;
	}
	read_index(d, row, &names, node, target);
}

uint64_t refer_endpoints(struct draft *d, const struct policy_service *service,
			 struct tree *node)
{
	static const struct schema_row row = { .key = "endpoints",
					       .kind = SCHEMA_ENDPOINTS };
	struct names names = names_endpoints(service);
	struct schema_row named = row;

	if (node->key != NULL)
		named.key = node->key->text;
	return read_mask(d, &named, &names, node);
}
