/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release_request -- what a person wants of a roll-out: to publish a policy, or
 * to take back what is on its way.  Pure.
 */
#ifndef STEERING_RELEASE_REQUEST_H
#define STEERING_RELEASE_REQUEST_H

#include "steering/release.h"

struct error;
struct json_t;

#define RELEASE_HELD_WHY "safety.confirm: publish needs a second person"

enum { RELEASE_FRESH_MS = 60000 }; /* how far its time may be off ours */

/* What a person wants. */
struct release_request {
	bool abort;                       /* else to publish */
	bool forced;                      /* though it failed before */
	bool may_silence;                 /* though clients lose answers */
	char digest[RELEASE_DIGEST_SIZE]; /* abort: ""; whatever is on its way
					   */
	char author[RELEASE_NAME_SIZE];
	char reason[RELEASE_REASON_SIZE];
	char key[RELEASE_KEY_SIZE]; /* that signed it; "": none did.  Its
				     * reader's to set */
	int64_t wall_made_ms;
};

/* From JSON, as it came in; what is not known in it is refused. */
bool release_request_read(const struct json_t *json,
			  struct release_request *out, struct error *err);

/*
 * Takes a request on; one that is to wait for a second person is then held, and
 * else none is.  False with err set, unchanged, when it cannot be.
 */
bool release_ask(struct release *r, const struct release_request *request,
		 const struct release_input *in, struct audit *audit,
		 struct error *err);

/* Lets go of one that nobody else asked for in time. */
void release_request_expire(struct release *r, const struct release_input *in,
			    struct audit *audit);

#endif
