/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/chaos.h"

#include "dns/answer.h"
#include "dns/identity.h"
#include "dns/rationale.h"
#include "dns/resolve.h"
#include "dns/rrset.h"

static const struct chaos_name {
	const char *octets; /* in lower case, as on the wire */
	uint8_t len;
	bool version; /* which of the two texts */
} names[] = {
	{ "\2id\6server", sizeof("\2id\6server"), false },
	{ "\10hostname\4bind", sizeof("\10hostname\4bind"), false },
	{ "\7version\6server", sizeof("\7version\6server"), true },
	{ "\7version\4bind", sizeof("\7version\4bind"), true },
};

/* The text to tell, or NULL. */
static const struct identity_text *text_of(const struct identity *identity,
					   const struct name *qname)
{
	const struct identity_text *text;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!name_suffix_is(qname, 0, (const uint8_t *)names[i].octets,
				    names[i].len))
			continue;
		text = names[i].version ? &identity->version : &identity->name;
		return text->len > 0 ? text : NULL;
	}
	return NULL;
}

/* TTL 0: it tells of this server, not of the name.  RFC 4892, 3. */
static void put_text(struct answer *a, const struct identity_text *text)
{
	uint8_t octets[RR_FIXED_OCTETS + 1 + IDENTITY_TEXT_MAX];
	struct wire w = wire_over(octets, sizeof(octets));
	struct rrset rrset = { .type = TYPE_TXT, .count = 1, .wire = octets };

	wire_put_u16(&w, ZONE_QNAME_POINTER);
	wire_put_u16(&w, TYPE_TXT);
	wire_put_u16(&w, CLASS_CH);
	wire_put_u32(&w, 0);
	wire_put_u16(&w, (uint16_t)(1 + text->len));
	wire_put_u8(&w, text->len);
	wire_put(&w, text->octets, text->len);
	rrset.len = (uint32_t)w.len;
	answer_put(a, SECTION_ANSWER, &rrset, ZONE_QNAME_OFFSET);
}

void answer_chaos(struct answer *a)
{
	const struct identity_text *text =
		a->in->identity == NULL
			? NULL
			: text_of(a->in->identity, &a->query->qname);

	if (text == NULL && rationale_is_asked(a)) {
		rationale_put(a);
		return;
	}
	if (text == NULL || (a->qtype != TYPE_TXT && a->qtype != TYPE_ANY)) {
		answer_refuse(a, EDE_NOT_AUTHORITATIVE, "not told in CHAOS");
		return;
	}
	a->reply.aa = true;
	put_text(a, text);
}
