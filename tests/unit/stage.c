/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/stage.h"

#include "dns/answer.h"
#include "dns/name.h"
#include "dns/query.h"
#include "dns/wire.h"
#include "policy/language/policy.h"
#include "tests/unit/both_ways.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static size_t write_query(const struct question *q, uint8_t *out, size_t cap)
{
	struct wire w = wire_over(out, cap);

	wire_put_u16(&w, 0x4242);
	wire_put_u16(&w, 0);
	wire_put_u16(&w, 1);
	wire_put_u32(&w, 0);
	wire_put_u16(&w, 1);
	wire_put(&w, q->name, q->len);
	wire_put_u16(&w, q->type);
	wire_put_u16(&w, CLASS_IN);
	wire_put_u8(&w, 0);
	wire_put_u16(&w, TYPE_OPT);
	wire_put_u16(&w, q->size == 0 ? 1232 : q->size);
	wire_put_u32(&w, q->dnssec_ok ? 0x8000 : 0);
	wire_put_u16(&w, 0);
	assert_true(wire_ok(&w));
	return w.len;
}

size_t stage_ask(const struct world *world, const struct question *q,
		 uint8_t *out, size_t cap)
{
	uint8_t query[512];
	struct answer_outcome outcome;
	struct answer_input input = {
		.query = query,
		.len = write_query(q, query, sizeof(query)),
		.peer = net_from_v4(q->client),
		.stream = q->size == 0,
	};

	return both_ways(world->table, &input, out, cap, &outcome);
}

ldns_pkt *stage_asked(const struct world *world, const struct question *q)
{
	static uint8_t out[ANSWER_TCP_MAX];
	size_t len = stage_ask(world, q, out, sizeof(out));
	ldns_pkt *pkt = NULL;

	assert_int_equal(ldns_wire2pkt(&pkt, out, len), LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_edns_do(pkt), q->dnssec_ok);
	return pkt;
}

void stage_judge(struct stage *s, const struct question *q)
{
	ldns_pkt *pkt = stage_asked(&s->world, q);
	const char *wrong = validator_judge(&s->validator, pkt);

	if (wrong != NULL) {
		ldns_pkt_print(stderr, pkt);
		fail_msg("%s", wrong);
	}
	s->judged++;
	s->truncated += ldns_pkt_tc(pkt) ? 1 : 0;
	ldns_pkt_free(pkt);
}

ldns_rr *stage_first(ldns_rr_list *list, ldns_rr_type type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == type)
			return ldns_rr_list_rr(list, i);
	return NULL;
}

int stage_set_up(void **state)
{
	static struct stage s;
	ldns_pkt *pkt;
	struct name apex;

	s.world = world_new_signed();
	s.plain = world_new();
	assert_true(name_from_text(s.world.policy->zones[0].name, &apex));
	pkt = stage_asked(&s.world, &(struct question){
					    .name = apex.octets,
					    .len = apex.len,
					    .type = LDNS_RR_TYPE_DNSKEY,
					    .size = ANSWER_UDP_MAX,
					    .dnssec_ok = true,
				    });
	assert_false(ldns_pkt_tc(pkt));
	validator_add(&s.validator, pkt);
	ldns_pkt_free(pkt);
	*state = &s;
	return 0;
}

int stage_tear_down(void **state)
{
	struct stage *s = *state;

	validator_fini(&s->validator);
	world_free(&s->world);
	world_free(&s->plain);
	return 0;
}
