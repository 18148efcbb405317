/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/compound.h"

#include "policy/language/code.h"
#include "policy/language/expression.h"
#include "policy/language/fill.h"
#include "policy/language/probing.h"
#include "policy/language/value.h"

#include <string.h>

static const struct schema_row check_row = { .key = "check",
					     .kind = SCHEMA_HEALTH };

struct reading {
	struct draft *draft;
	struct policy_expression *x; /* with room for all that is allowed */
	bool failed;
};

/* The part that a check is: as before, or one more.  POLICY_NONE: refused. */
static int find_part(struct reading *r, int check, struct tree *node)
{
	struct policy_expression *x = r->x;

	for (size_t i = 0; i < x->check_count; i++)
		if (x->checks[i] == check)
			return (int)i;
	if (x->check_count == EXPRESSION_PARTS_MAX) {
		draft_refuse(r->draft, CODE_EXPRESSION_WRONG, node,
			     "\"%.63s\" would be one more check, and a service "
			     "has at most %d; use fewer",
			     node->text, EXPRESSION_PARTS_MAX);
		return POLICY_NONE;
	}
	x->checks[x->check_count] = check;
	return (int)x->check_count++;
}

/* NULL when there are as many as can be, which is then reported. */
static struct expression_gate *new_gate(struct reading *r, struct tree *node)
{
	if (r->x->gate_count < EXPRESSION_GATES_MAX)
		return &r->x->gates[r->x->gate_count++];
	draft_refuse(r->draft, CODE_EXPRESSION_WRONG, node,
		     "check is too large; use fewer lists");
	return NULL;
}

/* One check.  Adds 1 gate, or 0 when it is in shadow. */
static uint32_t read_part(struct reading *r, struct tree *node)
{
	struct names names = names_checks(r->draft->policy);
	int check = draft_refer(r->draft, &names, node);
	int part =
		check == POLICY_NONE ? POLICY_NONE : find_part(r, check, node);
	struct expression_gate *gate;

	if (part == POLICY_NONE) {
		r->failed = true;
		return 0;
	}
	if (r->draft->policy->checks[check].shadow)
		return 0;
	r->x->counted |= UINT64_C(1) << part;
	gate = new_gate(r, node);
	if (gate == NULL)
		return 0;
	*gate = (struct expression_gate){ .part = part };
	return 1;
}

/* What a gate says: which list, and how many of it. */
struct gate_words {
	struct tree *list;  /* NULL: refused */
	struct tree *count; /* at_least; NULL: not written */
	bool any;
	uint32_t at_least;
};

static void refuse_words(struct reading *r, struct tree *node)
{
	if (!node->refused)
		draft_refuse(r->draft, CODE_EXPRESSION_WRONG, node,
			     "check needs one of all, any, or at_least and of; "
			     "write {all: [web, db]} or "
			     "{at_least: 2, of: [a, b, c]}");
}

static struct gate_words read_words(struct reading *r, struct tree *node)
{
	struct gate_words words = { .at_least = 1 };
	const struct schema *schema = schema_expression;
	unsigned lists = 0;
	bool of = false;

	for (struct tree *at = node->first; at != NULL; at = at->next) {
		const struct schema_row *row =
			schema_find(schema, at->key->text);

		if (row == NULL) {
			fill_refuse_key(r->draft, schema, at, "check");
			node->refused = true;
			continue;
		}
		if (row->kind == SCHEMA_WHOLE) {
			value_read(r->draft, row, at, &words.at_least);
			words.count = at;
			node->refused |= at->refused;
			continue;
		}
		lists++;
		words.list = at;
		words.any = strcmp(row->key, "any") == 0;
		of = strcmp(row->key, "of") == 0;
	}
	if (lists != 1 || of != (words.count != NULL))
		refuse_words(r, node);
	if (node->refused)
		words.list = NULL;
	return words;
}

/* The same check twice in one list counts twice, and nobody means that. */
static void judge_twice(struct reading *r, const struct tree *list)
{
	for (struct tree *at = list->first; at != NULL; at = at->next)
		for (struct tree *before = list->first; before != at;
		     before = before->next)
			if (at->kind == TREE_TEXT &&
			    before->kind == TREE_TEXT && !at->refused &&
			    strcmp(at->text, before->text) == 0)
				draft_refuse(r->draft, CODE_VALUE_TWICE, at,
					     "check \"%.63s\" is twice in one "
					     "list; keep one",
					     at->text);
}

static void judge_words(struct reading *r, const struct gate_words *words)
{
	size_t count = words->list->count;
	const char *key = words->list->key->text;

	judge_twice(r, words->list);
	if (count == 1)
		errors_warn(r->draft->errs, CODE_EXPRESSION_PLAIN,
			    words->list->at,
			    "%s of one is that one; write it alone", key);
	else if (words->count == NULL)
		return;
	if (words->at_least > count)
		draft_refuse(r->draft, CODE_EXPRESSION_WRONG, words->count,
			     "at_least is %u and of has %zu, so it could never "
			     "be up; lower at_least",
			     words->at_least, count);
	else if (count > 1 && words->at_least == count)
		errors_warn(r->draft->errs, CODE_EXPRESSION_PLAIN,
			    words->count->at,
			    "at_least %u of %zu is all of them; write all",
			    words->at_least, count);
	else if (count > 1 && words->at_least == 1)
		errors_warn(r->draft->errs, CODE_EXPRESSION_PLAIN,
			    words->count->at,
			    "at_least 1 is any of them; write any");
}

static bool fits(struct draft *d, struct tree *list)
{
	const struct schema_row *row =
		schema_find(schema_expression, list->key->text);

	return fill_shape(d, row, list) &&
	       value_fits(d, row, list, list->count, "checks");
}

static uint32_t read_item(struct reading *r, struct tree *node, unsigned depth);

/* Adds a gate and what is inside; of one that holds only one, that one. */
static uint32_t read_gate(struct reading *r, struct tree *node, unsigned depth)
{
	struct gate_words words = read_words(r, node);
	size_t own = r->x->gate_count;
	struct expression_gate *gate;
	uint32_t inner = 0;

	if (words.list == NULL || !fits(r->draft, words.list)) {
		r->failed = true;
		return 0;
	}
	judge_words(r, &words);
	gate = new_gate(r, node);
	for (struct tree *at = words.list->first; gate != NULL && at != NULL;
	     at = at->next)
		inner += read_item(r, at, depth);
	if (gate == NULL || inner == 0) {
		r->x->gate_count = own;
		return 0;
	}
	if (inner == 1) {
		memmove(gate, gate + 1,
			(--r->x->gate_count - own) * sizeof(*gate));
		return 1;
	}
	if (words.count != NULL && words.at_least > inner &&
	    words.at_least <= words.list->count)
		errors_warn(r->draft->errs, CODE_EXPRESSION_SHADOW,
			    words.count->at,
			    "at_least is %u, and without checks in shadow %u "
			    "are left; all of these must be up",
			    words.at_least, inner);
	*gate = (struct expression_gate){
		.part = POLICY_NONE,
		.need = words.any                ? 1
			: words.count == NULL    ? inner
			: words.at_least > inner ? inner
						 : words.at_least,
		.inner = inner,
	};
	return 1;
}

static uint32_t read_item(struct reading *r, struct tree *node, unsigned depth)
{
	uint32_t added = 0;

	if (node->kind == TREE_TEXT && !tree_is_empty(node))
		added = read_part(r, node);
	else if (node->kind != TREE_MAP)
		value_refuse(r->draft, &check_row, node);
	else if (depth == EXPRESSION_DEPTH_MAX)
		draft_refuse(r->draft, CODE_EXPRESSION_WRONG, node,
			     "check is %d lists deep already; make it flatter",
			     EXPRESSION_DEPTH_MAX);
	else
		added = read_gate(r, node, depth + 1);
	r->failed |= node->refused;
	return added;
}

/* NULL when it was refused or memory ran out. */
static struct policy_expression *read_expression(struct draft *d,
						 struct tree *node)
{
	struct expression_gate gates[EXPRESSION_GATES_MAX];
	int checks[EXPRESSION_PARTS_MAX];
	struct policy_expression x = { .at = node->at,
				       .gates = gates,
				       .checks = checks };
	struct reading r = { .draft = d, .x = &x };
	struct policy_expression *made;

	read_gate(&r, node, 1);
	if (r.failed || node->refused || x.check_count == 0)
		return NULL;
	made = draft_alloc(d, 1, sizeof(*made));
	if (made == NULL)
		return NULL;
	*made = x;
	made->gates = draft_alloc(d, x.gate_count + 1, sizeof(*gates));
	made->checks = draft_alloc(d, x.check_count, sizeof(*checks));
	if (made->gates == NULL || made->checks == NULL)
		return NULL;
	memcpy(made->gates, gates, x.gate_count * sizeof(*gates));
	memcpy(made->checks, checks, x.check_count * sizeof(*checks));
	return made;
}

void compound_read(struct draft *d, struct policy_service *service,
		   const struct tree *node)
{
	struct names names = names_checks(d->policy);
	struct tree *check = tree_find(node, "check");
	const struct policy_expression *x;

	if (check == NULL || check->kind == TREE_NONE)
		return;
	if (check->kind != TREE_MAP) {
		if (value_text(d, &check_row, check) != NULL)
			service->check = draft_refer(d, &names, check);
		return;
	}
	service->expression = x = read_expression(d, check);
	if (x != NULL)
		service->check =
			x->checks[x->counted == 0
					  ? 0
					  : __builtin_ctzll(x->counted)];
	else
		check->refused = true;
}

/* The checks of the policy, and one service's expression. */
struct judging {
	struct draft *draft;
	const struct policy_service *service;
	const struct policy_expression *x;
};

static const struct policy_check *part_of(const struct judging *j, size_t part)
{
	return &j->draft->policy->checks[j->x->checks[part]];
}

/* Does the whole ever depend on this part?  All cases are looked at. */
static bool matters(const struct policy_expression *x, size_t part)
{
	uint64_t bit = UINT64_C(1) << part;

	for (uint64_t up = 0; up < UINT64_C(1) << x->check_count; up++)
		if ((up & bit) != 0 &&
		    expression_holds(x, up) != expression_holds(x, up & ~bit))
			return true;
	return false;
}

static void judge_parts(const struct judging *j)
{
	for (size_t i = 0; i < j->x->check_count; i++) {
		const char *name = part_of(j, i)->name;

		if ((j->x->counted >> i & 1) == 0)
			errors_warn(j->draft->errs, CODE_EXPRESSION_SHADOW,
				    j->x->at,
				    "check \"%s\" is in shadow, so service "
				    "\"%s\" goes by the others alone",
				    name, j->service->name);
		else if (!matters(j->x, i))
			errors_warn(j->draft->errs, CODE_EXPRESSION_IDLE,
				    j->x->at,
				    "check \"%s\" makes no difference: "
				    "whatever it says, the others decide; "
				    "leave it out",
				    name);
	}
}

/* What fails for one fails for the other: it is no second witness. */
static void judge_pairs(const struct judging *j)
{
	for (size_t i = 0; i < j->x->check_count; i++)
		for (size_t k = 0; k < i; k++)
			if ((j->x->counted >> i & j->x->counted >> k & 1) !=
				    0 &&
			    probing_asks_same(part_of(j, k), part_of(j, i)))
				errors_warn(j->draft->errs,
					    CODE_EXPRESSION_TWIN, j->x->at,
					    "checks \"%s\" and \"%s\" ask the "
					    "same of the same port, so they "
					    "fail together; one of them says "
					    "as much",
					    part_of(j, k)->name,
					    part_of(j, i)->name);
}

static void judge_quorums(const struct judging *j)
{
	uint32_t quorum = policy_terms(j->draft->policy, j->service).quorum;

	for (size_t i = 0; i < j->x->check_count; i++)
		if ((j->x->counted >> i & 1) != 0 &&
		    part_of(j, i)->quorum != quorum) {
			errors_warn(j->draft->errs, CODE_EXPRESSION_QUORUM,
				    j->x->at,
				    "check \"%s\" has quorum %u and another "
				    "one %u; the whole is voted on, and takes "
				    "%u",
				    part_of(j, i)->name, part_of(j, i)->quorum,
				    quorum, quorum);
			return;
		}
}

/* An endpoint's port stands in for that of each check. */
static void judge_ports(const struct judging *j)
{
	const struct policy_service *s = j->service;
	bool differ = false;

	for (size_t i = 1; i < j->x->check_count; i++)
		differ |= part_of(j, i)->port != part_of(j, 0)->port;
	for (size_t i = 0; differ && i < s->endpoint_count; i++)
		if (s->endpoints[i].port != 0) {
			errors_warn(j->draft->errs, CODE_EXPRESSION_PORT,
				    s->endpoints[i].at,
				    "the port of endpoint \"%s\" is probed by "
				    "every check of service \"%s\", and they "
				    "have different ones; remove it",
				    s->endpoints[i].name, s->name);
			return;
		}
}

void compound_judge(struct draft *d)
{
	for (size_t i = 0; i < d->policy->service_count; i++) {
		const struct judging j = {
			.draft = d,
			.service = &d->policy->services[i],
			.x = d->policy->services[i].expression,
		};

		if (j.x == NULL)
			continue;
		if (j.x->counted != 0)
			judge_parts(&j);
		judge_pairs(&j);
		judge_quorums(&j);
		judge_ports(&j);
	}
}
