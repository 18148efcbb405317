/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/zonelinks.h"

#include "policy/language/catalog.h"
#include "policy/language/code.h"

#include <string.h>

/* Why a record cannot stand at the name of a service; or NULL. */
static const char *conflict(const struct policy_service *s, uint16_t type,
			    bool apex)
{
	switch (type) {
	case TYPE_A:
		return "A";
	case TYPE_AAAA:
		return "AAAA";
	case TYPE_CNAME:
		return "CNAME";
	case TYPE_NS:
		return apex ? NULL : "NS";
	case TYPE_HTTPS:
		return s->https.at.line != 0 ? "HTTPS" : NULL;
	case TYPE_SVCB:
		return s->svcb.at.line != 0 ? "SVCB" : NULL;
	default:
		return NULL;
	}
}

/* What stands at the name of a service and cannot: one error a type. */
static void judge_service_name(const struct catalog *c,
			       const struct policy_service *s,
			       const struct catalog_name *name)
{
	bool apex = name->len == c->apex.len;
	int last = -1;

	for (size_t i = catalog_first(c, name->octets, name->len);
	     i < c->master.count; i++) {
		const struct master_record *r = c->order[i];
		const char *word = conflict(s, r->record.type, apex);

		if (catalog_compare_owner(&r->record, name->octets,
					  name->len) != 0)
			break;
		if (r->record.type == last)
			continue;
		last = r->record.type;
		if (word != NULL)
			errors_add(c->draft->errs, CODE_RECORD_SERVICE, r->at,
				   "%s record at the name of service \"%s\"; "
				   "remove the record or the service",
				   word, s->name);
		else if (policy_is_alias(s))
			errors_add(
				c->draft->errs, CODE_RECORD_SERVICE, r->at,
				"record at the name of service \"%s\", whose "
				"endpoints are CNAMEs, which stand alone; "
				"remove one (RFC 1034, 3.6.2)",
				s->name);
	}
}

/* The cut or DNAME above the name, which hides it; or NULL. */
static const struct master_record *find_above(const struct catalog *c,
					      const struct catalog_name *name)
{
	const struct master_record *r = NULL;

	for (size_t at = 0; r == NULL && name->len - at > c->apex.len;) {
		at += (size_t)name->octets[at] + 1;
		r = catalog_find(c, name->octets + at, name->len - at,
				 TYPE_DNAME);
		if (r == NULL && name->len - at > c->apex.len)
			r = catalog_find(c, name->octets + at, name->len - at,
					 TYPE_NS);
	}
	return r;
}

static void judge_service_above(const struct catalog *c,
				const struct policy_service *s,
				const struct catalog_name *name)
{
	const struct master_record *r = find_above(c, name);
	char buf[CATALOG_TEXT_SIZE];

	if (r != NULL)
		errors_add(c->draft->errs, CODE_RECORD_SERVICE, s->at,
			   "service \"%s\" is below the %s of %s on line %u of "
			   "the master file; remove one",
			   s->name,
			   r->record.type == TYPE_NS ? "delegation" : "DNAME",
			   catalog_owner_text(&r->record, buf), r->at.line);
}

void zonelinks_services(const struct catalog *c)
{
	const struct policy *p = c->draft->policy;

	for (size_t i = 0; i < p->service_count; i++) {
		struct catalog_name name;

		if (p->services[i].zone != (int)(c->zone - p->zones))
			continue;
		name.len = master_name(p->services[i].fqdn, name.octets);
		if (name.len < c->apex.len)
			continue;
		judge_service_name(c, &p->services[i], &name);
		judge_service_above(c, &p->services[i], &name);
	}
}

static const struct policy_service *find_service(const struct policy *p,
						 const char *fqdn)
{
	for (size_t i = 0; i < p->service_count; i++)
		if (strcmp(p->services[i].fqdn, fqdn) == 0)
			return &p->services[i];
	return NULL;
}

static void judge_nameserver(const struct catalog *c,
			     const struct master_record *r)
{
	char buf[CATALOG_NAME_SIZE * 4];
	const struct policy_service *service;
	struct catalog_name name;

	/* Names in data keep their case; owners do not. */
	master_name_text(r->record.rdata, r->record.rdata_len, buf,
			 sizeof(buf));
	name.len = master_name(buf, name.octets);
	if (name.len == 0 || !catalog_holds(c, name.octets, name.len) ||
	    catalog_find(c, name.octets, name.len, TYPE_A) != NULL ||
	    catalog_find(c, name.octets, name.len, TYPE_AAAA) != NULL)
		return;
	master_name_text(name.octets, name.len, buf, sizeof(buf));
	service = find_service(c->draft->policy, buf);
	if (service == NULL)
		errors_warn(c->draft->errs, CODE_RECORD_TARGET, r->at,
			    "nameserver %.100s is in the zone and has no "
			    "address record; write one into the master file",
			    buf);
	else if (policy_is_alias(service))
		errors_warn(c->draft->errs, CODE_RECORD_TARGET, r->at,
			    "nameserver %.100s is a service whose endpoints "
			    "are CNAMEs; name servers need addresses (RFC "
			    "2181, 10.3)",
			    buf);
}

void zonelinks_nameservers(const struct catalog *c)
{
	for (size_t i = 0; i < c->master.count; i++) {
		const struct master_record *r = &c->master.list[i];

		if (r->record.type == TYPE_NS && catalog_is_apex(c, &r->record))
			judge_nameserver(c, r);
	}
}

/* The zone served here that this one is directly inside, or POLICY_NONE. */
static int zone_above(const struct policy *p, const struct policy_zone *zone)
{
	const char *dot = strchr(zone->name, '.');

	return dot == NULL || dot[1] == '\0' ? POLICY_NONE
					     : policy_zone_of(p, dot + 1);
}

static void judge_inner_zone(const struct catalog *c,
			     const struct policy_zone *inner,
			     const struct catalog_name *name)
{
	const struct master_record *above = find_above(c, name);
	char buf[CATALOG_TEXT_SIZE];

	if (above != NULL && above->record.type == TYPE_DNAME)
		errors_warn(c->draft->errs, CODE_ZONE_HIDDEN, inner->at,
			    "zone %.100s is below the DNAME of %.100s, which "
			    "hides it; remove one",
			    inner->name,
			    catalog_owner_text(&above->record, buf));
	else if (above == NULL &&
		 catalog_find(c, name->octets, name->len, TYPE_NS) == NULL)
		errors_warn(c->draft->errs, CODE_ZONE_HIDDEN, inner->at,
			    "zone %.100s is inside zone %.100s, which has no "
			    "NS record for it; write one there",
			    inner->name, c->zone->name);
}

void zonelinks_inner_zones(const struct catalog *c)
{
	const struct policy *p = c->draft->policy;

	for (size_t i = 0; i < p->zone_count; i++) {
		const struct policy_zone *inner = &p->zones[i];
		struct catalog_name name;

		if (inner->name == NULL ||
		    zone_above(p, inner) != (int)(c->zone - p->zones))
			continue;
		name.len = master_name(inner->name, name.octets);
		if (name.len > 0)
			judge_inner_zone(c, inner, &name);
	}
}
