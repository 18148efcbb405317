/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/code.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static const struct code_part *const parts[] = {
	&code_input,    &code_values,   &code_clients, &code_checks,
	&code_services, &code_canaries, &code_records, &code_geo,
};

const struct code_row *code_row_at(size_t i)
{
	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
		if (i < parts[p]->count)
			return &parts[p]->rows[i];
		i -= parts[p]->count;
	}
	return NULL;
}

const struct code_row *code_row_of(unsigned code)
{
	const struct code_row *row;

	for (size_t i = 0; (row = code_row_at(i)) != NULL; i++)
		if (row->code == code)
			return row;
	return NULL;
}

const struct code_row *code_row_find(const char *text)
{
	unsigned code = 0;

	if (strncasecmp(text, "WR", 2) != 0)
		return NULL;
	for (size_t i = 2; i < CODE_TEXT_SIZE - 2; i++) {
		if (!isdigit((unsigned char)text[i]))
			return NULL;
		code = code * 10 + (unsigned)(text[i] - '0');
	}
	return text[CODE_TEXT_SIZE - 2] == '\0' ? code_row_of(code) : NULL;
}

const char *code_text(unsigned code, char buf[CODE_TEXT_SIZE])
{
	snprintf(buf, CODE_TEXT_SIZE, "WR%04u", code % 10000);
	return buf;
}
