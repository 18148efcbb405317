/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/log.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The one process-wide setting: a log line has no owner to ask. */
static _Atomic int lowest = LOG_LEVEL_INFO;

static const char *const words[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};

void log_set_level(enum log_level level)
{
	atomic_store(&lowest, (int)level);
}

bool log_choose(const char *word, struct error *err)
{
	if (word == NULL)
		return true;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			log_set_level((enum log_level)i);
			return true;
		}
	error_set(err,
		  "option --log is \"%s\"; it must be debug, info, warn or "
		  "error",
		  word);
	return false;
}

void log_event(enum log_level level, const char *sub, const char *event,
	       const char *fmt, ...)
{
	char line[1024], when[48];
	size_t len;
	va_list ap;
	int n;

	if ((int)level < atomic_load(&lowest))
		return;
	n = snprintf(line, sizeof(line), "t=%s level=%s sub=%s event=%s ",
		     clock_wall_text(clock_wall_ms(), when), words[level], sub,
		     event);
	len = n < 0 ? 0 : (size_t)n;
	va_start(ap, fmt);
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	va_end(ap);
	if (n > 0)
		len += (size_t)n;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	/* A log that cannot be written has nobody left to tell. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

const char *log_quote(const char *text, char *buf, unsigned size)
{
	unsigned at = 0;

	buf[at++] = '"';
	for (const char *c = text; *c != '\0' && at + 3 < size; c++) {
		if (*c == '"' || *c == '\\')
			buf[at++] = '\\';
		buf[at++] = (unsigned char)*c < 0x20 ? ' ' : *c;
	}
	buf[at++] = '"';
	buf[at] = '\0';
	return buf;
}
