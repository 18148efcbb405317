/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t clock_now_ms(void)
{
	return read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_thread_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_wall_ms(void)
{
	return read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

uint32_t clock_wall_s(void)
{
	return (uint32_t)(clock_wall_ms() / 1000);
}

int64_t clock_ahead_ms(void)
{
	return clock_wall_ms() - clock_now_ms();
}

const char *clock_wall_text(int64_t wall_ms, char buf[CLOCK_TEXT_SIZE])
{
	time_t s = (time_t)(wall_ms / 1000);
	char day[32] = "?";
	struct tm tm;

	if (gmtime_r(&s, &tm) != NULL)
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, CLOCK_TEXT_SIZE, "%s.%03dZ", day, (int)(wall_ms % 1000));
	return buf;
}
