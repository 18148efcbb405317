/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_parse() against ldns, on messages of tests/fuzz/forge: queries and
 * answers (made to look like queries), whole and damaged.  Where both can read
 * one, they read the same; where they differ, exactly one of the classes below
 * says why and which RFC is for it.  Nothing is left unexplained.
 *
 * WINDROSE_DIFF_PACKETS: how many, 300000 unless told.  WINDROSE_SEED: the
 * dice.  Prints how often each class was met.
 */
#include "dns/answer.h"
#include "dns/query.h"
#include "tests/fuzz/forge.h"
#include "tests/fuzz/reading.h"
#include "tests/unit/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

/* One message, as both read it. */
struct pair {
	enum query_verdict ours;
	struct query query; /* filled unless ours is QUERY_DROP */
	struct reading theirs;
};

static bool we_read(const struct pair *p)
{
	return p->ours != QUERY_FORMERR && p->ours != QUERY_DROP;
}

static bool they_read(const struct pair *p)
{
	return p->theirs.status == LDNS_STATUS_OK;
}

static bool is_astray(const struct pair *p)
{
	return p->theirs.astray;
}

static bool is_response(const struct pair *p)
{
	return p->ours == QUERY_DROP && p->theirs.len >= 12 &&
	       p->theirs.octets[2] & 0x80;
}

static bool other_opcode(const struct pair *p)
{
	unsigned opcode = p->theirs.octets[2] >> 3 & 15;

	return p->ours == (opcode == 4 || opcode == 5 ? QUERY_REFUSED
						      : QUERY_NOTIMP) &&
	       opcode != 0;
}

static bool many_questions(const struct pair *p)
{
	return p->ours == QUERY_FORMERR && they_read(p) &&
	       reading_u16(&p->theirs, 4) > 1;
}

static bool question_compressed(const struct pair *p)
{
	return p->ours == QUERY_FORMERR && they_read(p) &&
	       p->theirs.question_compressed;
}

static bool left_over(const struct pair *p)
{
	return p->ours == QUERY_FORMERR && they_read(p) &&
	       p->theirs.end < p->theirs.len;
}

static bool misplaced_opt(const struct pair *p)
{
	return p->ours == QUERY_FORMERR && they_read(p) &&
	       p->theirs.opts_before > 0;
}

static bool second_opt(const struct pair *p)
{
	return p->ours == QUERY_FORMERR && they_read(p) && p->theirs.opts > 1;
}

static bool owned_opt(const struct pair *p)
{
	return p->ours == QUERY_FORMERR && they_read(p) &&
	       p->theirs.opt_not_root;
}

static bool options_overrun(const struct pair *p)
{
	return p->ours == QUERY_FORMERR && they_read(p) &&
	       p->theirs.opt_options_bad;
}

static bool bad_subnet(const struct pair *p)
{
	return p->ours == QUERY_FORMERR && they_read(p) &&
	       p->theirs.opt_subnet_bad;
}

static bool odd_owner(const struct pair *p)
{
	return we_read(p) && !they_read(p) && p->theirs.section > 0 &&
	       p->theirs.framed && !reading_has_owner(&p->theirs);
}

static bool odd_rdata(const struct pair *p)
{
	return we_read(p) && !they_read(p) && p->theirs.section > 0 &&
	       p->theirs.framed && reading_has_owner(&p->theirs);
}

/* clang-format off */
static struct class {
	bool (*is)(const struct pair *p);
	const char *why;
	unsigned long met;
} classes[] = {
	{ is_response, "RFC 1035, 7.3: a response is not answered, "
		       "so it is not read; ldns reads", 0 },
	{ other_opcode, "RFC 1035, 4.1.1: another opcode is not implemented, "
			"however its sections are; ldns reads", 0 },
	{ is_astray, "RFC 1035, 3.2.1: RDATA ends where RDLENGTH says; ldns "
		     "goes on where its own reading of it ends", 0 },
	{ many_questions, "RFC 9619, 4: QDCOUNT above 1 is FORMERR; "
			  "ldns reads all", 0 },
	{ question_compressed, "RFC 1035, 4.1.4: before the question's name "
			       "there is none to point at; ldns follows", 0 },
	{ misplaced_opt, "RFC 6891, 6.1.1: OPT is in the additional section "
			 "alone; ldns takes it as data", 0 },
	{ second_opt, "RFC 6891, 6.1.1: a second OPT is FORMERR; "
		      "ldns takes the last", 0 },
	{ owned_opt, "RFC 6891, 6.1.2: OPT is the root's; "
		     "ldns does not look", 0 },
	{ options_overrun, "RFC 6891, 6.1.2: options end where RDATA does; "
			   "ldns keeps the octets unread", 0 },
	{ bad_subnet, "RFC 7871, 7.1.2: a malformed client subnet is FORMERR; "
		      "ldns does not look", 0 },
	{ left_over, "RFC 1035, 4.1: octets after the last record are of no "
		     "section; ldns leaves them", 0 },
	{ odd_owner, "RFC 1035, 4.1.3: who owns other records of a query "
		     "means nothing, no pointer is followed; ldns refuses", 0 },
	{ odd_rdata, "RFC 1035, 4.1.3: what other records of a query hold "
		     "means nothing; ldns refuses", 0 },
};
/* clang-format on */

static void fail(const struct pair *p, const char *what)
{
	printf("not ok 1 - %s: ours %d, theirs %s\n# ", what, (int)p->ours,
	       ldns_get_errorstr_by_id(p->theirs.status));
	for (size_t i = 0; i < p->theirs.len; i++)
		printf("%02x", p->theirs.octets[i]);
	printf("\n");
	exit(1);
}

static void compare_question(const struct pair *p)
{
	ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_question(p->theirs.pkt), 0);
	ldns_rdf *name = ldns_rdf_clone(ldns_rr_owner(rr));

	ldns_dname2canonical(name);
	if (ldns_rdf_size(name) != p->query.qname.len ||
	    memcmp(ldns_rdf_data(name), p->query.qname.octets,
		   p->query.qname.len) != 0)
		fail(p, "QNAME");
	ldns_rdf_deep_free(name);
	if ((uint16_t)ldns_rr_get_type(rr) != p->query.qtype ||
	    (uint16_t)ldns_rr_get_class(rr) != p->query.qclass)
		fail(p, "QTYPE or QCLASS");
	if (p->query.question_len != p->query.qname.len + 4)
		fail(p, "length of the question");
}

static void compare_options(const struct pair *p)
{
	const struct query *q = &p->query;
	const uint8_t *data = NULL;
	size_t len = 0;

	if (reading_option(&p->theirs, 8, &data, &len) != q->has_ecs)
		fail(p, "client subnet");
	if (q->has_ecs && (q->ecs.family != (data[0] << 8 | data[1]) ||
			   q->ecs.source_bits != data[2] ||
			   memcmp(q->ecs.addr.octets, data + 4, len - 4) != 0))
		fail(p, "client subnet's fields");
	/* RFC 7873, 5.2.2: another length is FORMERR where cookies are on. */
	if (q->cookie_malformed != p->theirs.opt_cookie_bad)
		fail(p, "malformed cookie");
	if (reading_option(&p->theirs, 10, &data, &len) !=
	    (q->has_cookie || q->cookie_malformed))
		fail(p, "cookie");
	if (q->has_cookie && (memcmp(q->cookie.client, data, 8) != 0 ||
			      q->cookie.server_octets != len - 8 ||
			      memcmp(q->cookie.server, data + 8, len - 8) != 0))
		fail(p, "cookie's octets");
	if (reading_option(&p->theirs, 3, &data, &len) != q->has_nsid)
		fail(p, "NSID");
	if (reading_option(&p->theirs, 11, &data, &len) != q->has_keepalive)
		fail(p, "keepalive");
	if (reading_option(&p->theirs, 12, &data, &len) != q->has_padding)
		fail(p, "padding");
}

/* Both could read it, and the opcode is QUERY: all that is told is the same. */
static void compare(const struct pair *p)
{
	const struct query *q = &p->query;
	uint8_t version = ldns_pkt_edns_version(p->theirs.pkt);

	if (reading_breaks_rule(&p->theirs))
		fail(p, "a rule that is broken");
	if (reading_u16(&p->theirs, 2) != q->flags)
		fail(p, "flags");
	if ((p->ours == QUERY_EMPTY) !=
	    (reading_u16(&p->theirs, 4) == 0 && p->ours != QUERY_BADVERS))
		fail(p, "no question");
	if (reading_u16(&p->theirs, 4) == 1)
		compare_question(p);
	if (q->edns != (p->theirs.opts == 1))
		fail(p, "OPT");
	if (q->edns && (q->udp_size != ldns_pkt_edns_udp_size(p->theirs.pkt) ||
			q->dnssec_ok != ldns_pkt_edns_do(p->theirs.pkt)))
		fail(p, "OPT's size or DO");
	if ((p->ours == QUERY_BADVERS) != (q->edns && version != 0))
		fail(p, "version");
	if (p->ours != QUERY_BADVERS)
		compare_options(p);
}

static void explain(struct pair *p)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].is(p)) {
			classes[i].met++;
			return;
		}
	fail(p, "no class explains it");
}

/* How both read a message: 'b' both, 'n' neither, 'd' they differ. */
static char judge(const uint8_t *octets, size_t len)
{
	struct pair p = { .ours = QUERY_DROP };
	char result = 'd';

	p.ours = query_parse(octets, len, &p.query);
	reading_init(&p.theirs, octets, len);
	if (len < 12 && p.ours == QUERY_DROP && !they_read(&p)) {
		result = 'n';
	} else if (is_response(&p) || other_opcode(&p) || is_astray(&p)) {
		explain(&p);
	} else if (we_read(&p) && they_read(&p)) {
		compare(&p);
		result = 'b';
	} else if (!we_read(&p) && !they_read(&p)) {
		result = 'n';
	} else {
		explain(&p);
	}
	reading_fini(&p.theirs);
	return result;
}

/* A query, or its answer with QR turned, damaged or not. */
static size_t draw(struct dice *dice, const struct table *table, uint8_t *out)
{
	static uint8_t query[FORGE_OCTETS_MAX];
	struct answer_outcome outcome;
	size_t len = forge_query(dice, out);

	if (dice_throw(dice, 3) == 0) {
		struct answer_input in = {
			.query = query,
			.len = len,
			.peer = net_from_v4(0x0a010101),
		};

		memcpy(query, out, len);
		len = answer_query(table, &in, out, FORGE_OCTETS_MAX, &outcome);
		out[2] &= dice_throw(dice, 8) > 0 ? 0x7f : 0xff;
	}
	if (dice_throw(dice, 8) > 0)
		len = forge_damage(dice, out, len, FORGE_OCTETS_MAX);
	return len;
}

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
	const char *text = getenv(variable);

	return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

int main(void)
{
	unsigned long packets = number_of("WINDROSE_DIFF_PACKETS", 300000);
	struct dice dice = { number_of("WINDROSE_SEED", 1035) };
	struct world world = world_new();
	unsigned long both = 0, neither = 0;

	printf("1..1\n");
	for (unsigned long i = 0; i < packets; i++) {
		static uint8_t octets[FORGE_OCTETS_MAX];
		size_t len = draw(&dice, world.table, octets);
		uint8_t *copy = malloc(len + 1); /* of exact size but one */
		char how;

		if (copy == NULL)
			abort();
		memcpy(copy, octets, len);
		how = judge(copy, len);
		both += how == 'b';
		neither += how == 'n';
		free(copy);
	}
	printf("# %9lu messages\n# %9lu read alike\n# %9lu by neither\n",
	       packets, both, neither);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		printf("# %9lu %s\n", classes[i].met, classes[i].why);
	printf("ok 1 - every difference to ldns is explained\n");
	world_free(&world);
	return 0;
}
