/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage -- the small world with its zone signed, the same one not signed, and a
 * validator that knows the keys: for tests of signed answers.
 */
#ifndef TESTS_UNIT_STAGE_H
#define TESTS_UNIT_STAGE_H

#include "tests/unit/validator.h"
#include "tests/unit/world.h"

#include <stdbool.h>

struct stage {
	struct world world, plain; /* signed, and the same not signed */
	struct validator validator;
	unsigned judged, truncated;
};

struct question {
	const uint8_t *name; /* on the wire */
	size_t len;
	uint16_t type;
	uint32_t client; /* IPv4 */
	uint16_t size;   /* of UDP; 0: TCP */
	bool dnssec_ok;
};

/* The answer's octets into out; returns how many. */
size_t stage_ask(const struct world *world, const struct question *q,
		 uint8_t *out, size_t cap);

/* The answer as ldns reads it; the caller frees it. */
ldns_pkt *stage_asked(const struct world *world, const struct question *q);

/* Fails the test with the answer in full when it is not secure. */
void stage_judge(struct stage *stage, const struct question *q);

/* The first record of type, or NULL. */
ldns_rr *stage_first(ldns_rr_list *list, ldns_rr_type type);

/* For cmocka; *state is a struct stage. */
int stage_set_up(void **state);
int stage_tear_down(void **state);

#endif
