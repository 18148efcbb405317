/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a query: parsed (dns/query), judged, resolved through the zone
 * (dns/resolve, and dns/steered for services), each step writing whole RRsets
 * into the reply (dns/reply), which ends with OPT and the counts.
 *
 * What it costs: a static answer is one copy and fold of the name, one hash
 * and probe, one copy of the RRset; NXDOMAIN adds a probe per label up to the
 * zone's depth; a steered one adds the class lookup, the scope lookup when the
 * query has ECS, and a hash per endpoint where the row is a draw.
 */
#include "dns/answer.h"

#include "dns/chaos.h"
#include "dns/identity.h"
#include "dns/resolve.h"

/* What QTYPEs stand for no RRset. */
enum qtype_kind {
	QTYPE_RRSET,     /* and ANY, of them */
	QTYPE_NOT_ASKED, /* only ever in other places of a message */
	QTYPE_TRANSFER,
	QTYPE_MAIL, /* obsolete: RFC 1035, 3.2.3 */
};

static enum qtype_kind qtype_kind_of(uint16_t qtype)
{
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
	a->reply.ede = why;
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

/*
 * Where cookies are required, or the rate is too high, data goes over UDP only
 * to clients that are no forgery.  Those that know cookies learn theirs (RFC
 * 7873, 5.2.3); others are sent to TCP: answered as usual, a forger would but
 * leave the cookie out.
 */
static bool turn_away(struct answer *a)
{
	const struct identity *identity = a->in->identity;

	if (a->in->stream || a->cookie == COOKIE_GOOD ||
	    (!a->in->turned_away &&
	     (identity == NULL || identity->cookies != COOKIES_REQUIRED)))
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

static void dispatch(struct answer *a, enum query_verdict verdict)
{
	switch (verdict) {
	case QUERY_OK:
		if (!turn_away(a))
			answer_question(a);
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

/* What OPT carries, and of what kind the query's cookie is. */
static void settle_options(struct answer *a)
{
	const struct answer_input *in = a->in;
	const struct query *q = a->query;
	struct edns *edns = &a->reply.edns;

	if (!q->edns)
		return;
	edns->padded = in->encrypted && q->has_padding;
	if (in->stream && q->has_keepalive && !q->keepalive_timed) {
		edns->has_keepalive = true;
		edns->keepalive_ds = tenths_of(in->keepalive_ms);
	}
	if (in->identity != NULL && q->has_nsid && in->identity->nsid.len > 0)
		edns->nsid = &in->identity->nsid;
	if (has_cookies(in) && q->has_cookie) {
		a->cookie = cookie_turn(&q->cookie, &in->identity->secrets,
					&in->peer, in->now_s, edns->cookie);
		edns->has_cookie = true;
	}
	reply_keep_room(&a->reply);
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

size_t answer_query(const struct table *table, const struct answer_input *in,
		    uint8_t *out, size_t cap, struct answer_outcome *outcome)
{
	struct query q;
	enum query_verdict verdict = query_parse(in->query, in->len, &q);
	struct answer a = {
		.table = table,
		.in = in,
		.query = &q,
		.outcome = outcome,
	};
	size_t len;

	if (verdict == QUERY_DROP || cap < ANSWER_CAP_MIN) {
		*outcome = (struct answer_outcome){ 0 };
		return 0;
	}
	*outcome = (struct answer_outcome){
		.ecs = q.has_ecs,
		.dnssec_ok = q.dnssec_ok,
		.zone = -1,
		.service = -1,
		.endpoint = -1,
		.region = -1,
	};
	a.qtype = q.qtype;
	verdict = judge_options(in, &q, verdict);
	reply_begin(&a.reply, in->query, &q, out,
		    size_limit(&q, in->stream, cap));
	settle_options(&a);
	dispatch(&a, verdict);
	len = reply_end(&a.reply);
	outcome->rcode = (uint8_t)a.reply.rcode;
	outcome->truncated = a.reply.tc;
	outcome->proven = a.cookie == COOKIE_GOOD;
	outcome->kind = kind_of(&a);
	return len;
}
