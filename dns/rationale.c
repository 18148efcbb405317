/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/rationale.h"

#include "dns/answer.h"
#include "dns/decision.h"
#include "dns/identity.h"
#include "dns/model.h"
#include "dns/resolve.h"
#include "dns/rrset.h"
#include "dns/steered.h"
#include "dns/table.h"
#include "dns/zones.h"
#include "policy/decide/frozen.h"
#include "policy/decide/geo.h"
#include "policy/decide/reason.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	STRING_MAX = 255,          /* RFC 1035, 3.3 */
	LINE_MAX = 3 * STRING_MAX, /* of one record */
	LAST_LINE_MAX = 100,       /* room kept for the last line */
	LINE_OCTETS_MAX = RR_FIXED_OCTETS + 3 + LINE_MAX,
	ROOM_MIN = RR_FIXED_OCTETS + 1 + LAST_LINE_MAX,
};

static const char debug_label[] = "\10_explain";

static const char line_cut[] = " (cut)";

/* What is being told. */
struct telling {
	struct answer *a;
	unsigned left_out; /* lines for which there was no room */
};

/* TTL 0: it was true when it was asked. */
static bool put_record(struct answer *a, const char *text, size_t len)
{
	uint8_t octets[LINE_OCTETS_MAX];
	struct wire w = wire_over(octets, sizeof(octets));
	struct rrset rrset = { .type = TYPE_TXT, .count = 1, .wire = octets };
	size_t strings = (len + STRING_MAX - 1) / STRING_MAX;

	wire_put_u16(&w, ZONE_QNAME_POINTER);
	wire_put_u16(&w, TYPE_TXT);
	wire_put_u16(&w, CLASS_CH);
	wire_put_u32(&w, 0);
	wire_put_u16(&w, (uint16_t)(len + strings));
	for (size_t at = 0; at < len; at += STRING_MAX) {
		size_t n = len - at < STRING_MAX ? len - at : STRING_MAX;

		wire_put_u8(&w, (uint8_t)n);
		wire_put(&w, (const uint8_t *)text + at, n);
	}
	rrset.len = (uint32_t)w.len;
	return reply_put(&a->reply, SECTION_ANSWER, &rrset, ZONE_QNAME_OFFSET);
}

static void tell(struct telling *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* One line; a long one is cut, and says so. */
static void tell(struct telling *t, const char *fmt, ...)
{
	char line[LINE_MAX + 1];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (len <= 0)
		return;
	if (len > LINE_MAX) {
		len = LINE_MAX;
		memcpy(line + LINE_MAX - (sizeof(line_cut) - 1), line_cut,
		       sizeof(line_cut));
	}
	if (t->left_out > 0 || !put_record(t->a, line, (size_t)len))
		t->left_out++;
}

/* Why there is nothing to explain. */
static void tell_plain(struct telling *t, const struct name *name,
		       const struct zone_match *match)
{
	const struct zone_node *node = match->node;
	char text[NAME_TEXT_SIZE];

	tell(t, "%s %s", name_text(name->octets, name->len, text),
	     node == NULL        ? "is in no zone that is served here"
	     : node->cut != NULL ? "is delegated to other servers"
	     : node->cname != NULL || node->dname != NULL
		     ? "is an alias for every client: ask for what it leads to"
	     : match->found == ZONE_MISSING
		     ? "does not exist"
		     : "is not steered: its records are the same for every "
		       "client");
}

/* Where endpoints differ in families: what A and AAAA queries get. */
static void tell_family(struct telling *t, const struct decision *d,
			const struct asking *any, enum net_family family)
{
	struct asking asking = *any;
	const char *type = family == NET_V4 ? "A" : "AAAA";
	struct pick pick;

	asking.having = policy_having(d->service, family);
	decision_pick(d, answer_model(t->a)->geo, &asking, &pick);
	if (pick.count == 0)
		tell(t, "answer %s: none", type);
	for (unsigned i = 0; i < pick.count; i++)
		tell(t, "answer %s %u: %s", type, i + 1,
		     d->service->endpoints[pick.endpoints[i]].name);
}

static void tell_answer(struct telling *t, const struct reasons *r,
			const struct decision *d, const struct asking *asking,
			const struct pick *pick)
{
	uint64_t v4 = policy_having(d->service, NET_V4);
	uint64_t v6 = policy_having(d->service, NET_V6);
	char text[REASON_SIZE];

	for (unsigned i = 0; i < pick->count; i++)
		tell(t, "answer %u: %s", i + 1,
		     reason_answer(r, pick->endpoints[i], text, sizeof(text)));
	if (pick->count == 0)
		tell(t, "answer: none");
	if (v4 == v6 || v4 == 0 || v6 == 0)
		return;
	tell_family(t, d, asking, NET_V4);
	tell_family(t, d, asking, NET_V6);
}

static void tell_freezes(struct telling *t, const struct reasons *r)
{
	const struct command *freeze = NULL;
	char text[REASON_SIZE];

	while ((freeze = frozen_next(r->view, (size_t)r->service, freeze)) !=
	       NULL)
		tell(t, "frozen: %s",
		     reason_freeze(freeze, text, sizeof(text)));
}

static void tell_endpoints(struct telling *t, const struct reasons *r)
{
	const struct policy_service *service =
		&r->view->policy->services[r->service];
	const struct plan_demand *demand = r->view->services[r->service].demand;
	char text[REASON_SIZE], endpoint[REASON_SIZE];

	for (size_t i = 0; i < service->endpoint_count; i++)
		tell(t, "%s %s: %s",
		     reason_endpoint(r, i, endpoint, sizeof(endpoint)),
		     reason_label(r->trace->endpoints[i].step),
		     reason_text(r, i, text, sizeof(text)));
	if (r->row->note != ROW_PLAIN)
		tell(t, "note: %s", row_note_name((enum row_note)r->row->note));
	tell(t, "service: %s", reason_service(r, text, sizeof(text)));
	tell_freezes(t, r);
	if (demand != NULL)
		tell(t, "demand: %s",
		     reason_demand(demand, text, sizeof(text)));
}

static void tell_client(struct telling *t, const struct net_addr *client,
			const struct geo_match *match,
			const struct client_class *class)
{
	const struct net_prefix network = { net_mask(client, match->bits),
					    match->bits };
	char address[NET_TEXT_SIZE], around[NET_TEXT_SIZE];

	tell(t, "client: %s, %s is all of client class %u, country %s",
	     net_addr_text(client, address), net_prefix_text(&network, around),
	     match->class_id,
	     class->country[0] != '\0' ? class->country
	     : class->unknown          ? "unknown"
				       : "not looked at");
}

/* What else the answer carries, and by which policy and plan. */
static void tell_rest(struct telling *t, const struct reasons *r,
		      const struct decision *d, const struct pick *pick,
		      uint8_t scope_bits)
{
	const struct policy_ttl *ttl = &d->service->ttl;
	const struct view *view = r->view;
	uint32_t ttl_s = steered_ttl_until_s(ttl, pick->entries->changing, 0,
					     table_ttl_s(t->a->table,
							 (size_t)r->service));

	tell(t, "scope: /%u%s", scope_bits,
	     pick->row->draw ? " (a draw: others may get another endpoint)"
			     : "");
	tell(t, "ttl: %u s (steady %u s, changing %u s)", ttl_s, ttl->steady_s,
	     ttl->changing_s);
	tell(t, "policy: %.16s, plan %llu/%llu", view->policy->digest,
	     (unsigned long long)view->plan_epoch,
	     (unsigned long long)view->plan_sequence);
}

static void tell_service(struct telling *t, int service)
{
	struct answer *a = t->a;
	const struct geo *geo = answer_model(a)->geo;
	const struct decision *d = table_decision(a->table, (size_t)service);
	const struct net_addr *client = query_client(a->query, &a->in->peer);
	const struct asking asking = {
		.client = client,
		.random = a->in->random,
		.having = UINT64_MAX,
	};
	const struct geo_match match = geo_find(geo, client);
	const struct client_class *class = geo_class(geo, match.class_id);
	struct chain_trace trace;
	const struct row row = chain_row(a->in->view->policy, a->in->view,
					 (size_t)service, class, &trace);
	const struct reasons reasons = {
		.view = a->in->view,
		.service = service,
		.row = &row,
		.trace = &trace,
	};
	struct pick pick;
	uint8_t scope_bits;

	decision_pick(d, geo, &asking, &pick);
	scope_bits = decision_scope(d, geo, client, pick.row);
	tell_answer(t, &reasons, d, &asking, &pick);
	tell_endpoints(t, &reasons);
	tell_client(t, client, &match, class);
	tell_rest(t, &reasons, d, &pick, scope_bits);
	/* Clients around him who get the same need not do so for the same
	 * reasons. */
	if (client != &a->in->peer)
		a->reply.edns.scope_bits =
			scope_bits > match.bits ? scope_bits : match.bits;
}

/* The question's name without the label in front. */
static void tell_name(struct telling *t)
{
	const struct name *qname = &t->a->query->qname;
	struct location at;
	struct name name;

	if (!name_from_wire(qname->octets + qname->at[1],
			    (size_t)(qname->len - qname->at[1]), &name))
		return;
	at = zones_locate(answer_model(t->a)->zones, &name);
	if (at.match.node == NULL || at.match.node->cut != NULL ||
	    at.match.found == ZONE_MISSING || at.match.node->service < 0)
		tell_plain(t, &name, &at.match);
	else if (t->a->in->view->policy != answer_model(t->a)->policy)
		tell(t, "another policy is just being taken over: ask again");
	else
		tell_service(t, at.match.node->service);
}

bool rationale_is_asked(const struct answer *a)
{
	const struct identity *identity = a->in->identity;
	const struct name *qname = &a->query->qname;

	return identity != NULL && identity->asker_count > 0 &&
	       (a->qtype == TYPE_TXT || a->qtype == TYPE_ANY) &&
	       qname->labels > 1 &&
	       memcmp(qname->octets, debug_label, sizeof(debug_label) - 1) ==
		       0 &&
	       identity_tells_why(identity, &a->in->peer);
}

void rationale_put(struct answer *a)
{
	struct telling t = { .a = a };
	struct wire *w = &a->reply.w;

	if (!a->in->stream || a->in->view == NULL ||
	    w->cap - w->len < ROOM_MIN) {
		a->reply.tc = true;
		return;
	}
	a->reply.aa = true;
	w->cap -= ROOM_MIN;
	tell_name(&t);
	w->cap += ROOM_MIN;
	if (t.left_out > 0) {
		unsigned lines = t.left_out;

		t.left_out = 0;
		tell(&t, "cut: %u more lines; ask by windrose explain --node",
		     lines);
	}
}
