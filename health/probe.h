/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe -- one look at one endpoint, under way.
 *
 * Each kind (probe_http, probe_tcp, ...) starts a probe that ends by
 * itself within its check's timeout and then says once what it saw, or is
 * cancelled and says nothing.  Never from within its start.
 */
#ifndef HEALTH_PROBE_H
#define HEALTH_PROBE_H

#include "health/outcome.h"
#include "policy/base/net.h"
#include "policy/language/policy.h"

#include <stdint.h>

/* What to probe; borrowed pointers outlive the probe. */
struct probe_spec {
	struct net_addr addr;
	const char *name; /* to be resolved for addr; NULL: addr is known */
	uint16_t port;
	const char *host; /* http(s): Host and SNI, dns: the name to ask for;
			   * without a final dot */
	const struct policy_check *check;
	const char *users; /* the service whose users are evidence, too; NULL:
			    * the check is not passive */
};

/* The probe is gone when this is called; seen is borrowed for the call. */
typedef void probe_done(void *arg, const struct observation *seen);

/* First member of every kind. */
struct probe {
	void (*cancel)(struct probe *probe);
};

/* Accepts NULL.  The probe is gone, done is not called. */
static inline void probe_cancel(struct probe *probe)
{
	if (probe != NULL)
		probe->cancel(probe);
}

#endif
