/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/apex.h"

#include "policy/language/code.h"
#include "policy/language/scalar.h"

#include <stdio.h>
#include <string.h>

enum {
	/* Nobody transfers this zone: what delegation checkers expect. */
	SOA_REFRESH_S = 14400,
	SOA_RETRY_S = 3600,
	SOA_EXPIRE_S = 604800,
};

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(value >> shift);
	return at;
}

/* A record at the apex, which is written nowhere. */
static void generate(struct master *m, const struct record *written,
		     struct place at)
{
	uint8_t apex[CATALOG_NAME_SIZE];
	struct record r = *written;

	r.owner = apex;
	r.owner_len = (uint8_t)master_name(m->zone, apex);
	master_add(m, &r, at);
}

void apex_add_ns(struct catalog *c, const struct tree *written)
{
	const struct policy_zone *zone = c->zone;
	const struct tree *node =
		written->kind == TREE_LIST ? written->first : written;

	for (size_t i = 0; i < zone->nameserver_count; i++, node = node->next) {
		uint8_t name[CATALOG_NAME_SIZE];
		struct record r = { .type = TYPE_NS, .ttl_s = zone->ttl_s };

		r.rdata = name;
		r.rdata_len = (uint16_t)master_name(zone->nameservers[i], name);
		generate(&c->master, &r, node->at);
	}
}

static bool set_contact(struct draft *d, struct policy_zone *zone)
{
	char contact[SCALAR_DOMAIN_SIZE];

	if (zone->contact != NULL)
		return true;
	if (snprintf(contact, sizeof(contact), "hostmaster.%s", zone->name) >
	    SCALAR_DOMAIN_SIZE - 2) {
		errors_add(d->errs, CODE_KEY_MISSING, zone->at,
			   "the zone's name is too long to begin with "
			   "hostmaster; write contact:");
		return false;
	}
	zone->contact = draft_text(d, contact);
	return zone->contact != NULL;
}

void apex_add_soa(struct catalog *c, const struct record *ns)
{
	const struct policy_zone *zone = c->zone;
	uint8_t rdata[2 * CATALOG_NAME_SIZE + 20], *at = rdata;
	struct record r = { .type = TYPE_SOA,
			    .ttl_s = zone->negative_ttl_s,
			    .rdata = rdata };

	if (!set_contact(c->draft, c->zone))
		return;
	memcpy(at, ns->rdata, ns->rdata_len);
	at += ns->rdata_len;
	at += master_name(zone->contact, at);
	at = put_u32(at, zone->serial);
	at = put_u32(at, SOA_REFRESH_S);
	at = put_u32(at, SOA_RETRY_S);
	at = put_u32(at, SOA_EXPIRE_S);
	at = put_u32(at, zone->negative_ttl_s);
	r.rdata_len = (uint16_t)(at - rdata);
	generate(&c->master, &r, zone->at);
}
