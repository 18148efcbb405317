/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_session.h"

#include <stdio.h>

#include <event2/util.h>
#include <hiredis/hiredis.h>

const char *redis_key(const struct redis_session *s, const char *name,
		      const char *id, char *buf)
{
	snprintf(buf, REDIS_KEY_SIZE, "windrose:{%s}:%s%s", s->url.env, name,
		 id);
	return buf;
}

bool redis_failed(const redisReply *reply)
{
	return reply == NULL || reply->type == REDIS_REPLY_ERROR;
}

struct timeval redis_jitter(int64_t ms)
{
	uint16_t random = 0;
	int64_t jittered_ms;

	evutil_secure_rng_get_bytes(&random, sizeof(random));
	jittered_ms = ms * 3 / 4 + ms / 2 * random / UINT16_MAX;
	return (struct timeval){
		.tv_sec = jittered_ms / 1000,
		.tv_usec = jittered_ms % 1000 * 1000,
	};
}
