/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/questions.h"

#include "policy/base/hash.h"
#include "policy/base/net.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUESTION_MAX = 512,
	UDP_SIZE = 1232,
	TYPE_A = 1,
	TYPE_OPT = 41,
	OPTION_ECS = 8,
	RCODE_NXDOMAIN = 3,
};

/* clang-format off */
const struct question_kind question_kinds[] = {
	{ "static",          NAMES_STATIC,  CLIENT_NONE, 1, 0 },
	{ "static-plain",    NAMES_STATIC,  CLIENT_NONE, 0, 0 },
	{ "nxdomain",        NAMES_ABSENT,  CLIENT_NONE, 1, RCODE_NXDOMAIN },
	{ "nxdomain-plain",  NAMES_ABSENT,  CLIENT_NONE, 0, RCODE_NXDOMAIN },
	{ "steered-v4",      NAMES_STEERED, CLIENT_V4,   1, 0 },
	{ "steered-v6",      NAMES_STEERED, CLIENT_V6,   1, 0 },
	{ "steered-no-ecs",  NAMES_STEERED, CLIENT_NONE, 1, 0 },
	{ "signed-static",   NAMES_STATIC,  CLIENT_NONE, 2, 0 },
	{ "signed-nxdomain", NAMES_ABSENT,  CLIENT_NONE, 2, RCODE_NXDOMAIN },
	{ "signed-steered",  NAMES_STEERED, CLIENT_V4,   2, 0 },
	{ NULL, NAMES_STATIC, CLIENT_NONE, 0, 0 },
};
/* clang-format on */

/* What the queries of a plan are made with. */
struct workshop {
	const struct question_plan *plan;
	uint8_t apex[256]; /* wire form */
	size_t apex_octets;
	struct net_prefix *subnets;
	size_t subnet_count;
	uint64_t seed;
};

const struct question_kind *question_kind_find(const char *name)
{
	for (const struct question_kind *k = question_kinds; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static uint64_t draw(struct workshop *w)
{
	return hash_mix(w->seed += UINT64_C(0x9e3779b97f4a7c15));
}

static size_t put_u16(uint8_t *out, unsigned value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return 2;
}

static size_t put_label(uint8_t *out, const char *label, size_t len)
{
	out[0] = (uint8_t)len;
	memcpy(out + 1, label, len);
	return len + 1;
}

static bool set_apex(struct workshop *w)
{
	const char *at = w->plan->zone;

	while (*at != '\0') {
		size_t len = strcspn(at, ".");

		if (len == 0 || len > 63 || w->apex_octets + len > 200)
			return false;
		w->apex_octets += put_label(w->apex + w->apex_octets, at, len);
		at += len + (at[len] == '.');
	}
	w->apex[w->apex_octets++] = 0;
	return true;
}

static size_t put_name(struct workshop *w, uint8_t *out)
{
	char label[32];
	size_t at;

	switch (w->plan->kind->names) {
	case NAMES_STATIC:
		snprintf(label, sizeof(label), "host-%06" PRIu64,
			 (draw(w) >> 32) * w->plan->hosts >> 32);
		break;
	case NAMES_ABSENT:
		snprintf(label, sizeof(label), "%016" PRIx64, draw(w));
		break;
	case NAMES_STEERED:
		snprintf(label, sizeof(label), "www");
		break;
	}
	at = put_label(out, label, strlen(label));
	memcpy(out + at, w->apex, w->apex_octets);
	return at + w->apex_octets;
}

/* RFC 7871, 6: as many octets of the address as the prefix has begun. */
static size_t put_subnet(struct workshop *w, uint8_t *out)
{
	const struct net_prefix *p =
		&w->subnets[(draw(w) >> 32) * w->subnet_count >> 32];
	size_t octets = (p->bits + 7u) / 8, at = 0;

	at += put_u16(out + at, OPTION_ECS);
	at += put_u16(out + at, (unsigned)(4 + octets));
	at += put_u16(out + at, p->addr.family == NET_V4 ? 1 : 2);
	out[at++] = p->bits;
	out[at++] = 0;
	memcpy(out + at, p->addr.octets, octets);
	return at + octets;
}

static size_t put_opt(struct workshop *w, uint8_t *out)
{
	size_t at = 0, data_at;

	out[at++] = 0;
	at += put_u16(out + at, TYPE_OPT);
	at += put_u16(out + at, UDP_SIZE);
	at += put_u16(out + at, 0);
	at += put_u16(out + at, w->plan->kind->edns == 2 ? 0x8000 : 0);
	data_at = at += 2;
	if (w->plan->kind->client != CLIENT_NONE)
		at += put_subnet(w, out + at);
	put_u16(out + data_at - 2, (unsigned)(at - data_at));
	return at;
}

static size_t put_question(struct workshop *w, uint8_t *out)
{
	size_t at = 4;

	memset(out, 0, at);
	at += put_u16(out + at, 1);
	at += put_u16(out + at, 0);
	at += put_u16(out + at, 0);
	at += put_u16(out + at, w->plan->kind->edns > 0);
	at += put_name(w, out + at);
	at += put_u16(out + at, TYPE_A);
	at += put_u16(out + at, 1);
	if (w->plan->kind->edns > 0)
		at += put_opt(w, out + at);
	return at;
}

/* Lines are "NETWORK COUNTRY"; those of the other family are passed over. */
static bool read_subnets(struct workshop *w)
{
	enum net_family family =
		w->plan->kind->client == CLIENT_V6 ? NET_V6 : NET_V4;
	FILE *in = fopen(w->plan->subnets, "r");
	char word[NET_TEXT_SIZE];
	size_t room = 0;

	if (in == NULL)
		return false;
	while (fscanf(in, "%63s %*s", word) == 1) {
		struct net_prefix p;

		if (!net_prefix_parse(word, &p, NULL) ||
		    p.addr.family != family)
			continue;
		if (w->subnet_count == room) {
			struct net_prefix *more;

			room = room == 0 ? 4096 : room * 2;
			more = realloc(w->subnets, room * sizeof(*more));
			if (more == NULL)
				break;
			w->subnets = more;
		}
		w->subnets[w->subnet_count++] = p;
	}
	fclose(in);
	return w->subnet_count > 0;
}

static bool make_all(struct workshop *w, struct questions *out)
{
	size_t at = 0, room = 0;

	out->starts = calloc(w->plan->count + 1, sizeof(*out->starts));
	if (out->starts == NULL)
		return false;
	for (size_t i = 0; i < w->plan->count; i++) {
		if (at + QUESTION_MAX > room) {
			uint8_t *more;

			room = room == 0 ? 1 << 20 : room * 2;
			more = realloc(out->octets, room);
			if (more == NULL || room > UINT32_MAX)
				return false;
			out->octets = more;
		}
		at += put_question(w, out->octets + at);
		out->starts[i + 1] = (uint32_t)at;
	}
	out->count = w->plan->count;
	return true;
}

int questions_make(const struct question_plan *plan, struct questions *out)
{
	struct workshop w = { .plan = plan, .seed = plan->seed };
	const char *trouble = NULL;

	*out = (struct questions){ 0 };
	if (!set_apex(&w) || plan->hosts == 0)
		trouble = "no domain name, or no hosts";
	else if (plan->kind->client != CLIENT_NONE &&
		 (plan->subnets == NULL || !read_subnets(&w)))
		trouble = "no file of subnets, or none of this family in it";
	else if (!make_all(&w, out))
		trouble = "out of memory";
	free(w.subnets);
	if (trouble == NULL)
		return 1;
	fprintf(stderr, "%s queries of %s: %s\n", plan->kind->name, plan->zone,
		trouble);
	questions_fini(out);
	return 0;
}

void questions_fini(struct questions *questions)
{
	free(questions->octets);
	free(questions->starts);
	*questions = (struct questions){ 0 };
}
