/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/kinds.h"

#include "policy/language/code.h"

#include <string.h>

/* RFC 1034, 3.6.2: a CNAME stands alone. */
static bool refuse_both(struct draft *d, const struct policy_endpoint *endpoint,
			struct tree *node)
{
	const struct tree *cname = tree_find(node, "CNAME");

	if (cname == NULL ||
	    (tree_find(node, "A") == NULL && tree_find(node, "AAAA") == NULL))
		return false;
	node->refused = true;
	errors_add(d->errs, CODE_ENDPOINT_MIXED, cname->key->at,
		   "endpoint \"%.63s\" has a CNAME beside addresses; remove "
		   "one of them",
		   endpoint->name);
	return true;
}

/* It would be answered with itself. */
static void judge_target(struct draft *d, const struct policy_service *s,
			 const struct policy_endpoint *e, struct place at)
{
	if (e->cname != NULL && strcmp(e->cname, s->fqdn) == 0)
		errors_add(d->errs, CODE_ALIAS_RULES, at,
			   "CNAME is the service's own name; write another");
}

void kinds_judge_endpoint(struct draft *d,
			  const struct policy_endpoint *endpoint,
			  struct tree *node)
{
	if (refuse_both(d, endpoint, node))
		return;
	if (!node->refused && tree_find(node, "A") == NULL &&
	    tree_find(node, "AAAA") == NULL && tree_find(node, "CNAME") == NULL)
		errors_add(d->errs, CODE_ENDPOINT_ADDRESS, node->key->at,
			   "endpoint \"%.63s\" has no address; write A, AAAA "
			   "or both",
			   endpoint->name);
}

static bool has_addresses(const struct policy_endpoint *e)
{
	return e->a_count > 0 || e->aaaa_count > 0;
}

/* The first endpoint with a name, and the first with addresses; or NULL. */
struct sorts {
	const struct policy_endpoint *named, *addressed;
};

static struct sorts sorts_of(const struct policy_service *s)
{
	struct sorts sorts = { NULL, NULL };

	for (size_t i = s->endpoint_count; i-- > 0;)
		if (s->endpoints[i].cname != NULL)
			sorts.named = &s->endpoints[i];
		else if (has_addresses(&s->endpoints[i]))
			sorts.addressed = &s->endpoints[i];
	return sorts;
}

static bool is_zone(const struct policy *p, const char *fqdn)
{
	for (size_t i = 0; i < p->zone_count; i++)
		if (p->zones[i].name != NULL &&
		    strcmp(p->zones[i].name, fqdn) == 0)
			return true;
	return false;
}

/* What cannot be beside CNAMEs. */
static void judge_named(struct draft *d, const struct policy_service *s,
			struct tree *node, struct place at)
{
	struct tree *answers;

	if (is_zone(d->policy, s->fqdn))
		errors_add(d->errs, CODE_ALIAS_RULES, at,
			   "the zone's own name cannot be a CNAME (RFC 1034, "
			   "3.6.2); write A, AAAA or both");
	if (draft_usable(node, "answers", &answers) && s->answers > 1)
		errors_add(d->errs, CODE_ALIAS_RULES, answers->at,
			   "answers is %u, and a name has one CNAME at a time; "
			   "remove it",
			   s->answers);
	if (s->https.at.line != 0)
		errors_add(d->errs, CODE_ALIAS_RULES, s->https.at,
			   "https is beside CNAME endpoints; a CNAME stands "
			   "alone: remove it");
	if (s->svcb.at.line != 0)
		errors_add(d->errs, CODE_ALIAS_RULES, s->svcb.at,
			   "svcb is beside CNAME endpoints; a CNAME stands "
			   "alone: remove it");
}

/* The first endpoint that lacks a family which another has. */
static void warn_of_families(struct draft *d, const struct policy_service *s)
{
	bool v4 = false, v6 = false;

	for (size_t i = 0; i < s->endpoint_count; i++) {
		v4 |= s->endpoints[i].a_count > 0;
		v6 |= s->endpoints[i].aaaa_count > 0;
	}
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct policy_endpoint *e = &s->endpoints[i];
		bool lacks_v4 = v4 && e->a_count == 0;

		if (!has_addresses(e) ||
		    (!lacks_v4 && (!v6 || e->aaaa_count > 0)))
			continue;
		errors_warn(d->errs, CODE_ENDPOINT_FAMILY, e->at,
			    "endpoint \"%.63s\" has no %s address, and others "
			    "have; its clients get another's or none: write "
			    "one",
			    e->name, lacks_v4 ? "A" : "AAAA");
		return;
	}
}

void kinds_judge_service(struct draft *d, const struct policy_service *service,
			 struct tree *node)
{
	const struct policy_service *s = service;
	struct sorts sorts = sorts_of(s);
	const struct tree *map = tree_find(node, "endpoints");

	if (sorts.named == NULL) {
		warn_of_families(d, s);
		return;
	}
	if (sorts.addressed != NULL) {
		const struct policy_endpoint *later =
			sorts.named > sorts.addressed ? sorts.named
						      : sorts.addressed;

		errors_add(d->errs, CODE_ENDPOINT_MIXED, later->at,
			   "endpoint \"%.40s\" has a CNAME and \"%.40s\" has "
			   "addresses; all of a service are alike",
			   sorts.named->name, sorts.addressed->name);
		return;
	}
	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct tree *at = tree_find(map, s->endpoints[i].name);

		judge_target(d, s, &s->endpoints[i], draft_place(at, "CNAME"));
	}
	judge_named(d, s, node, sorts.named->at);
}

/* Has what it shadows something that it has not? */
static const char *lacking(const struct policy_endpoint *endpoint,
			   const struct policy_endpoint *stable)
{
	return stable->cname != NULL && endpoint->cname == NULL ? "CNAME"
	       : stable->a_count > 0 && endpoint->a_count == 0  ? "A address"
	       : stable->aaaa_count > 0 && endpoint->aaaa_count == 0
		       ? "AAAA address"
		       : NULL;
}

void kinds_judge_shadow(struct draft *d, const struct policy_endpoint *endpoint,
			const struct policy_service *service, struct tree *node)
{
	const struct policy_endpoint *stable =
		&service->endpoints[endpoint->shadows];
	const char *without = lacking(endpoint, stable);
	struct tree *a, *aaaa, *cname;

	if (refuse_both(d, endpoint, node) || !draft_usable(node, "A", &a) ||
	    !draft_usable(node, "AAAA", &aaaa) ||
	    !draft_usable(node, "CNAME", &cname))
		return;
	if (without != NULL)
		errors_add(d->errs, CODE_ENDPOINT_ADDRESS, node->key->at,
			   "canary endpoint \"%s\" has no %s, which the "
			   "endpoint that it shadows has; write one",
			   endpoint->name, without);
	else if (endpoint->cname != NULL && has_addresses(stable))
		errors_add(d->errs, CODE_ENDPOINT_MIXED, cname->key->at,
			   "canary endpoint \"%s\" has a CNAME, and the "
			   "endpoint that it shadows addresses; write such",
			   endpoint->name);
	judge_target(d, service, endpoint, draft_place(node, "CNAME"));
}
