/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/rehearsal.h"

#include "dns/answer.h"
#include "dns/model.h"
#include "dns/name.h"
#include "dns/table.h"
#include "dns/wire.h"
#include "policy/decide/sample.h"
#include "policy/language/policy.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One service of the policy before. */
struct scene {
	char *fqdn;        /* owned */
	uint64_t answered; /* clients that got an answer, a bit each */
};

struct rehearsal {
	struct net_addr clients[REHEARSAL_CLIENTS];
	size_t client_count;
	struct scene *scenes; /* owned */
	size_t scene_count;
};

enum { QUERY_SIZE = 12 + NAME_OCTETS_MAX + 4 };

static_assert(REHEARSAL_CLIENTS <= 64, "a bit each");

/* RFC 1035, 4.1: one question of class IN; 0 when it is no name. */
static size_t write_query(const char *fqdn, uint16_t qtype,
			  uint8_t query[QUERY_SIZE])
{
	struct wire w = wire_over(query, QUERY_SIZE);
	struct name name;

	if (!name_from_text(fqdn, &name))
		return 0;
	wire_put_u16(&w, 0);
	wire_put_u16(&w, 0);
	wire_put_u16(&w, 1);
	for (int i = 0; i < 3; i++)
		wire_put_u16(&w, 0);
	wire_put(&w, name.octets, name.len);
	wire_put_u16(&w, qtype);
	wire_put_u16(&w, 1);
	return wire_ok(&w) ? w.len : 0;
}

static bool is_answered(const struct table *table, const char *fqdn,
			const struct net_addr *client, uint16_t qtype)
{
	uint8_t query[QUERY_SIZE], reply[ANSWER_UDP_MAX];
	struct answer_input in = {
		.query = query,
		.len = write_query(fqdn, qtype, query),
		.peer = *client,
	};
	struct answer_outcome outcome;

	/* An answer that is cut short is one: the client asks again by TCP. */
	return answer_query(table, &in, reply, sizeof(reply), &outcome) > 0 &&
	       outcome.rcode == 0 && outcome.kind == ANSWER_DATA;
}

/* Which clients get an address of either family. */
static uint64_t ask(const struct rehearsal *r, const struct table *table,
		    const char *fqdn)
{
	uint64_t answered = 0;

	for (size_t i = 0; i < r->client_count; i++)
		if (is_answered(table, fqdn, &r->clients[i], TYPE_A) ||
		    is_answered(table, fqdn, &r->clients[i], TYPE_AAAA))
			answered |= UINT64_C(1) << i;
	return answered;
}

/* Evenly from the first to the last. */
static bool choose_clients(struct rehearsal *r, const struct geo *geo)
{
	struct samples samples;
	size_t count;

	if (!samples_find(geo, &samples))
		return false;
	count = samples.count < REHEARSAL_CLIENTS ? samples.count
						  : REHEARSAL_CLIENTS;
	for (size_t i = 0; i < count; i++)
		r->clients[i] =
			sample_client(&samples.list[i * samples.count / count],
				      i)
				.addr;
	r->client_count = count;
	samples_fini(&samples);
	return true;
}

static bool ask_before(struct rehearsal *r, const struct table *before)
{
	const struct policy *policy = table_model(before)->policy;

	r->scenes = calloc(policy->service_count + 1, sizeof(*r->scenes));
	for (size_t i = 0; r->scenes != NULL && i < policy->service_count;
	     i++) {
		struct scene *scene = &r->scenes[r->scene_count++];

		scene->fqdn = strdup(policy->services[i].fqdn);
		if (scene->fqdn == NULL)
			return false;
		scene->answered = ask(r, before, scene->fqdn);
	}
	return r->scenes != NULL;
}

struct rehearsal *rehearsal_new(const struct table *before,
				const struct geo *geo)
{
	struct rehearsal *r = calloc(1, sizeof(*r));

	if (r != NULL && choose_clients(r, geo) && ask_before(r, before))
		return r;
	rehearsal_free(r);
	return NULL;
}

static bool has_service(const struct policy *policy, const char *fqdn)
{
	for (size_t i = 0; i < policy->service_count; i++)
		if (strcmp(policy->services[i].fqdn, fqdn) == 0)
			return true;
	return false;
}

static unsigned count_bits(uint64_t bits)
{
	unsigned count = 0;

	for (; bits != 0; bits &= bits - 1)
		count++;
	return count;
}

uint32_t rehearsal_mute(const struct rehearsal *r, const struct table *after,
			char *text, size_t size)
{
	const struct policy *policy = table_model(after)->policy;
	uint32_t mute = 0;

	text[0] = '\0';
	for (size_t i = 0; i < r->scene_count; i++) {
		const struct scene *scene = &r->scenes[i];
		uint64_t lost = scene->answered;

		if (lost == 0 || !has_service(policy, scene->fqdn))
			continue;
		lost &= ~ask(r, after, scene->fqdn);
		if (lost == 0)
			continue;
		if (mute++ == 0)
			snprintf(text, size,
				 "%.100s answers nothing to %u of %u clients "
				 "that got an answer",
				 scene->fqdn, count_bits(lost),
				 count_bits(scene->answered));
	}
	return mute;
}

void rehearsal_free(struct rehearsal *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->scene_count; i++)
		free(r->scenes[i].fqdn);
	free(r->scenes);
	free(r);
}
