/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_feed -- reading: subscribes, reads everything, applies notices, reads
 * everything again now and then.
 *
 * A key is fetched at most once at a time; a notice that comes meanwhile has
 * it fetched once more.  Values are read up to their limit and no further, so
 * whatever somebody stored cannot fill our memory.  Shell.
 */
#ifndef POLICY_BUS_REDIS_FEED_H
#define POLICY_BUS_REDIS_FEED_H

#include "policy/bus/redis_session.h"

struct redis_feed;

/* session is borrowed.  NULL: out of memory. */
struct redis_feed *redis_feed_new(struct redis_session *session);
void redis_feed_follow(struct redis_feed *feed,
		       const struct bus_follower *follower);

/* The session came up, or went down: its follower is told. */
void redis_feed_up(struct redis_feed *feed);
void redis_feed_down(struct redis_feed *feed);

/* A message of the channel notify or request. */
void redis_feed_notice(struct redis_feed *feed, const char *notice, size_t len);
void redis_feed_request(struct redis_feed *feed, const char *frame, size_t len);

/* Accepts NULL. */
void redis_feed_free(struct redis_feed *feed);

#endif
