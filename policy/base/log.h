/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log -- one event, one line, to standard error, in logfmt:
 *
 *   t=2026-03-01T12:00:00.123Z level=info sub=dns event=reload digest=... ms=12
 *
 * Shell: writes to descriptor 2 with one write(2) a line, so lines of several
 * threads never mix.  Pure modules never log; the query path never does.
 */
#ifndef POLICY_BASE_LOG_H
#define POLICY_BASE_LOG_H

#include <stdbool.h>

struct error;

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR
};

/* Below level nothing is written; the start value is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/*
 * Sets the level from the word of --log: debug, info, warn, error; NULL leaves
 * it.  False with err set for another word.
 */
bool log_choose(const char *word, struct error *err);

/*
 * sub is the subsystem ("dns", "bus"), event a word ("reload"), fmt the
 * key=value pairs; quote text values with log_quote().
 */
void log_event(enum log_level level, const char *sub, const char *event,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* text in double quotes, quotes and control octets escaped, cut to size. */
const char *log_quote(const char *text, char *buf, unsigned size);

#endif
