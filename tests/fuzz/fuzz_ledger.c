/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_ledger -- whatever is in a journal: a line that is taken for whole is so
 * to the octet, and the one written after it follows it.
 */
#include "steering/ledger.h"

#include "policy/base/error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void go_on(const struct ledger *ledger)
{
	json_t *event = json_pack("{s:s}", "what", "next");
	struct ledger walked = *ledger, next;
	struct ledger_line line;
	struct error err;
	size_t len;
	char *text = ledger_write(ledger, event, &len, &next, &err);

	if (text == NULL || !ledger_parse(text, len, &line, &err) ||
	    !ledger_follow(&walked, &line, &err) || walked.n != next.n ||
	    strcmp(walked.hash, next.hash) != 0)
		abort();
	text[len / 2] ^= 1;
	if (ledger_parse(text, len, &line, &err))
		abort();
	free(text);
	json_decref(event);
}

static void try_head(const char *text, size_t len)
{
	char again[LEDGER_HEAD_LEN + 1];
	struct ledger head, back;

	if (!ledger_parse_head(text, len, &head))
		return;
	ledger_write_head(&head, again);
	if (!ledger_parse_head(again, LEDGER_HEAD_LEN, &back) ||
	    back.n != head.n || strcmp(back.hash, head.hash) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const char *at = (const char *)octets, *end;
	struct ledger ledger = ledger_start();
	struct ledger_line line;
	struct error err;

	try_head(at, len);
	while (len > 0 && (end = memchr(at, '\n', len)) != NULL) {
		size_t size = (size_t)(end - at);

		if (ledger_parse(at, size, &line, &err) &&
		    ledger_follow(&ledger, &line, &err) &&
		    ledger.n < INT64_MAX / 16)
			go_on(&ledger);
		at = end + 1;
		len -= size + 1;
	}
	return 0;
}
