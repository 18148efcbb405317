/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock -- the only reader of time.
 *
 * Shell: event-loop turns read it once and pass the value down; pure modules
 * never include it.
 */
#ifndef POLICY_BASE_CLOCK_H
#define POLICY_BASE_CLOCK_H

#include <stdint.h>

/* Monotonic milliseconds: for intervals and deadlines. */
int64_t clock_now_ms(void);

/* Monotonic nanoseconds: for measuring. */
int64_t clock_now_ns(void);

/* What the calling thread has had of a processor: for what it may use up. */
int64_t clock_thread_ns(void);

/* Milliseconds since 1970-01-01 UTC: for what people and files are told. */
int64_t clock_wall_ms(void);
int64_t clock_wall_ns(void);

/* Seconds of the same modulo 2^32: for what has a stamp of 32 bits. */
uint32_t clock_wall_s(void);

/* The wall clock less the monotonic one: another one when it was set. */
int64_t clock_ahead_ms(void);

enum { CLOCK_TEXT_SIZE = 48 };

/* RFC 3339 in UTC, "2026-11-21T03:12:09.500Z", into buf, which is returned. */
const char *clock_wall_text(int64_t wall_ms, char buf[CLOCK_TEXT_SIZE]);

#endif
