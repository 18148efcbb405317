/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_request -- requests of this process that wait for their answers.
 *
 * The channel reply:ID is subscribed before the request is published, so that
 * no answer is missed.  A request is published once; when the link breaks
 * after that, its channel is subscribed again and the wait goes on.  Shell.
 */
#ifndef POLICY_BUS_REDIS_REQUEST_H
#define POLICY_BUS_REDIS_REQUEST_H

#include "policy/bus/redis_session.h"

struct redis_requests;

/* session is borrowed.  NULL: out of memory. */
struct redis_requests *redis_requests_new(struct redis_session *session);

/* False when too many are open or memory runs out: nobody will reply. */
bool redis_request_open(struct redis_requests *requests, const char *id,
			struct bus_octets octets, int64_t timeout_ms,
			bus_reply *reply, void *arg);

/* The session came up: subscribes for all. */
void redis_requests_up(struct redis_requests *requests);

/* A message of the channel reply:ID. */
void redis_requests_answer(struct redis_requests *requests, const char *id,
			   const char *octets, size_t len);

/* Accepts NULL.  After the links are closed; nobody is called. */
void redis_requests_free(struct redis_requests *requests);

#endif
