/* SPDX-License-Identifier: Apache-2.0 */
/*
 * story -- one .rpl file while it is told: its stage, the words of the line
 * that is told now, and how they are read.
 */
#ifndef TESTS_REPLAY_STORY_H
#define TESTS_REPLAY_STORY_H

#include "tests/replay/stage.h"

enum { STORY_WORDS_MAX = 32, STORY_LINE_OCTETS = 512 };

struct story {
	struct stage stage;
	const char *path;
	unsigned line;
	char *words[STORY_WORDS_MAX];
	unsigned count;
	const char *text; /* the line as written */
	unsigned *checked, *failed;
};

/* A story that cannot be read is a mistake of its author: ends at once. */
void story_broken(const struct story *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* Word i, which must be there; and is it this one? */
const char *story_word(const struct story *s, unsigned i);
bool story_is(const struct story *s, unsigned i, const char *text);

/* Word i as "250ms", "10s", "5m", "2h"; as "5%"; as a name. */
int64_t story_ms(const struct story *s, unsigned i);
double story_percent(const struct story *s, unsigned i);
int story_service(const struct story *s, unsigned i);
const struct stage_client *story_client(const struct story *s, unsigned i);
uint8_t story_endpoint(const struct story *s, int service, unsigned i);

/* SERVICE/ENDPOINT: the service into service[], the endpoint returned. */
const char *story_target(const struct story *s, unsigned i, char service[64]);

/* Word i, SERVICE/ENDPOINT, as its number in policy order. */
size_t story_number(const struct story *s, unsigned i);

/* The statement `expect ...`: one line of TAP. */
void story_expect(struct story *s);

#endif
