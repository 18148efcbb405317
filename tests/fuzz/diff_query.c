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
#include "tests/unit/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

/* One message, as both read it. */
struct reading {
	const uint8_t *octets;
	size_t len;
	enum query_verdict ours;
	struct query query; /* filled unless ours is QUERY_DROP */
	ldns_status theirs;
	ldns_pkt *pkt;    /* when theirs is LDNS_STATUS_OK */
	size_t end;       /* where ldns ends reading, or the record it refuses
			   * begins */
	unsigned section; /* of that record: 0 is the question */
	bool astray; /* RDATA was not as long as RDLENGTH says to ldns, which
		      * goes on elsewhere */
	bool framed; /* it has an owner, RDLENGTH and as many octets */
	unsigned opts_before, opts; /* OPTs read: outside the additional
				     * section, and in it */
	bool opt_not_root, opt_options_bad, opt_subnet_bad, opt_cookie_bad;
};

static uint16_t u16_at(const struct reading *r, size_t at)
{
	return (uint16_t)(r->octets[at] << 8 | r->octets[at + 1]);
}

/* Beyond a name's own octets; 0 when there are not as many. */
static size_t name_end(const struct reading *r, size_t at)
{
	while (at < r->len && r->octets[at] != 0) {
		if (r->octets[at] >= 0xc0)
			return at + 2 <= r->len ? at + 2 : 0;
		at += 1u + r->octets[at];
	}
	return at < r->len ? at + 1 : 0;
}

/* Where the record at `at` ends, by its RDLENGTH; 0 beyond the message. */
static size_t record_end(const struct reading *r, size_t at)
{
	size_t fixed = name_end(r, at), end;

	if (fixed == 0 || fixed + 10 > r->len)
		return 0;
	end = fixed + 10 + u16_at(r, fixed + 8);
	return end <= r->len ? end : 0;
}

/* RFC 7871, 6 and 7.1: written as the sentences there. */
static bool subnet_is_good(const uint8_t *data, size_t len)
{
	unsigned family, source, octets, most;

	if (len < 4)
		return false;
	family = (unsigned)data[0] << 8 | data[1];
	source = data[2];
	octets = source / 8 + (source % 8 > 0);
	most = family == 1 ? 32 : family == 2 ? 128 : 0;
	if (family > 2 || source > most || data[3] != 0 || len != 4 + octets)
		return false;
	for (unsigned bit = source; bit < octets * 8; bit++)
		if (data[4 + bit / 8] & 0x80 >> bit % 8)
			return false;
	return true;
}

/* RFC 7873, 5.2: the first is judged, further ones are not. */
static bool cookie_is_good(size_t len)
{
	return len == 8 || (len >= 16 && len <= 40);
}

/* The options of an OPT of version 0, as RFC 6891, 6.1.2 lays them out. */
static void look_at_options(struct reading *r, const uint8_t *data, size_t len)
{
	unsigned subnets = 0, cookies = 0;

	for (size_t at = 0; at < len;) {
		size_t code, octets;

		if (len - at < 4)
			break;
		code = (size_t)data[at] << 8 | data[at + 1];
		octets = (size_t)data[at + 2] << 8 | data[at + 3];
		at += 4;
		if (octets > len - at) {
			r->opt_options_bad = true;
			return;
		}
		if (code == 8 &&
		    (subnets++ > 0 || !subnet_is_good(data + at, octets)))
			r->opt_subnet_bad = true;
		if (code == 10 && cookies++ == 0 && !cookie_is_good(octets))
			r->opt_cookie_bad = true;
		at += octets;
		if (at == len)
			return;
	}
	r->opt_options_bad = len > 0;
}

static void look_at_opt(struct reading *r, size_t at)
{
	size_t fixed = name_end(r, at);

	if (r->section < 3) {
		r->opts_before++;
		return;
	}
	r->opts++;
	r->opt_not_root |= r->octets[at] != 0;
	if (r->octets[fixed + 5] == 0) /* VERSION */
		look_at_options(r, r->octets + fixed + 10,
				u16_at(r, fixed + 8));
}

/* Reads record by record with ldns, to know where it ends and why. */
static void walk(struct reading *r)
{
	static const ldns_pkt_section sections[] = {
		LDNS_SECTION_QUESTION,
		LDNS_SECTION_ANSWER,
		LDNS_SECTION_AUTHORITY,
		LDNS_SECTION_ADDITIONAL,
	};

	r->end = 12;
	for (r->section = 0; r->section < 4; r->section++)
		for (unsigned n = u16_at(r, 4 + 2 * r->section); n > 0; n--) {
			size_t at = r->end;
			ldns_rr *rr = NULL;

			r->framed = r->section > 0 && record_end(r, at) > 0;
			if (ldns_wire2rr(&rr, r->octets, r->len, &r->end,
					 sections[r->section]) !=
			    LDNS_STATUS_OK) {
				r->end = at;
				return;
			}
			if (r->section > 0 && r->end != record_end(r, at))
				r->astray = true;
			else if (r->section > 0 &&
				 ldns_rr_get_type(rr) == LDNS_RR_TYPE_OPT)
				look_at_opt(r, at);
			ldns_rr_free(rr);
		}
}

static bool in_question_compressed(const struct reading *r)
{
	size_t at = 12;

	if (u16_at(r, 4) == 0)
		return false;
	while (at < r->len && r->octets[at] != 0) {
		if (r->octets[at] >= 0xc0)
			return true;
		at += 1u + r->octets[at];
	}
	return false;
}

static bool we_read(const struct reading *r)
{
	return r->ours != QUERY_FORMERR && r->ours != QUERY_DROP;
}

static bool they_read(const struct reading *r)
{
	return r->theirs == LDNS_STATUS_OK;
}

static bool is_astray(const struct reading *r)
{
	return r->astray;
}

static bool is_response(const struct reading *r)
{
	return r->ours == QUERY_DROP && r->len >= 12 && r->octets[2] & 0x80;
}

static bool other_opcode(const struct reading *r)
{
	unsigned opcode = r->octets[2] >> 3 & 15;

	return r->ours == (opcode == 4 || opcode == 5 ? QUERY_REFUSED
						      : QUERY_NOTIMP) &&
	       opcode != 0;
}

static bool many_questions(const struct reading *r)
{
	return r->ours == QUERY_FORMERR && they_read(r) && u16_at(r, 4) > 1;
}

static bool question_compressed(const struct reading *r)
{
	return r->ours == QUERY_FORMERR && they_read(r) &&
	       in_question_compressed(r);
}

static bool left_over(const struct reading *r)
{
	return r->ours == QUERY_FORMERR && they_read(r) && r->end < r->len;
}

static bool misplaced_opt(const struct reading *r)
{
	return r->ours == QUERY_FORMERR && they_read(r) && r->opts_before > 0;
}

static bool second_opt(const struct reading *r)
{
	return r->ours == QUERY_FORMERR && they_read(r) && r->opts > 1;
}

static bool owned_opt(const struct reading *r)
{
	return r->ours == QUERY_FORMERR && they_read(r) && r->opt_not_root;
}

static bool options_overrun(const struct reading *r)
{
	return r->ours == QUERY_FORMERR && they_read(r) && r->opt_options_bad;
}

static bool bad_subnet(const struct reading *r)
{
	return r->ours == QUERY_FORMERR && they_read(r) && r->opt_subnet_bad;
}

static bool bad_cookie(const struct reading *r)
{
	return r->ours == QUERY_FORMERR && they_read(r) && r->opt_cookie_bad;
}

/* Of a record that ldns refuses: does it read the owner at least? */
static bool owner_is_read(const struct reading *r)
{
	size_t at = r->end;
	ldns_rdf *owner = NULL;
	bool ok = ldns_wire2dname(&owner, r->octets, r->len, &at) ==
		  LDNS_STATUS_OK;

	ldns_rdf_deep_free(owner);
	return ok;
}

static bool odd_owner(const struct reading *r)
{
	return we_read(r) && !they_read(r) && r->section > 0 && r->framed &&
	       !owner_is_read(r);
}

static bool odd_rdata(const struct reading *r)
{
	return we_read(r) && !they_read(r) && r->section > 0 && r->framed &&
	       owner_is_read(r);
}

/* clang-format off */
static struct class {
	bool (*is)(const struct reading *r);
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
	{ bad_cookie, "RFC 7873, 5.2.2: a COOKIE of another length is "
		      "FORMERR; ldns does not look", 0 },
	{ left_over, "RFC 1035, 4.1: octets after the last record are of no "
		     "section; ldns leaves them", 0 },
	{ odd_owner, "RFC 1035, 4.1.3: who owns other records of a query "
		     "means nothing, no pointer is followed; ldns refuses", 0 },
	{ odd_rdata, "RFC 1035, 4.1.3: what other records of a query hold "
		     "means nothing; ldns refuses", 0 },
};
/* clang-format on */

static void fail(const struct reading *r, const char *what)
{
	printf("not ok 1 - %s: ours %d, theirs %s\n# ", what, (int)r->ours,
	       ldns_get_errorstr_by_id(r->theirs));
	for (size_t i = 0; i < r->len; i++)
		printf("%02x", r->octets[i]);
	printf("\n");
	exit(1);
}

static void compare_question(const struct reading *r)
{
	ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_question(r->pkt), 0);
	ldns_rdf *name = ldns_rdf_clone(ldns_rr_owner(rr));

	ldns_dname2canonical(name);
	if (ldns_rdf_size(name) != r->query.qname.len ||
	    memcmp(ldns_rdf_data(name), r->query.qname.octets,
		   r->query.qname.len) != 0)
		fail(r, "QNAME");
	ldns_rdf_deep_free(name);
	if ((uint16_t)ldns_rr_get_type(rr) != r->query.qtype ||
	    (uint16_t)ldns_rr_get_class(rr) != r->query.qclass)
		fail(r, "QTYPE or QCLASS");
	if (r->query.question_len != r->query.qname.len + 4)
		fail(r, "length of the question");
}

static bool has_option(const struct reading *r, unsigned code,
		       const uint8_t **data, size_t *len)
{
	const ldns_rdf *all = ldns_pkt_edns_data(r->pkt);
	const uint8_t *at = all == NULL ? NULL : ldns_rdf_data(all);
	size_t left = all == NULL ? 0 : ldns_rdf_size(all);

	while (left >= 4) {
		size_t octets = (size_t)at[2] << 8 | at[3];

		*data = at + 4;
		*len = octets;
		if (((unsigned)at[0] << 8 | at[1]) == code)
			return true;
		at += 4 + octets;
		left -= 4 + octets;
	}
	return false;
}

static void compare_options(const struct reading *r)
{
	const struct query *q = &r->query;
	const uint8_t *data = NULL;
	size_t len = 0;

	if (has_option(r, 8, &data, &len) != q->has_ecs)
		fail(r, "client subnet");
	if (q->has_ecs && (q->ecs.family != (data[0] << 8 | data[1]) ||
			   q->ecs.source_bits != data[2] ||
			   memcmp(q->ecs.addr.octets, data + 4, len - 4) != 0))
		fail(r, "client subnet's fields");
	if (has_option(r, 10, &data, &len) != q->has_cookie)
		fail(r, "cookie");
	if (q->has_cookie && (memcmp(q->cookie.client, data, 8) != 0 ||
			      q->cookie.server_octets != len - 8 ||
			      memcmp(q->cookie.server, data + 8, len - 8) != 0))
		fail(r, "cookie's octets");
	if (has_option(r, 3, &data, &len) != q->has_nsid)
		fail(r, "NSID");
	if (has_option(r, 11, &data, &len) != q->has_keepalive)
		fail(r, "keepalive");
	if (has_option(r, 12, &data, &len) != q->has_padding)
		fail(r, "padding");
}

/* Is there anything of what the classes of FORMERR are for? */
static bool breaks_rule(const struct reading *r)
{
	return u16_at(r, 4) > 1 || r->end < r->len || r->opts_before > 0 ||
	       r->opts > 1 || r->opt_not_root || r->opt_options_bad ||
	       r->opt_subnet_bad || r->opt_cookie_bad ||
	       in_question_compressed(r);
}

/* Both could read it, and the opcode is QUERY: all that is told is the same. */
static void compare(const struct reading *r)
{
	const struct query *q = &r->query;
	uint8_t version = ldns_pkt_edns_version(r->pkt);

	if (breaks_rule(r))
		fail(r, "a rule that is broken");
	if (u16_at(r, 2) != q->flags)
		fail(r, "flags");
	if ((r->ours == QUERY_EMPTY) !=
	    (u16_at(r, 4) == 0 && r->ours != QUERY_BADVERS))
		fail(r, "no question");
	if (u16_at(r, 4) == 1)
		compare_question(r);
	if (q->edns != (r->opts == 1))
		fail(r, "OPT");
	if (q->edns && (q->udp_size != ldns_pkt_edns_udp_size(r->pkt) ||
			q->dnssec_ok != ldns_pkt_edns_do(r->pkt)))
		fail(r, "OPT's size or DO");
	if ((r->ours == QUERY_BADVERS) != (q->edns && version != 0))
		fail(r, "version");
	if (r->ours != QUERY_BADVERS)
		compare_options(r);
}

static void explain(struct reading *r)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].is(r)) {
			classes[i].met++;
			return;
		}
	fail(r, "no class explains it");
}

/* How both read a message: 'b' both, 'n' neither, 'd' they differ. */
static char judge(const uint8_t *octets, size_t len)
{
	struct reading r = { .octets = octets, .len = len };
	char result = 'd';

	r.ours = query_parse(octets, len, &r.query);
	r.theirs = ldns_wire2pkt(&r.pkt, octets, len);
	if (len >= 12)
		walk(&r);
	if (len < 12 && r.ours == QUERY_DROP && !they_read(&r)) {
		result = 'n';
	} else if (is_response(&r) || other_opcode(&r) || r.astray) {
		explain(&r);
	} else if (we_read(&r) && they_read(&r)) {
		compare(&r);
		result = 'b';
	} else if (!we_read(&r) && !they_read(&r)) {
		result = 'n';
	} else {
		explain(&r);
	}
	if (they_read(&r))
		ldns_pkt_free(r.pkt);
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
