/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/zonetargets.h"

#include "policy/base/hash.h"
#include "policy/language/catalog.h"
#include "policy/language/code.h"

#include <stdlib.h>
#include <string.h>

enum { CHAIN_MAX = 16 }; /* as many CNAMEs are followed in an answer */

/* A suffix of somebody's name, borrowed. */
struct slot {
	const uint8_t *name; /* NULL: empty */
	size_t len;
};

/* Every name that exists: owners, services, and what is between (RFC 4592). */
struct targets {
	const struct catalog *c;
	struct slot *slots;
	size_t mask;
};

static struct slot *slot_of(const struct targets *t, const uint8_t *name,
			    size_t len)
{
	size_t i = (size_t)hash_mix(hash_octets(HASH_FNV_OFFSET, name, len));

	for (;; i++) {
		struct slot *slot = &t->slots[i & t->mask];

		if (slot->name == NULL ||
		    (slot->len == len && memcmp(slot->name, name, len) == 0))
			return slot;
	}
}

static bool exists(const struct targets *t, const uint8_t *name, size_t len)
{
	return slot_of(t, name, len)->name != NULL;
}

/* The name and all above it, down from the apex. */
static void add_name(struct targets *t, const uint8_t *name, size_t len)
{
	for (size_t at = 0; len - at >= t->c->apex.len;
	     at += (size_t)name[at] + 1) {
		struct slot *slot = slot_of(t, name + at, len - at);

		if (slot->name != NULL)
			return;
		*slot = (struct slot){ name + at, len - at };
	}
}

static bool is_ours(const struct targets *t, const struct policy_service *s)
{
	return s->zone == (int)(t->c->zone - t->c->draft->policy->zones);
}

static bool add_services(struct targets *t)
{
	const struct policy *p = t->c->draft->policy;

	for (size_t i = 0; i < p->service_count; i++) {
		uint8_t *name;
		size_t len;

		if (!is_ours(t, &p->services[i]))
			continue;
		name = draft_alloc(t->c->draft, CATALOG_NAME_SIZE, 1);
		if (name == NULL)
			return false;
		len = master_name(p->services[i].fqdn, name);
		if (len > 0)
			add_name(t, name, len);
	}
	return true;
}

/* More than there can be names. */
static size_t count_names(const struct catalog *c)
{
	const struct policy *p = c->draft->policy;
	size_t count = 0;

	for (size_t i = 0; i < c->master.count; i++) {
		const uint8_t *at = c->master.list[i].record.owner;

		for (count++; *at != 0; at += (size_t)*at + 1)
			count++;
	}
	for (size_t i = 0; i < p->service_count; i++) {
		const char *at = p->services[i].fqdn;

		for (count++; *at != '\0'; at++)
			count += *at == '.';
	}
	return count;
}

static bool gather(struct targets *t)
{
	const struct master *m = &t->c->master;
	size_t names = count_names(t->c), slots = 64;

	while (slots < 2 * names)
		slots *= 2;
	t->slots = calloc(slots, sizeof(t->slots[0]));
	t->mask = slots - 1;
	if (t->slots == NULL)
		return false;
	for (size_t i = 0; i < m->count; i++)
		add_name(t, m->list[i].record.owner,
			 m->list[i].record.owner_len);
	return add_services(t);
}

/* Is a wildcard right below this name? */
static bool has_wildcard(const struct targets *t, const uint8_t *name,
			 size_t len)
{
	uint8_t wildcard[CATALOG_NAME_SIZE + 2] = { 1, '*' };

	memcpy(wildcard + 2, name, len);
	return exists(t, wildcard, len + 2);
}

/* There, or told by a wildcard, or by whoever has what is above. */
static bool is_there(const struct targets *t, const struct catalog_name *name)
{
	const uint8_t *at = name->octets;
	size_t len = name->len;
	bool encloser = exists(t, at, len), told = encloser;

	while (!told && len > t->c->apex.len) {
		len -= (size_t)*at + 1;
		at += (size_t)*at + 1;
		if (!encloser && exists(t, at, len)) {
			encloser = true;
			told = has_wildcard(t, at, len);
		}
		told = told ||
		       catalog_find(t->c, at, len, TYPE_DNAME) != NULL ||
		       (len > t->c->apex.len &&
			catalog_find(t->c, at, len, TYPE_NS) != NULL);
	}
	return told;
}

static const struct lead {
	uint16_t type;
	uint8_t at; /* where the name is in the data */
	bool alias_ok;
	const char *word;
} leads[] = {
	{ TYPE_CNAME, 0, true, "CNAME" }, { TYPE_DNAME, 0, true, "DNAME" },
	{ TYPE_NS, 0, false, "NS" },      { TYPE_MX, 2, false, "MX" },
	{ TYPE_SRV, 6, false, "SRV" },
};

static const struct lead *lead_of(const struct record *r)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (leads[i].type == r->type)
			return &leads[i];
	return NULL;
}

/* The target, if it is in this zone and in none inside it; else len 0. */
static struct catalog_name target_of(const struct targets *t,
				     const struct record *r, size_t at)
{
	const struct policy *p = t->c->draft->policy;
	struct catalog_name name = { .len = 0 };
	char text[CATALOG_NAME_SIZE * 4];

	if (r->rdata_len <= at)
		return name;
	master_name_text(r->rdata + at, r->rdata_len - at, text, sizeof(text));
	name.len = master_name(text, name.octets);
	if (name.len == 0 || !catalog_holds(t->c, name.octets, name.len))
		return (struct catalog_name){ .len = 0 };
	master_name_text(name.octets, name.len, text, sizeof(text));
	if (policy_zone_of(p, text) != (int)(t->c->zone - p->zones))
		name.len = 0;
	return name;
}

static bool has_address(const struct targets *t,
			const struct catalog_name *name)
{
	return catalog_find(t->c, name->octets, name->len, TYPE_A) != NULL ||
	       catalog_find(t->c, name->octets, name->len, TYPE_AAAA) != NULL;
}

/* Is the name at or below the owner of the record? */
static bool is_below(const struct catalog_name *name, const struct record *r)
{
	for (size_t at = 0; name->len - at >= r->owner_len;
	     at += (size_t)name->octets[at] + 1)
		if (name->len - at == r->owner_len)
			return memcmp(name->octets + at, r->owner,
				      r->owner_len) == 0;
	return false;
}

static void judge_target(const struct targets *t, const struct lead *lead,
			 const struct master_record *r)
{
	struct catalog_name name = target_of(t, &r->record, lead->at);
	struct errors *errs = t->c->draft->errs;
	char text[CATALOG_TEXT_SIZE];

	if (name.len == 0)
		return;
	master_name_text(name.octets, name.len, text, sizeof(text));
	if (lead->type == TYPE_NS && is_below(&name, &r->record)) {
		if (!has_address(t, &name))
			errors_warn(errs, CODE_RECORD_TARGET, r->at,
				    "name server %s is below what is delegated "
				    "to it and has no address here; write one "
				    "(RFC 9471, 3)",
				    text);
	} else if (!is_there(t, &name)) {
		errors_warn(errs, CODE_RECORD_TARGET, r->at,
			    "%s leads to %s, which is not in the zone; write "
			    "it or correct the name",
			    lead->word, text);
	} else if (!lead->alias_ok && catalog_find(t->c, name.octets, name.len,
						   TYPE_CNAME) != NULL) {
		errors_warn(errs, CODE_RECORD_TARGET, r->at,
			    "%s leads to %s, which is a CNAME; name what that "
			    "leads to (RFC 2181, 10.3)",
			    lead->word, text);
	}
}

/* A ring is told once, at the first of its records. */
static void judge_chain(const struct targets *t, const struct master_record *r)
{
	const struct master_record *at = r, *first = r;
	char text[CATALOG_TEXT_SIZE];

	for (unsigned links = 1; links <= CHAIN_MAX; links++) {
		struct catalog_name name = target_of(t, &at->record, 0);

		at = name.len == 0 ? NULL
				   : catalog_find(t->c, name.octets, name.len,
						  TYPE_CNAME);
		if (at == NULL || (at == r && first < r))
			return;
		if (at == r) {
			errors_warn(t->c->draft->errs, CODE_RECORD_RING, r->at,
				    "%s leads back to itself over %u CNAME%s; "
				    "let one lead elsewhere",
				    catalog_owner_text(&r->record, text), links,
				    links == 1 ? "" : "s");
			return;
		}
		first = at < first ? at : first;
	}
	errors_warn(t->c->draft->errs, CODE_RECORD_RING, r->at,
		    "%s leads on over more than %d CNAMEs or into a ring; "
		    "shorten the way",
		    catalog_owner_text(&r->record, text), CHAIN_MAX);
}

void zonetargets_judge(const struct catalog *c)
{
	struct targets t = { .c = c };
	bool ok = gather(&t);

	for (size_t i = 0; ok && i < c->master.count; i++) {
		const struct master_record *r = &c->master.list[i];
		const struct lead *lead = lead_of(&r->record);

		/* Those of the apex are judged by zonelinks. */
		if (lead == NULL ||
		    (lead->type == TYPE_NS && catalog_is_apex(c, &r->record)))
			continue;
		judge_target(&t, lead, r);
		if (lead->type == TYPE_CNAME)
			judge_chain(&t, r);
	}
	if (t.slots == NULL)
		errors_add(c->draft->errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory; the zone was not judged");
	free(t.slots);
}
