/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a query: parsed (dns/query), judged, resolved through the zone
 * (dns/resolve, and dns/steered for services), each step writing whole RRsets
 * into the reply (dns/reply), which ends with OPT and the counts.
 *
 * What an answer is made of is found in memory that is too large for the
 * caches, one place leading to the next: answering names one after the other
 * is waiting most of the time.  Taken in steps by the group (dns/datagram),
 * they wait together: of 10,000 static names one takes 130 ns instead of 310
 * on the machine at hand, of a steered one by a real city database 380 instead
 * of 670, for a tenth more instructions.
 *
 * The plainest answers are written by dns/express instead, in one go; it says
 * what that costs.
 */
#include "dns/answer.h"

#include "dns/chaos.h"
#include "dns/express.h"
#include "dns/identity.h"
#include "dns/model.h"
#include "dns/resolve.h"
#include "dns/table.h"
#include "policy/decide/geo.h"

/* What QTYPEs stand for no RRset. */
enum qtype_kind {
	QTYPE_RRSET,     /* and ANY, of them */
	QTYPE_NOT_ASKED, /* only ever in other places of a message */
	QTYPE_TRANSFER,
	QTYPE_MAIL, /* obsolete: RFC 1035, 3.2.3 */
};

static enum qtype_kind qtype_kind_of(uint16_t qtype)
{
	if (qtype < TYPE_OPT)
		return QTYPE_RRSET;
	switch (qtype) {
	case TYPE_OPT:
	case TYPE_NXNAME: /* RFC 9824, 3.5 */
	case TYPE_TKEY:
	case TYPE_TSIG:
		return QTYPE_NOT_ASKED;
	case TYPE_IXFR:
	case TYPE_AXFR:
		return QTYPE_TRANSFER;
	case TYPE_MAILB:
	case TYPE_MAILA:
		return QTYPE_MAIL;
	default:
		return QTYPE_RRSET;
	}
}

static void fail(struct answer *a, enum rcode rcode, struct ede why)
{
	a->reply.rcode = rcode;
	a->reply.edns.ede = why;
}

static void answer_class(struct answer *a)
{
	switch (a->query->qclass) {
	case CLASS_IN:
		resolve(a);
		break;
	case CLASS_CH:
		answer_chaos(a);
		break;
	default:
		answer_refuse(a, EDE_NOT_AUTHORITATIVE, "only class IN");
	}
}

/* A query that could be read: may we say anything of this name? */
static void answer_question(struct answer *a)
{
	switch (qtype_kind_of(a->query->qtype)) {
	case QTYPE_RRSET:
		answer_class(a);
		break;
	case QTYPE_NOT_ASKED:
		fail(a, RCODE_FORMERR,
		     (struct ede){ EDE_INVALID_QUERY_TYPE, "no such QTYPE" });
		break;
	case QTYPE_TRANSFER:
		answer_refuse(a, EDE_PROHIBITED, "no transfers");
		break;
	case QTYPE_MAIL:
		fail(a, RCODE_NOTIMP,
		     (struct ede){ EDE_NOT_SUPPORTED, "an obsolete QTYPE" });
		break;
	}
}

/* Does data go to none but clients that are no forgery? */
static bool wants_proof(const struct answer_input *in)
{
	bool required = in->identity != NULL &&
			in->identity->cookies == COOKIES_REQUIRED;

	return !in->stream && (required || in->turned_away);
}

/*
 * Where cookies are required, or the rate is too high, data goes over UDP only
 * to clients that are no forgery.  Those that know cookies learn theirs (RFC
 * 7873, 5.2.3); others are sent to TCP: answered as usual, a forger would but
 * leave the cookie out.
 */
static bool turn_away(struct answer *a)
{
	if (!wants_proof(a->in) || a->cookie == COOKIE_GOOD)
		return false;
	if (a->cookie == COOKIE_NONE)
		a->reply.tc = true;
	else
		a->reply.rcode = RCODE_BADCOOKIE;
	return true;
}

/* RFC 7873, 5.4: who has no question may be asking for a cookie. */
static void answer_empty(struct answer *a)
{
	a->reply.rcode = a->cookie == COOKIE_NONE  ? RCODE_FORMERR
			 : a->cookie == COOKIE_BAD ? RCODE_BADCOOKIE
						   : RCODE_NOERROR;
}

static void decline(struct answer *a, enum query_verdict verdict)
{
	switch (verdict) {
	case QUERY_OK: /* but turned away */
		break;
	case QUERY_EMPTY:
		answer_empty(a);
		break;
	case QUERY_FORMERR:
		a->reply.rcode = RCODE_FORMERR;
		break;
	case QUERY_NOTIMP:
		fail(a, RCODE_NOTIMP,
		     (struct ede){ EDE_NOT_SUPPORTED, "only opcode QUERY" });
		break;
	case QUERY_REFUSED:
		answer_refuse(a, EDE_PROHIBITED,
			      "zones change by their policy alone");
		break;
	case QUERY_BADVERS:
		a->reply.rcode = RCODE_BADVERS;
		break;
	case QUERY_DROP:
		break;
	}
}

static uint16_t tenths_of(uint32_t ms)
{
	return ms < UINT16_MAX * 100u ? (uint16_t)(ms / 100) : UINT16_MAX;
}

static bool has_cookies(const struct answer_input *in)
{
	return in->identity != NULL && in->identity->cookies != COOKIES_OFF;
}

/* What OPT carries beside a client subnet, and what the cookie is worth. */
static void settle_others(struct answer *a)
{
	const struct answer_input *in = a->in;
	const struct query *q = a->query;
	struct edns *edns = &a->reply.edns;

	edns->has_others = true;
	edns->padded = in->encrypted && q->has_padding;
	edns->has_keepalive =
		in->stream && q->has_keepalive && !q->keepalive_timed;
	edns->keepalive_ds = tenths_of(in->keepalive_ms);
	edns->nsid = in->identity != NULL && q->has_nsid &&
				     in->identity->nsid.len > 0
			     ? &in->identity->nsid
			     : NULL;
	edns->has_cookie = has_cookies(in) && q->has_cookie;
	if (edns->has_cookie)
		a->cookie = cookie_turn(&q->cookie, &in->identity->secrets,
					&in->peer, in->now_s, edns->cookie);
}

/*
 * What is malformed only where the option means something.  RFC 7828, 3.2.1:
 * over TCP, only we may name a time.  RFC 7873, 5.2 and 5.2.2: a cookie of no
 * cookie's length, but ignored where there are none.
 */
static enum query_verdict judge_options(const struct answer_input *in,
					const struct query *q,
					enum query_verdict verdict)
{
	bool malformed = (in->stream && q->keepalive_timed) ||
			 (has_cookies(in) && q->cookie_malformed);

	if (verdict != QUERY_OK && verdict != QUERY_EMPTY)
		return verdict;
	return malformed ? QUERY_FORMERR : verdict;
}

/* RFC 6891, 6.2.3 and 6.2.5: what the client takes, never below 512. */
static size_t size_limit(const struct query *q, bool stream, size_t cap)
{
	size_t limit = ANSWER_TCP_MAX;

	if (!stream)
		limit = q->udp_size > ANSWER_UDP_MAX  ? ANSWER_UDP_MAX
			: q->udp_size > DNS_PLAIN_MAX ? q->udp_size
						      : DNS_PLAIN_MAX;
	return limit < cap ? limit : cap;
}

static enum answer_kind kind_of(const struct answer *a)
{
	const struct reply *r = &a->reply;

	if (r->rcode != RCODE_NOERROR)
		return r->rcode == RCODE_NXDOMAIN ? ANSWER_NXDOMAIN
						  : ANSWER_ERROR;
	if (r->counts[SECTION_ANSWER] > 0 || r->tc)
		return ANSWER_DATA;
	if (a->outcome->account == NULL)
		return ANSWER_ERROR;
	return r->aa ? ANSWER_NODATA : ANSWER_REFERRAL;
}

/* The answer's beginning: what is known before it is known what is there. */
static void begin(struct answer *a, const struct plain *p,
		  const struct wire *out)
{
	a->table = p->table;
	a->in = p->in;
	a->query = p->query;
	a->zone = p->at.zone;
	a->match = p->at.match;
	a->qtype = p->query->qtype;
	a->cookie = COOKIE_NONE;
	a->outcome = p->outcome;
	reply_begin(&a->reply, p->in->query, p->query, out);
	if (p->query->has_others)
		settle_others(a);
	if (p->query->edns)
		reply_keep_room(&a->reply);
	*a->outcome = (struct answer_outcome){
		.ecs = p->query->has_ecs,
		.dnssec_ok = p->query->dnssec_ok,
		.zone = -1,
		.service = -1,
		.endpoint = -1,
		.region = -1,
	};
}

/* Any query, by the long way. */
static __attribute__((noinline)) size_t answer_any(const struct plain *p,
						   enum query_verdict verdict,
						   const struct wire *out)
{
	struct answer a;
	size_t len;

	if (p->query->has_others)
		verdict = judge_options(p->in, p->query, verdict);
	begin(&a, p, out);
	if (verdict == QUERY_OK && !turn_away(&a))
		answer_question(&a);
	else
		decline(&a, verdict);
	len = reply_end(&a.reply);
	a.outcome->rcode = (uint8_t)a.reply.rcode;
	a.outcome->truncated = a.reply.tc;
	a.outcome->proven = a.cookie == COOKIE_GOOD;
	a.outcome->kind = kind_of(&a);
	return len;
}

/* May the answer be one of the plainest?  dns/express finds out. */
static bool may_be_plain(const struct answer_input *in, const struct query *q)
{
	return !q->has_others && !in->long_way && !wants_proof(in);
}

void answer_read(const struct table *table, const struct answer_input *in,
		 struct answer_asked *asked)
{
	const struct model *model = table_model(table);
	const struct query *q = &asked->query;

	asked->verdict = query_parse(in->query, in->len, &asked->query);
	asked->zone = NULL;
	if (asked->verdict != QUERY_OK || q->qclass != CLASS_IN)
		return;
	asked->zone = zones_find(model->zones, &q->qname);
	if (asked->zone != NULL)
		asked->start = index_begin(&asked->zone->index, &q->qname);
	/* Others are the same few resolvers, who stay in the cache. */
	if (q->has_ecs)
		geo_fetch(model->geo, &q->ecs.addr);
}

void answer_seek(const struct table *table, const struct answer_asked *asked)
{
	if (asked->zone == NULL)
		return;
	index_fetch(&asked->zone->index, asked->start);
	if (asked->query.has_ecs)
		geo_fetch_next(table_model(table)->geo, &asked->query.ecs.addr);
}

size_t answer_write(const struct table *table, const struct answer_input *in,
		    const struct answer_asked *asked, uint8_t *out, size_t cap,
		    struct answer_outcome *outcome)
{
	const struct query *q = &asked->query;
	struct plain p = { table, in, q, { asked->zone, { 0 } }, outcome };
	struct wire w;
	size_t len;

	if (asked->verdict == QUERY_DROP || cap < ANSWER_CAP_MIN) {
		*outcome = (struct answer_outcome){ 0 };
		return 0;
	}
	w = wire_over(out, size_limit(q, in->stream, cap));
	if (asked->zone != NULL) {
		p.at.match =
			zone_find_from(asked->zone, &q->qname, asked->start);
		len = may_be_plain(in, q) ? express_answer(&p, &w) : 0;
		if (len > 0)
			return len;
	}
	/* Of a copy: what nobody else points at can stay in registers. */
	return answer_any(&(struct plain){ table, in, q, p.at, outcome },
			  asked->verdict, &w);
}

size_t answer_query(const struct table *table, const struct answer_input *in,
		    uint8_t *out, size_t cap, struct answer_outcome *outcome)
{
	struct answer_asked asked;

	answer_read(table, in, &asked);
	return answer_write(table, in, &asked, out, cap, outcome);
}
