/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explanation -- one client's answer from one service, and which rule, report
 * or command each step came from: as text for people, as JSON for programs.
 *
 * Shell: prints.
 */
#ifndef POLICY_REVIEW_EXPLANATION_H
#define POLICY_REVIEW_EXPLANATION_H

#include "policy/review/subject.h"

struct explanation {
	const struct subject *subject; /* borrowed */
	int service;
	struct net_addr client;
	const struct scenario *scenario; /* that was supposed; borrowed */
	uint64_t deferred; /* endpoints that health would leave in all the same
			    */
	bool panic;        /* for this client, if health said the same */
	struct geo_match match;
	const struct client_class *class; /* of subject's geo */
	struct row row;
	struct chain_trace trace;
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	unsigned pick_count;
	/* Where endpoints differ in families: what A and AAAA queries get. */
	bool differ;
	struct explanation_family {
		const char *type;
		uint8_t picks[POLICY_ENDPOINTS_MAX];
		unsigned pick_count;
	} families[2];
	bool draw;          /* other clients with this row may get others */
	uint8_t scope_bits; /* ECS SCOPE PREFIX-LENGTH, RFC 7871, 7.2.1 */
	uint32_t ttl_s;
};

struct explanation explanation_make(struct subject *s, int service,
				    const struct net_addr *client,
				    const struct scenario *scenario);

void explanation_print(const struct explanation *x);
void explanation_print_json(const struct explanation *x);

/* Why endpoint i is where it is, in words, into buf, which is returned. */
const char *explanation_reason(const struct explanation *x, size_t i, char *buf,
			       size_t size);

/* "eligible", "commanded", ...: the step that removed it, or "kept". */
const char *explanation_step_name(enum chain_step step);

#endif
