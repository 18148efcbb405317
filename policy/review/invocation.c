/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/invocation.h"

#include "policy/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 256 };

static enum review_status print_usage(const struct invocation *call, FILE *out)
{
	fprintf(out, "usage: windrose %s%s%s\n", call->command,
		call->usage[0] == '\0' ? "" : " ", call->usage);
	option_print(call->rows, call->row_count, out);
	return out == stdout ? REVIEW_FINE : REVIEW_USAGE;
}

enum review_status invocation_refuse(const struct invocation *call,
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

enum review_status invocation_read(const struct invocation *call, int argc,
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
	if ((size_t)count != call->operands)
		return print_usage(call, stderr);
	memcpy(operands, found, call->operands * sizeof(*operands));
	return REVIEW_GO;
}
