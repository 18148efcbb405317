/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lead -- what leads the clients of a service on to another name: a CNAME of
 * an endpoint, of a canary's too, or the target of its HTTPS or SVCB records.
 * Where that is another service of the policy, all that the policy says of that
 * holds; where it is not, nothing does.  Pure.
 */
#ifndef POLICY_REVIEW_LEAD_H
#define POLICY_REVIEW_LEAD_H

#include <stdbool.h>
#include <stddef.h>

struct policy;

struct lead {
	int service;
	int endpoint;     /* that is this name; POLICY_NONE: all lead there */
	const char *type; /* "CNAME", "HTTPS", "SVCB" */
	const char *name; /* absolute, lower case; borrowed from the policy */
	int next;         /* the service of this name, or POLICY_NONE */
};

/* The first of a service's from *at on; *at is then the place behind it.
 * False: it has no more. */
bool lead_next(const struct policy *policy, int service, size_t *at,
	       struct lead *out);

#endif
