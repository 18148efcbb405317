/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/reading.h"

uint16_t reading_u16(const struct reading *r, size_t at)
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
	end = fixed + 10 + reading_u16(r, fixed + 8);
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
				reading_u16(r, fixed + 8));
}

/* Does the name at `at`, which ldns reads, lead to nothing but a pointer? */
static bool points_at_pointer(const struct reading *r, size_t at)
{
	while (r->octets[at] != 0 && r->octets[at] < 0xc0)
		at += 1u + r->octets[at];
	return r->octets[at] >= 0xc0 &&
	       r->octets[reading_u16(r, at) & 0x3fff] >= 0xc0;
}

/* The owner, and data of the types that RFC 3597, 4 lets be compressed. */
static void look_at_names(struct reading *r, size_t at, const ldns_rr *rr)
{
	ldns_rr_type type = ldns_rr_get_type(rr);
	size_t data = name_end(r, at) + 10;

	r->pointer_to_pointer |= points_at_pointer(r, at);
	if (type != LDNS_RR_TYPE_NS && type != LDNS_RR_TYPE_CNAME &&
	    type != LDNS_RR_TYPE_SOA && type != LDNS_RR_TYPE_MX)
		return;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *field = ldns_rr_rdf(rr, i);

		if (ldns_rdf_get_type(field) != LDNS_RDF_TYPE_DNAME) {
			data += ldns_rdf_size(field);
			continue;
		}
		r->pointer_to_pointer |= points_at_pointer(r, data);
		data = name_end(r, data);
	}
}

/* What stands at `at` and was read by ldns as rr. */
static void look_at_record(struct reading *r, size_t at, const ldns_rr *rr)
{
	if (r->end != record_end(r, at)) {
		r->astray = true;
		return;
	}
	look_at_names(r, at, rr);
	if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_OPT)
		look_at_opt(r, at);
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
		for (unsigned n = reading_u16(r, 4 + 2 * r->section); n > 0;
		     n--) {
			size_t at = r->end;
			ldns_rr *rr = NULL;

			r->framed = r->section > 0 && record_end(r, at) > 0;
			if (ldns_wire2rr(&rr, r->octets, r->len, &r->end,
					 sections[r->section]) !=
			    LDNS_STATUS_OK) {
				r->end = at;
				return;
			}
			if (r->section > 0)
				look_at_record(r, at, rr);
			ldns_rr_free(rr);
		}
}

static bool is_compressed(const struct reading *r)
{
	size_t at = 12;

	if (reading_u16(r, 4) == 0)
		return false;
	while (at < r->len && r->octets[at] != 0) {
		if (r->octets[at] >= 0xc0)
			return true;
		at += 1u + r->octets[at];
	}
	return false;
}

void reading_init(struct reading *r, const uint8_t *octets, size_t len)
{
	*r = (struct reading){ .octets = octets, .len = len };
	r->status = ldns_wire2pkt(&r->pkt, octets, len);
	if (len < 12)
		return;
	walk(r);
	r->question_compressed = is_compressed(r);
}

void reading_fini(struct reading *r)
{
	if (r->status == LDNS_STATUS_OK)
		ldns_pkt_free(r->pkt);
}

bool reading_breaks_rule(const struct reading *r)
{
	return reading_u16(r, 4) > 1 || r->end < r->len || r->opts_before > 0 ||
	       r->opts > 1 || r->opt_not_root || r->opt_options_bad ||
	       r->opt_subnet_bad || r->question_compressed;
}

bool reading_has_owner(const struct reading *r)
{
	size_t at = r->end;
	ldns_rdf *owner = NULL;
	bool ok = ldns_wire2dname(&owner, r->octets, r->len, &at) ==
		  LDNS_STATUS_OK;

	ldns_rdf_deep_free(owner);
	return ok;
}

bool reading_option(const struct reading *r, unsigned code,
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
