/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_custody -- whatever is in a journal: a line that is taken for whole is
 * so to the octet, and the one written after it follows it.
 */
#include "steering/custody.h"

#include "policy/base/error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void go_on(const struct custody *custody)
{
	json_t *event = json_pack("{s:s}", "what", "next");
	struct custody walked = *custody, next;
	struct custody_line line;
	struct error err;
	size_t len;
	char *text = custody_write(custody, event, &len, &next, &err);

	if (text == NULL || !custody_parse(text, len, &line, &err) ||
	    !custody_follow(&walked, &line, &err) || walked.n != next.n ||
	    strcmp(walked.hash, next.hash) != 0)
		abort();
	text[len / 2] ^= 1;
	if (custody_parse(text, len, &line, &err))
		abort();
	free(text);
	json_decref(event);
}

static void try_head(const char *text, size_t len)
{
	char again[CUSTODY_HEAD_LEN + 1];
	struct custody head, back;

	if (!custody_parse_head(text, len, &head))
		return;
	custody_write_head(&head, again);
	if (!custody_parse_head(again, CUSTODY_HEAD_LEN, &back) ||
	    back.n != head.n || strcmp(back.hash, head.hash) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const char *at = (const char *)octets, *end;
	struct custody custody = custody_start();
	struct custody_line line;
	struct error err;

	try_head(at, len);
	while (len > 0 && (end = memchr(at, '\n', len)) != NULL) {
		size_t size = (size_t)(end - at);

		if (custody_parse(at, size, &line, &err) &&
		    custody_follow(&custody, &line, &err) &&
		    custody.n < INT64_MAX / 16)
			go_on(&custody);
		at = end + 1;
		len -= size + 1;
	}
	return 0;
}
