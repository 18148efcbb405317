/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people and programs write, on its way to a terminal, and keys on their
 * way from it: the first octet tells how many columns there are.
 */
#include "steering/runbook/glyph.h"
#include "steering/runbook/key.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct key_state keys = { .page = 24 };
	char *text, out[200];

	if (len == 0)
		return 0;
	text = malloc(len);
	if (text == NULL)
		abort();
	memcpy(text, octets + 1, len - 1);
	text[len - 1] = '\0';
	for (int utf8 = 0; utf8 < 2; utf8++) {
		if (glyph_copy(text, *octets, utf8, out, sizeof(out)) > *octets)
			abort();
		for (const char *at = out; *at != '\0'; at++)
			if ((unsigned char)*at < 0x20 || *at == 0x7f)
				abort();
	}
	key_take(&keys, text, len - 1);
	if (memchr(keys.filter, '\0', sizeof(keys.filter)) == NULL)
		abort();
	free(text);
	return 0;
}
