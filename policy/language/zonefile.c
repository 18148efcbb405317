/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/zonefile.h"

#include "policy/language/apex.h"
#include "policy/language/catalog.h"
#include "policy/language/code.h"
#include "policy/language/sources.h"
#include "policy/language/zonelinks.h"
#include "policy/language/zonerules.h"
#include "policy/language/zonetargets.h"

static void refuse_outside(struct catalog *c)
{
	char buf[CATALOG_TEXT_SIZE];
	size_t kept = 0;

	for (size_t i = 0; i < c->master.count; i++) {
		struct master_record *r = &c->master.list[i];

		if (catalog_holds(c, r->record.owner, r->record.owner_len))
			c->master.list[kept++] = *r;
		else
			errors_add(c->draft->errs, CODE_RECORD_OUTSIDE, r->at,
				   "%s is not in the zone %s; remove it or end "
				   "the name without a dot",
				   catalog_owner_text(&r->record, buf),
				   c->zone->name);
	}
	c->master.count = kept;
}

static uint32_t serial_of(const struct record *soa)
{
	const uint8_t *at = soa->rdata + soa->rdata_len - 20;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

/* What the file leaves out at the apex. */
static void complete_apex(struct catalog *c)
{
	struct draft *d = c->draft;
	const struct master_record *soa, *ns;
	struct tree *written;

	soa = catalog_find(c, c->apex.octets, c->apex.len, TYPE_SOA);
	ns = catalog_find(c, c->apex.octets, c->apex.len, TYPE_NS);
	c->zone->serial = soa == NULL ? 1 : serial_of(&soa->record);
	if (!draft_usable(d->zone_nodes[c->zone - d->policy->zones],
			  "nameservers", &written))
		return;
	if (ns == NULL && written == NULL) {
		errors_add(d->errs, CODE_ZONE_NAMESERVERS, c->zone->at,
			   "the zone has no name servers; write nameservers: "
			   "or NS records at %s",
			   c->zone->name);
		return;
	}
	if (ns == NULL) {
		size_t first = c->master.count;

		apex_add_ns(c, written);
		ns = c->master.count > first ? &c->master.list[first] : NULL;
	}
	if (soa == NULL && ns != NULL)
		apex_add_soa(c, &ns->record);
}

static void publish(struct catalog *c)
{
	struct policy_zone *zone = c->zone;

	zone->records =
		draft_alloc(c->draft, c->master.count, sizeof(*zone->records));
	if (zone->records == NULL)
		return;
	for (size_t i = 0; i < c->master.count; i++)
		zone->records[i] = c->master.list[i].record;
	zone->record_count = c->master.count;
}

void zonefile_load(struct draft *d, size_t index, const struct source *source)
{
	struct policy_zone *zone = &d->policy->zones[index];
	struct catalog c = { .draft = d,
			     .zone = zone,
			     .master = { .arena = d->arena,
					 .errs = d->errs,
					 .sources = d->sources,
					 .zone = zone->name,
					 .ttl_s = zone->ttl_s } };
	size_t before = d->errs->fatal;

	c.apex.len = master_name(zone->name, c.apex.octets);
	if (source != NULL)
		master_read(&c.master, source);
	refuse_outside(&c);
	if (!catalog_sort(&c))
		return;
	zonerules_judge(&c);
	zonelinks_services(&c);
	/* A file with mistakes may hold an NS record that was not read. */
	if (d->errs->fatal == before)
		complete_apex(&c);
	if (d->errs->fatal != before || !catalog_sort(&c))
		return;
	zonelinks_nameservers(&c);
	zonelinks_inner_zones(&c);
	zonetargets_judge(&c);
	publish(&c);
}
