/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/expression.h"

#include "policy/language/policy.h"

#include <stdio.h>

/* Passes over a gate and all that is inside it. */
static bool gate_holds(const struct expression_gate **at, uint64_t up)
{
	const struct expression_gate *gate = (*at)++;
	uint32_t found = 0;

	if (gate->part != POLICY_NONE)
		return up >> gate->part & 1;
	for (uint32_t i = 0; i < gate->inner; i++)
		found += gate_holds(at, up);
	return found >= gate->need;
}

bool expression_holds(const struct policy_expression *x, uint64_t up)
{
	const struct expression_gate *at = x->gates;

	return x->gate_count == 0 || gate_holds(&at, up);
}

/* What is built in: cut when full, never overrun. */
struct writing {
	const struct policy *policy;
	const struct policy_expression *x;
	char *buf;
	size_t size, used;
};

static void put(struct writing *w, const char *text)
{
	int len = snprintf(w->buf + w->used, w->size - w->used, "%s", text);

	if (len > 0)
		w->used += (size_t)len;
	if (w->used >= w->size)
		w->used = w->size - 1;
}

static void put_check(struct writing *w, int number)
{
	static const char *const reaches[] = {
		[CHECK_ADDRESSES_FIRST] = "",
		[CHECK_ADDRESSES_ALL] = " (every address)",
		[CHECK_ADDRESSES_ANY] = " (any address)",
	};
	const struct policy_check *check = &w->policy->checks[number];

	put(w, check->name);
	put(w, reaches[check->addresses]);
}

static void put_gate(struct writing *w, const struct expression_gate **at,
		     bool inside)
{
	const struct expression_gate *gate = (*at)++;
	char word[40];

	if (gate->part != POLICY_NONE) {
		put_check(w, w->x->checks[gate->part]);
		return;
	}
	snprintf(word, sizeof(word), "at least %u of ", gate->need);
	put(w, inside ? "(" : "");
	put(w, gate->need == gate->inner ? "all of "
	       : gate->need == 1         ? "any of "
					 : word);
	for (uint32_t i = 0; i < gate->inner; i++) {
		put(w, i == 0 ? "" : ", ");
		put_gate(w, at, true);
	}
	put(w, inside ? ")" : "");
}

const char *expression_text(const struct policy *policy,
			    const struct policy_service *service, char *buf,
			    size_t size)
{
	const struct policy_expression *x = service->expression;
	struct writing w = { policy, x, buf, size, 0 };
	const struct expression_gate *at;

	buf[0] = '\0';
	if (x != NULL && x->gate_count > 0) {
		at = x->gates;
		put_gate(&w, &at, false);
	} else if (x == NULL && service->check != POLICY_NONE &&
		   policy->checks[service->check].addresses !=
			   CHECK_ADDRESSES_FIRST) {
		put_check(&w, service->check);
	}
	return buf;
}

static void take(struct policy_terms *terms, const struct policy_check *check)
{
	if (check->quorum > terms->quorum)
		terms->quorum = check->quorum;
	if (check->interval_ms > terms->interval_ms)
		terms->interval_ms = check->interval_ms;
	if (check->breaker.max_open_for_ms > terms->rest_ms)
		terms->rest_ms = check->breaker.max_open_for_ms;
	terms->counted |= !check->shadow;
}

struct policy_terms policy_terms(const struct policy *policy,
				 const struct policy_service *service)
{
	const struct policy_expression *x = service->expression;
	struct policy_terms terms = { 0 };

	if (service->check == POLICY_NONE)
		return terms;
	if (x == NULL || x->counted == 0) {
		take(&terms, &policy->checks[service->check]);
		return terms;
	}
	for (size_t i = 0; i < x->check_count; i++)
		if (x->counted >> i & 1)
			take(&terms, &policy->checks[x->checks[i]]);
	return terms;
}
