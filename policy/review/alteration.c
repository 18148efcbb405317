/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/alteration.h"

#include "policy/language/master.h"
#include "policy/language/reach.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

struct comparing {
	const struct policy *before, *after;
	struct alterations *out;
};

static void say(struct alterations *out, char sign, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct alterations *out, char sign, const char *fmt, ...)
{
	size_t cap = out->cap == 0 ? 32 : 2 * out->cap;
	struct alteration *list = out->list;
	va_list ap;

	if (out->count == out->cap) {
		list = realloc(list, cap * sizeof(*list));
		out->lost |= list == NULL;
		if (list == NULL)
			return;
		out->list = list;
		out->cap = cap;
	}
	list[out->count].sign = sign;
	va_start(ap, fmt);
	vsnprintf(list[out->count].text, sizeof(list->text), fmt, ap);
	va_end(ap);
	out->count++;
}

/* A number that a thing has before and after. */
static void say_number(struct alterations *out, const char *thing,
		       const char *what, int64_t before, int64_t after)
{
	if (before != after)
		say(out, '~', "%s: %s %" PRId64 " -> %" PRId64, thing, what,
		    before, after);
}

/* The same of words; NULL is a word that is not there. */
static void say_word(struct alterations *out, const char *thing,
		     const char *what, const char *before, const char *after)
{
	before = before == NULL ? "none" : before;
	after = after == NULL ? "none" : after;
	if (strcmp(before, after) != 0)
		say(out, '~', "%s: %s %s -> %s", thing, what, before, after);
}

static bool addresses_same(const struct net_addr *a, size_t a_count,
			   const struct net_addr *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (memcmp(a[i].octets, b[i].octets, sizeof(a[i].octets)) != 0)
			return false;
	return true;
}

static void compare_endpoint(const struct comparing *c, const char *thing,
			     const struct policy_endpoint *b,
			     const struct policy_endpoint *a)
{
	if (!addresses_same(b->a, b->a_count, a->a, a->a_count) ||
	    !addresses_same(b->aaaa, b->aaaa_count, a->aaaa, a->aaaa_count))
		say(c->out, '~', "%s: other addresses", thing);
	say_word(c->out, thing, "CNAME", b->cname, a->cname);
	say_word(c->out, thing, "region", c->before->regions[b->region].name,
		 c->after->regions[a->region].name);
	say_number(c->out, thing, "weight", b->weight, a->weight);
	say_number(c->out, thing, "port", b->port, a->port);
}

static void compare_endpoints(const struct comparing *c,
			      const struct policy_service *b,
			      const struct policy_service *a)
{
	char thing[150];

	for (size_t i = 0; i < b->endpoint_count; i++) {
		int same = policy_find_endpoint(a, b->endpoints[i].name);

		snprintf(thing, sizeof(thing), "endpoint %s/%s", b->name,
			 b->endpoints[i].name);
		if (same < 0)
			say(c->out, '-', "%s", thing);
		else
			compare_endpoint(c, thing, &b->endpoints[i],
					 &a->endpoints[same]);
	}
	for (size_t i = 0; i < a->endpoint_count; i++)
		if (policy_find_endpoint(b, a->endpoints[i].name) < 0)
			say(c->out, '+', "endpoint %s/%s", a->name,
			    a->endpoints[i].name);
}

static const char *check_name(const struct policy *policy,
			      const struct policy_service *s)
{
	return s->check == POLICY_NONE ? NULL : policy->checks[s->check].name;
}

static void compare_service(const struct comparing *c,
			    const struct policy_service *b,
			    const struct policy_service *a)
{
	char thing[100];

	snprintf(thing, sizeof(thing), "service %s", a->name);
	say_word(c->out, thing, "steer", steer_name(b->steer),
		 steer_name(a->steer));
	say_number(c->out, thing, "within ms", (int64_t)b->within_ms,
		   (int64_t)a->within_ms);
	say_number(c->out, thing, "ttl.steady s", b->ttl.steady_s,
		   a->ttl.steady_s);
	say_number(c->out, thing, "ttl.changing s", b->ttl.changing_s,
		   a->ttl.changing_s);
	say_number(c->out, thing, "answers", b->answers, a->answers);
	say_word(c->out, thing, "check", check_name(c->before, b),
		 check_name(c->after, a));
	compare_endpoints(c, b, a);
}

static const struct policy_service *find_service(const struct policy *policy,
						 const char *fqdn)
{
	for (size_t i = 0; i < policy->service_count; i++)
		if (strcmp(policy->services[i].fqdn, fqdn) == 0)
			return &policy->services[i];
	return NULL;
}

static void compare_services(const struct comparing *c)
{
	for (size_t i = 0; i < c->before->service_count; i++)
		if (find_service(c->after, c->before->services[i].fqdn) == NULL)
			say(c->out, '-', "service %s",
			    c->before->services[i].name);
	for (size_t i = 0; i < c->after->service_count; i++) {
		const struct policy_service *a = &c->after->services[i];
		const struct policy_service *b =
			find_service(c->before, a->fqdn);

		if (b == NULL)
			say(c->out, '+', "service %s", a->name);
		else
			compare_service(c, b, a);
	}
}

static void compare_check(const struct comparing *c,
			  const struct policy_check *b,
			  const struct policy_check *a)
{
	char thing[100];

	snprintf(thing, sizeof(thing), "check %s", a->name);
	say_word(c->out, thing, "type", check_type_name(b->type),
		 check_type_name(a->type));
	say_word(c->out, thing, "path", b->path, a->path);
	say_word(c->out, thing, "host", b->host, a->host);
	say_word(c->out, thing, "body", b->body, a->body);
	say_number(c->out, thing, "port", b->port, a->port);
	say_number(c->out, thing, "interval ms", b->interval_ms,
		   a->interval_ms);
	say_number(c->out, thing, "timeout ms", b->timeout_ms, a->timeout_ms);
	say_number(c->out, thing, "consecutive", b->breaker.consecutive,
		   a->breaker.consecutive);
	say_number(c->out, thing, "quorum", b->quorum, a->quorum);
	say_word(c->out, thing, "addresses", reach_name(b->addresses),
		 reach_name(a->addresses));
	say_word(c->out, thing, "shadow", b->shadow ? "yes" : "no",
		 a->shadow ? "yes" : "no");
}

static const struct policy_check *find_check(const struct policy *policy,
					     const char *name)
{
	for (size_t i = 0; i < policy->check_count; i++)
		if (strcmp(policy->checks[i].name, name) == 0)
			return &policy->checks[i];
	return NULL;
}

static void compare_checks(const struct comparing *c)
{
	for (size_t i = 0; i < c->before->check_count; i++)
		if (find_check(c->after, c->before->checks[i].name) == NULL)
			say(c->out, '-', "check %s", c->before->checks[i].name);
	for (size_t i = 0; i < c->after->check_count; i++) {
		const struct policy_check *a = &c->after->checks[i];
		const struct policy_check *b = find_check(c->before, a->name);

		if (b == NULL)
			say(c->out, '+', "check %s", a->name);
		else
			compare_check(c, b, a);
	}
}

/* The words of a set, in one string, for comparing and for people. */
static const char *words_of(const char *const *words, size_t count,
			    uint64_t set, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count && len < size; i++)
		if (set >> i & 1)
			len += (size_t)snprintf(buf + len, size - len, "%s%s",
						len == 0 ? "" : ",", words[i]);
	return buf;
}

/* A term as the policy has it. */
static size_t term_text(const struct policy *policy,
			const struct client_term *t, char *buf, size_t size)
{
	char net[NET_TEXT_SIZE];
	int len;

	if (t->kind == TERM_ASN)
		len = snprintf(buf, size, "AS%u", t->asn);
	else if (t->kind == TERM_NETWORK)
		len = snprintf(buf, size, "%s",
			       net_prefix_text(&t->prefix, net));
	else if (t->kind == TERM_SET)
		len = snprintf(buf, size, "%s", policy->sets[t->set].name);
	else
		len = snprintf(buf, size, "%s",
			       t->kind == TERM_ALL ? "all" : t->text);
	return len < 0 ? 0 : (size_t)len;
}

static bool has_term(const struct policy *policy, const struct client_set *set,
		     const char *text)
{
	char other[512];

	for (size_t i = 0; i < set->term_count; i++) {
		term_text(policy, &set->terms[i], other, sizeof(other));
		if (strcmp(other, text) == 0)
			return true;
	}
	return false;
}

/* The terms that one set has and the other has not. */
static void say_terms(const struct comparing *c, char sign, int before,
		      int after)
{
	bool gone = sign == '-';
	const struct policy *of = gone ? c->before : c->after;
	const struct policy *than = gone ? c->after : c->before;
	const struct client_set *set = &of->sets[gone ? before : after];
	const struct client_set *other = &than->sets[gone ? after : before];
	char text[512];

	for (size_t i = 0; i < set->term_count; i++) {
		term_text(of, &set->terms[i], text, sizeof(text));
		if (!has_term(than, other, text))
			say(c->out, sign, "clients %s: %.100s", set->name,
			    text);
	}
}

static void compare_sets(const struct comparing *c)
{
	for (size_t i = 0; i < c->before->set_count; i++)
		if (policy_find_set(c->after, c->before->sets[i].name) < 0)
			say(c->out, '-', "clients %s", c->before->sets[i].name);
	for (size_t i = 0; i < c->after->set_count; i++) {
		int b = policy_find_set(c->before, c->after->sets[i].name);

		if (b < 0) {
			say(c->out, '+', "clients %s", c->after->sets[i].name);
			continue;
		}
		say_terms(c, '-', b, (int)i);
		say_terms(c, '+', b, (int)i);
	}
}

static void compare_jurisdictions(const struct comparing *c, const char *thing,
				  uint64_t before, uint64_t after)
{
	char b[1024], a[1024];

	words_of(c->before->jurisdictions, c->before->jurisdiction_count,
		 before, b, sizeof(b));
	words_of(c->after->jurisdictions, c->after->jurisdiction_count, after,
		 a, sizeof(a));
	say_word(c->out, thing, "jurisdictions", b, a);
}

static void compare_region(const struct comparing *c,
			   const struct policy_region *b,
			   const struct policy_region *a)
{
	char thing[100];

	snprintf(thing, sizeof(thing), "region %s", a->name);
	if (b->latitude < a->latitude || b->latitude > a->latitude ||
	    b->longitude < a->longitude || b->longitude > a->longitude)
		say(c->out, '~', "%s: location %g %g -> %g %g", thing,
		    b->latitude, b->longitude, a->latitude, a->longitude);
	compare_jurisdictions(c, thing, b->jurisdictions, a->jurisdictions);
	say_number(c->out, thing, "capacity", (int64_t)b->capacity,
		   (int64_t)a->capacity);
}

static void compare_regions(const struct comparing *c)
{
	for (size_t i = 0; i < c->before->region_count; i++)
		if (policy_find_region(c->after, c->before->regions[i].name) <
		    0)
			say(c->out, '-', "region %s",
			    c->before->regions[i].name);
	for (size_t i = 0; i < c->after->region_count; i++) {
		const struct policy_region *a = &c->after->regions[i];
		int b = policy_find_region(c->before, a->name);

		if (b < 0)
			say(c->out, '+', "region %s", a->name);
		else
			compare_region(c, &c->before->regions[b], a);
	}
}

static const struct policy_residency *find_rule(const struct policy *policy,
						const char *name)
{
	for (size_t i = 0; i < policy->residency_count; i++)
		if (strcmp(policy->residency[i].name, name) == 0)
			return &policy->residency[i];
	return NULL;
}

static void compare_rules(const struct comparing *c)
{
	char thing[100];

	for (size_t i = 0; i < c->before->residency_count; i++)
		if (find_rule(c->after, c->before->residency[i].name) == NULL)
			say(c->out, '-', "residency %s",
			    c->before->residency[i].name);
	for (size_t i = 0; i < c->after->residency_count; i++) {
		const struct policy_residency *a = &c->after->residency[i];
		const struct policy_residency *b =
			find_rule(c->before, a->name);

		snprintf(thing, sizeof(thing), "residency %s", a->name);
		if (b == NULL) {
			say(c->out, '+', "%s", thing);
			continue;
		}
		say_word(c->out, thing, "clients",
			 c->before->sets[b->clients].name,
			 c->after->sets[a->clients].name);
		compare_jurisdictions(c, thing, b->jurisdictions,
				      a->jurisdictions);
		say_word(c->out, thing, "unknown_clients",
			 b->unknown_included ? "included" : "excluded",
			 a->unknown_included ? "included" : "excluded");
	}
}

static int compare_record(const void *x, const void *y)
{
	const struct record *const *a = x, *const *b = y;
	size_t len = (*a)->owner_len < (*b)->owner_len ? (*a)->owner_len
						       : (*b)->owner_len;
	int order = memcmp((*a)->owner, (*b)->owner, len);

	if (order == 0)
		order = (*a)->owner_len - (*b)->owner_len;
	if (order == 0)
		order = (*a)->type - (*b)->type;
	if (order == 0)
		order = (*a)->rdata_len - (*b)->rdata_len;
	if (order == 0)
		order = memcmp((*a)->rdata, (*b)->rdata, (*a)->rdata_len);
	return order;
}

/* Every record of all zones in order; NULL when memory runs out. */
static const struct record **sorted_records(const struct policy *policy)
{
	size_t count = 0;
	const struct record **list =
		calloc(policy_record_count(policy) + 1, sizeof(*list));

	for (size_t i = 0; list != NULL && i < policy->zone_count; i++)
		for (size_t j = 0; j < policy->zones[i].record_count; j++)
			list[count++] = &policy->zones[i].records[j];
	if (count > 0)
		qsort(list, count, sizeof(*list), compare_record);
	return list;
}

static void say_record(const struct comparing *c, char sign,
		       const struct record *r)
{
	char owner[1024], *type = ldns_rr_type2str((ldns_rr_type)r->type);

	master_name_text(r->owner, r->owner_len, owner, sizeof(owner));
	say(c->out, sign, "record %.120s %u %s", owner, r->ttl_s,
	    type == NULL ? "?" : type);
	free(type);
}

/* Both lists end with NULL. */
static void merge_records(const struct comparing *c, const struct record **b,
			  const struct record **a)
{
	while (*b != NULL || *a != NULL) {
		int order = *b == NULL   ? 1
			    : *a == NULL ? -1
					 : compare_record(b, a);

		if (order == 0 && (*b)->ttl_s != (*a)->ttl_s)
			say_record(c, '~', *a);
		if (order != 0)
			say_record(c, order < 0 ? '-' : '+',
				   order < 0 ? *b : *a);
		b += order <= 0;
		a += order >= 0;
	}
}

static void compare_records(const struct comparing *c)
{
	const struct record **before = sorted_records(c->before);
	const struct record **after = sorted_records(c->after);

	if (before == NULL || after == NULL)
		c->out->lost = true;
	else
		merge_records(c, before, after);
	free(before);
	free(after);
}

void alterations_find(const struct policy *before, const struct policy *after,
		      struct alterations *out)
{
	const struct comparing c = { before, after, out };

	compare_sets(&c);
	compare_regions(&c);
	compare_rules(&c);
	compare_checks(&c);
	compare_services(&c);
	compare_records(&c);
}

void alterations_fini(struct alterations *alterations)
{
	free(alterations->list);
	*alterations = (struct alterations){ .list = NULL };
}
