/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the search of a text in a probe's answer: "TEXT\nBODY", the body fed
 * in pieces of 1, 2, 3... octets, must find what memmem(3) finds in one piece.
 */
#include "health/match.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	const uint8_t *line = len == 0 ? NULL : memchr(octets, '\n', len);
	size_t text_len, at, piece = 1;
	struct match m;
	char *text;

	if (line == NULL)
		return 0;
	text_len = (size_t)(line - octets);
	text = strndup((const char *)octets, text_len);
	if (text == NULL || !match_init(&m, text))
		abort();
	for (at = text_len + 1; at < len; at += piece++) {
		size_t left = len - at;

		match_feed(&m, octets + at, piece < left ? piece : left);
	}
	if (m.found !=
	    (memmem(line + 1, len - text_len - 1, text, strlen(text)) != NULL))
		abort();
	match_fini(&m);
	free(text);
	return 0;
}
