/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as a policy file to be formatted: they are refused, or what comes
 * of them says the same, has no blanks at the ends and is its own form.
 */
#include "policy/base/error.h"
#include "policy/review/format.h"
#include "policy/review/likeness.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

/* assert() may be compiled out; a fuzzer must notice. */
static void expect(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct error err;
	size_t once_len, twice_len;
	char *once = format_text((const char *)octets, len, &once_len, &err);
	char *twice;

	if (once == NULL) {
		expect(err.text[0] != '\0');
		return 0;
	}
	expect(once_len == strlen(once));
	expect(once_len == 0 || once[once_len - 1] == '\n');
	expect(once[0] != '\n');
	twice = format_text(once, once_len, &twice_len, &err);
	expect(twice != NULL && twice_len == once_len &&
	       memcmp(once, twice, once_len) == 0);
	free(twice);
	free(once);
	return 0;
}
