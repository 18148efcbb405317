/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expectation -- what a responder should answer one client, decided here by
 * what responders decide by (policy/decide), and what is to be thought of what
 * it did answer.
 *
 * How firm it is:
 *
 *   exactly  these endpoints' records and no others
 *   one of   where each query is drawn anew (`sticky: none`): records of some
 *            of these
 *   within   where two readers of the same reports may rightly differ, because
 *            what went before counts (a verdict that is held, an endpoint that
 *            is deferred, a latency that is remembered, panic): records of
 *            endpoints that residency leaves
 *
 * Whatever else holds, an answer outside of what residency leaves is wrong.
 * Pure.
 */
#ifndef HEALTH_EXPECTATION_H
#define HEALTH_EXPECTATION_H

#include "policy/base/net.h"
#include "policy/decide/chain.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked for: addresses of a family, or, of aliases, the other name. */
enum asked_kind { ASKED_A, ASKED_AAAA, ASKED_CNAME };

enum {
	SAID_ADDRESSES_MAX = POLICY_ANSWERS_MAX * POLICY_ADDRESSES_MAX,
	SAID_NAME_SIZE = 256,
	EXPECTATION_TEXT_SIZE = 160,
};

/* What an answer says. */
struct said {
	uint16_t rcode;
	bool subnet;   /* the client subnet was looked at: RFC 7871, 7.2.1 */
	bool held;     /* it says that health was not heard of lately */
	bool deferred; /* it says that too much is down to be taken out */
	struct net_addr addresses[SAID_ADDRESSES_MAX];
	size_t count;
	char alias[SAID_NAME_SIZE]; /* lower case, final dot; "": none */
};

/* Who asks for what. */
struct asking_for {
	size_t service;
	enum asked_kind kind;
	struct net_prefix client;
	const struct client_class *class; /* of client */
	bool young; /* who asks began less than VIEW_REMEMBER_MS ago: others
		     * remember more */
};

enum expectation_grade { EXPECT_EXACTLY, EXPECT_ONE_OF, EXPECT_WITHIN };

struct expectation {
	const struct policy *policy; /* borrowed */
	struct asking_for asking;
	enum expectation_grade grade;
	uint64_t set;     /* endpoints, by grade; 0: no record */
	uint64_t allowed; /* endpoints that residency leaves */
	struct chain_trace trace;
};

/* view is of policy. */
struct expectation expectation_of(const struct policy *policy,
				  const struct view *view,
				  const struct asking_for *asking);

enum judgement_kind {
	JUDGEMENT_AGREES,
	JUDGEMENT_DIFFERS, /* in what only the same policy and plan decide */
	JUDGEMENT_OUTSIDE, /* of what residency leaves, by the policy alone */
	JUDGEMENT_UNSURE,  /* it says what makes a difference rightful, or did
			    * not  look at the client */
};

struct judgement {
	enum judgement_kind kind;
	bool held; /* the answer said that health was not heard of */
	char text[EXPECTATION_TEXT_SIZE]; /* of those that are wrong */
};

struct judgement expectation_meets(const struct expectation *e,
				   const struct said *said);

/*
 * The kinds that a service can be asked for, by draw: A and AAAA in turn where
 * it has both.
 */
enum asked_kind asked_kind_of(const struct policy_service *service,
			      uint64_t draw);

#endif
