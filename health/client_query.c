/* SPDX-License-Identifier: Apache-2.0 */
#include "health/client_query.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <ldns/ldns.h>

enum {
	ECS_OPTION = 8,
	EDE_OPTION = 15,
	ECS_HEAD_OCTETS = 4,
	OPTION_HEAD_OCTETS = 4,
	EDNS_SIZE = 1232, /* RFC 9715 */
	RCODE_BADCOOKIE = 23,
	EDE_STALE_ANSWER = 3,
	ADDRESS_OCTETS = 16,
};

static ldns_rr_type type_of(enum asked_kind kind)
{
	static const ldns_rr_type types[] = {
		[ASKED_A] = LDNS_RR_TYPE_A,
		[ASKED_AAAA] = LDNS_RR_TYPE_AAAA,
		[ASKED_CNAME] = LDNS_RR_TYPE_CNAME,
	};

	return types[kind];
}

/* RFC 7871, 6.  NULL when memory runs out. */
static ldns_rdf *subnet_option(const struct net_prefix *client)
{
	uint8_t octets[OPTION_HEAD_OCTETS + ECS_HEAD_OCTETS +
		       ADDRESS_OCTETS] = { 0, ECS_OPTION };
	size_t address = (client->bits + 7u) / 8u;

	octets[3] = (uint8_t)(ECS_HEAD_OCTETS + address);
	octets[5] = client->addr.family == NET_V4 ? 1 : 2;
	octets[6] = client->bits;
	memcpy(octets + OPTION_HEAD_OCTETS + ECS_HEAD_OCTETS,
	       client->addr.octets, address);
	return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN,
				     OPTION_HEAD_OCTETS + ECS_HEAD_OCTETS +
					     address,
				     octets);
}

static bool write_packet(struct client_query *q, ldns_pkt *pkt,
			 const struct net_prefix *client)
{
	ldns_rdf *option = subnet_option(client);
	uint8_t *octets = NULL;
	bool ok;

	if (option == NULL)
		return false;
	ldns_pkt_set_edns_udp_size(pkt, EDNS_SIZE);
	ldns_pkt_set_edns_data(pkt, option); /* the packet's from now on */
	ldns_pkt_set_id(pkt, q->id);
	ok = ldns_pkt2wire(&octets, pkt, &q->len) == LDNS_STATUS_OK &&
	     q->len <= sizeof(q->octets);
	if (ok)
		memcpy(q->octets, octets, q->len);
	LDNS_FREE(octets);
	return ok;
}

bool client_query_init(struct client_query *q, const char *fqdn,
		       enum asked_kind kind, const struct net_prefix *client,
		       uint16_t id)
{
	ldns_rdf *name;
	ldns_pkt *pkt;
	bool ok;

	*q = (struct client_query){ .id = id, .kind = kind };
	snprintf(q->name, sizeof(q->name), "%s%s",
		 fqdn[0] == '*' ? "windrose-verify" : "",
		 fqdn + (fqdn[0] == '*'));
	name = ldns_dname_new_frm_str(q->name);
	pkt = name == NULL ? NULL
			   : ldns_pkt_query_new(name, type_of(kind),
						LDNS_RR_CLASS_IN, 0);
	if (pkt == NULL) {
		ldns_rdf_deep_free(name);
		return false;
	}
	ok = write_packet(q, pkt, client);
	ldns_pkt_free(pkt);
	return ok;
}

/* Does it repeat what was asked?  RFC 5452, 9.1 */
static bool is_asked(const struct client_query *q, const ldns_pkt *pkt)
{
	const ldns_rr *rr;
	char *owner;
	bool same;

	if (ldns_pkt_qdcount(pkt) != 1)
		return false;
	rr = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
	owner = ldns_rdf2str(ldns_rr_owner(rr));
	same = owner != NULL && strcasecmp(owner, q->name) == 0 &&
	       ldns_rr_get_type(rr) == type_of(q->kind) &&
	       ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN;
	LDNS_FREE(owner);
	return same;
}

static void take_address(const ldns_rdf *rdf, enum asked_kind kind,
			 struct said *said)
{
	struct net_addr addr = { kind == ASKED_A ? NET_V4 : NET_V6, { 0 } };

	if (ldns_rdf_size(rdf) != net_octets(addr.family) ||
	    said->count == SAID_ADDRESSES_MAX)
		return;
	memcpy(addr.octets, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
	said->addresses[said->count++] = addr;
}

static void take_alias(const ldns_rdf *rdf, struct said *said)
{
	char *text = ldns_rdf2str(rdf);

	for (size_t i = 0; text != NULL && text[i] != '\0'; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	snprintf(said->alias, sizeof(said->alias), "%.*s", SAID_NAME_SIZE - 1,
		 text == NULL ? "" : text);
	LDNS_FREE(text);
}

static void take_records(const struct client_query *q, const ldns_pkt *pkt,
			 struct said *said)
{
	const ldns_rr_list *list = ldns_pkt_answer(pkt);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_rr_get_type(rr) != type_of(q->kind) ||
		    ldns_rr_rd_count(rr) != 1)
			continue;
		if (q->kind == ASKED_CNAME)
			take_alias(ldns_rr_rdf(rr, 0), said);
		else
			take_address(ldns_rr_rdf(rr, 0), q->kind, said);
	}
}

static void take_options(const ldns_pkt *pkt, struct said *said)
{
	const ldns_rdf *rdf = ldns_pkt_edns_data(pkt);
	const uint8_t *at = rdf == NULL ? NULL : ldns_rdf_data(rdf);
	size_t left = rdf == NULL ? 0 : ldns_rdf_size(rdf);

	while (left >= OPTION_HEAD_OCTETS) {
		unsigned code = (unsigned)at[0] << 8 | at[1];
		size_t len = (size_t)at[2] << 8 | at[3];

		at += OPTION_HEAD_OCTETS;
		left -= OPTION_HEAD_OCTETS;
		if (len > left)
			return;
		if (code == ECS_OPTION)
			said->subnet = true;
		if (code == EDE_OPTION && len >= 2) {
			said->held |= at[0] == 0 && at[1] == EDE_STALE_ANSWER;
			/* Other Error: what a responder says of those. */
			said->deferred |= at[0] == 0 && at[1] == 0;
		}
		at += len;
		left -= len;
	}
}

static struct reply take(const struct client_query *q, const ldns_pkt *pkt,
			 struct said *said)
{
	struct reply reply = { .outcome = OUTCOME_OK };

	reply.rcode =
		(uint16_t)((unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4 |
			   ldns_pkt_get_rcode(pkt));
	if (!is_asked(q, pkt)) {
		/* One who could not read the question cannot repeat it. */
		if (ldns_pkt_qdcount(pkt) != 0 || reply.rcode == 0)
			return (struct reply){ .outcome = OUTCOME_UNKNOWN };
	}
	*said = (struct said){ .rcode = reply.rcode };
	reply.truncated = reply.rcode == RCODE_BADCOOKIE;
	take_records(q, pkt, said);
	take_options(pkt, said);
	return reply;
}

struct reply client_query_read(const struct client_query *q, const void *octets,
			       size_t len, struct said *said)
{
	ldns_pkt *pkt;
	struct reply reply = reply_open(q->id, octets, len, &pkt);

	if (pkt != NULL)
		reply = take(q, pkt, said);
	ldns_pkt_free(pkt);
	return reply;
}
