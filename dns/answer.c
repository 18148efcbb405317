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

#include "dns/resolve.h"

static bool is_meta(uint16_t qtype)
{
	return qtype >= TYPE_TKEY && qtype <= TYPE_MAILA;
}

/* A query that could be read: may we say anything of this name? */
static void answer_question(struct answer *a)
{
	const struct query *q = a->query;

	if (q->qclass != CLASS_IN)
		answer_refuse(a, EDE_NOT_AUTHORITATIVE, "only class IN");
	else if (is_meta(q->qtype))
		answer_refuse(a, EDE_PROHIBITED, "no transfers");
	else
		resolve(a);
}

static void dispatch(struct answer *a, enum query_verdict verdict)
{
	switch (verdict) {
	case QUERY_OK:
		answer_question(a);
		break;
	case QUERY_FORMERR:
		a->reply.rcode = RCODE_FORMERR;
		break;
	case QUERY_NOTIMP:
		a->reply.rcode = RCODE_NOTIMP;
		break;
	case QUERY_BADVERS:
		a->reply.rcode = RCODE_BADVERS;
		break;
	case QUERY_DROP:
		break;
	}
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

	*outcome = (struct answer_outcome){ 0 };
	if (verdict == QUERY_DROP || cap < ANSWER_CAP_MIN)
		return 0;
	*outcome = (struct answer_outcome){
		.ecs = q.has_ecs,
		.dnssec_ok = q.dnssec_ok,
		.service = -1,
		.endpoint = -1,
		.region = -1,
	};
	a.qtype = q.qtype;
	reply_begin(&a.reply, in->query, &q, out,
		    size_limit(&q, in->stream, cap));
	dispatch(&a, verdict);
	len = reply_end(&a.reply);
	outcome->rcode = (uint8_t)a.reply.rcode;
	outcome->truncated = a.reply.tc;
	return len;
}
