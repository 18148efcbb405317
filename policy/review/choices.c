/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/choices.h"

#include "policy/base/hash.h"
#include "policy/decide/geo.h"

#include <stdlib.h>
#include <string.h>

enum { RRTYPE_A = 1, RRTYPE_AAAA = 28, RRTYPE_SVCB = 64, RRTYPE_HTTPS = 65 };

enum { DRAWS_MAX = 1024 };

/* A CNAME is what every type is answered with. */
static uint64_t having(const struct policy_service *service,
		       enum net_family family)
{
	uint64_t bits = policy_having(service, family);

	for (size_t i = 0; i < service->endpoint_count; i++)
		if (service->endpoints[i].cname != NULL)
			bits |= UINT64_C(1) << i;
	return bits;
}

/* The rows, each once; rows->numbers has them in order of arrival. */
static bool gather(struct choices *c, struct rows *rows)
{
	size_t kinds = c->side->vicinity->kind_count, count = 0;

	for (size_t i = 0; i < kinds; i++)
		if (rows->numbers[i] >= count)
			count = rows->numbers[i] + 1;
	c->list = calloc(count + 1, sizeof(*c->list));
	if (c->list == NULL)
		return false;
	for (size_t i = 0; i < kinds; i++)
		c->list[rows->numbers[i]] = rows->list[i];
	c->numbers = rows->numbers;
	rows->numbers = NULL;
	return true;
}

bool choices_open(struct choices *c, const struct rows_side *side, int service)
{
	struct rows rows;
	bool ok;

	*c = (struct choices){ .side = side };
	c->service = &side->subject->policy->services[service];
	c->having_v4 = having(c->service, NET_V4);
	c->having_v6 = having(c->service, NET_V6);
	ok = rows_open(&rows, side, service) && gather(c, &rows);
	memcpy(c->keys, rows.keys, sizeof(c->keys));
	rows_fini(&rows);
	return ok;
}

void choices_fini(struct choices *choices)
{
	free(choices->numbers);
	free(choices->list);
}

unsigned choices_draws(const struct policy_service *service, double count)
{
	if (service->sticky != STICKY_NONE || count <= 1)
		return 1;
	return count < DRAWS_MAX ? (unsigned)count : DRAWS_MAX;
}

bool choices_answer(const struct policy_service *s, uint16_t type)
{
	return type == 0 || type == RRTYPE_A || type == RRTYPE_AAAA ||
	       (type == RRTYPE_SVCB && s->svcb.at.line != 0) ||
	       (type == RRTYPE_HTTPS && s->https.at.line != 0);
}

static uint64_t draw_of(const struct policy_service *s,
			const struct choices_query *q)
{
	if (s->sticky == STICKY_NONE)
		return hash_mix(q->number);
	return hash_client(q->client, q->client->family == NET_V4
					      ? s->sticky_v4_bits
					      : s->sticky_v6_bits);
}

int choices_pick(const struct choices *c, const struct choices_query *q)
{
	struct share_want want = { .having = UINT64_MAX };
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	uint16_t class_id, kind;

	if (c->service == NULL)
		return CHOICES_NOBODY;
	class_id = geo_class_of(c->side->subject->geo, q->client);
	kind = c->side->vicinity->kind_of_class[class_id];
	want.answers = c->service->answers;
	if (q->type == RRTYPE_A)
		want.having = c->having_v4;
	if (q->type == RRTYPE_AAAA)
		want.having = c->having_v6;
	return share_pick_having(&c->list[c->numbers[kind]], c->keys,
				 draw_of(c->service, q), &want, picks) == 0
		       ? CHOICES_NOBODY
		       : picks[0];
}
