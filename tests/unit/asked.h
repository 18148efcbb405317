/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked -- a query in words, put to a table, and what came back.
 *
 * Who asks is "-" (10.1.1.1), an address, "tcp" (10.1.1.1 again), or "tls" (the
 * same, encrypted).  Behind a slash stands whom: "/on", "/off", "/required" is
 * a responder with that policy of cookies that tells who it is; it is then the
 * time of RFC 9018, A.2.
 */
#ifndef TESTS_UNIT_ASKED_H
#define TESTS_UNIT_ASKED_H

#include "dns/answer.h"
#include "tests/unit/ask.h"

struct asked {
	uint8_t query[ASK_OCTETS_MAX], answer[ASK_OCTETS_MAX];
	size_t len;
	struct answer_outcome outcome;
	char text[ASK_TEXT_SIZE];
};

/* Returns a->text.  Aborts on words that are not known. */
const char *asked_put(const struct table *table, struct asked *a,
		      const char *from, const char *words);

/* Gives the responder that identity; NULL: none. */
void asked_identity(struct answer_input *input, const char *word);

#endif
