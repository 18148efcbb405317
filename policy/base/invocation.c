/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/invocation.h"

#include "policy/base/error.h"

#include <stdarg.h>
#include <stdio.h>

enum { WORDS_MAX = 256 };

static enum program_status print_usage(const struct invocation *call, FILE *out)
{
	fprintf(out, "usage: windrose %s%s%s\n", call->command,
		call->usage[0] == '\0' ? "" : " ", call->usage);
	option_print(call->rows, call->row_count, out);
	return out == stdout ? PROGRAM_OK : PROGRAM_USAGE;
}

enum program_status invocation_refuse(const struct invocation *call,
				      const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "windrose %s: ", call->command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	return print_usage(call, stderr);
}

enum program_status invocation_read(const struct invocation *call, int argc,
				    char **argv, const char **operands)
{
	const char *found[WORDS_MAX];
	struct error err;
	int count;

	if (argc > WORDS_MAX)
		return invocation_refuse(call, "more than %d words", WORDS_MAX);
	count = option_parse(call->rows, call->row_count, argc, argv, found,
			     &err);
	if (*call->help)
		return print_usage(call, stdout);
	if (count < 0)
		return invocation_refuse(call, "%s", err.text);
	if ((size_t)count > call->operands)
		return invocation_refuse(call, "\"%s\" is one word too many",
					 found[call->operands]);
	if ((size_t)count < call->operands)
		return print_usage(call, stderr);
	for (size_t i = 0; i < call->operands; i++)
		operands[i] = found[i];
	return PROGRAM_GO;
}
