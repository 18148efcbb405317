/* SPDX-License-Identifier: Apache-2.0 */
/* forged_reply -- answers to a DNS query, right and wrong in many ways. */
#ifndef TESTS_UNIT_FORGED_REPLY_H
#define TESTS_UNIT_FORGED_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FORGED_REPLY_MAX = 1024 };

/* All zero: NOERROR, the question repeated, no records. */
struct forged_reply {
	unsigned rcode;
	const char *answers[3]; /* records as in a master file, up to NULL */
	bool other_id, no_qr, notify, truncated;
	const char *other_name;
	unsigned other_type, other_class;
	bool no_question, two_questions;
	size_t cut; /* octets left out at the end */
};

/* Into out; how many octets. */
size_t forged_reply_make(const struct forged_reply *plan, const uint8_t *query,
			 size_t len, uint8_t out[FORGED_REPLY_MAX]);

#endif
