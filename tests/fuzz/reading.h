/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading -- a message as ldns reads it, and what it is that breaks a rule of
 * the RFCs which ldns does not hold.
 *
 * Written from the RFCs, without a line of what is tested.
 */
#ifndef TESTS_FUZZ_READING_H
#define TESTS_FUZZ_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

struct reading {
	const uint8_t *octets; /* borrowed */
	size_t len;
	ldns_status status;
	ldns_pkt *pkt; /* when status is LDNS_STATUS_OK */
	size_t end;    /* where it ends, or the record that is refused begins */
	unsigned section; /* of that record: 0 is the question, 4 the end */
	bool astray; /* RDATA was not as long as RDLENGTH says to ldns, which
		      * goes on elsewhere */
	bool framed; /* the record has an owner and as many octets as it says */
	bool question_compressed;
	bool pointer_to_pointer;    /* in an owner, or data that is a name */
	unsigned opts_before, opts; /* OPTs: outside the additional section, and
				     * in it */
	bool opt_not_root, opt_options_bad, opt_subnet_bad, opt_cookie_bad;
};

/* reading_fini() is due. */
void reading_init(struct reading *r, const uint8_t *octets, size_t len);
void reading_fini(struct reading *r);

/* The two octets at `at`, which are there. */
uint16_t reading_u16(const struct reading *r, size_t at);

/* Is there anything in it that demands FORMERR, though ldns reads it? */
bool reading_breaks_rule(const struct reading *r);

/* Of a record that ldns refuses: does it read the owner at least? */
bool reading_has_owner(const struct reading *r);

/* The first option of that code; false when there is none. */
bool reading_option(const struct reading *r, unsigned code,
		    const uint8_t **data, size_t *len);

#endif
