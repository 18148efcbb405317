/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_feed -- reading: subscribes, reads everything, applies notices, reads
 * everything again now and then.
 *
 * A follower subscribes to the notices of what it follows and to no others.
 * Notices are numbered where they are made: a gap has everything read at once.
 * Shell.
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

/* A message of a channel notify:KIND, or of the channel request. */
void redis_feed_notice(struct redis_feed *feed, const char *channel,
		       const char *notice, size_t len);
void redis_feed_request(struct redis_feed *feed, const char *frame, size_t len);

/*
 * The server said, in a put's answer, how many notices of plans there were: one
 * that did not come is found out.  0: it did not say.
 */
void redis_feed_plan_at(struct redis_feed *feed, uint64_t number);

/* Reads the plan again, if it is followed. */
void redis_feed_read_plan(struct redis_feed *feed);

/* The same of a bundle, which nobody tells of. */
void redis_feed_read_bundle(struct redis_feed *feed, const char *digest);

/* Accepts NULL. */
void redis_feed_free(struct redis_feed *feed);

#endif
