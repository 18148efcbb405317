/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bus_impl -- what an implementation of the bus fills in; for policy/bus
 * only.
 *
 * policy/bus/bus checks keys and sizes and counts what it refuses, so that no
 * implementation sees a key or value outside the limits.
 */
#ifndef POLICY_BUS_BUS_IMPL_H
#define POLICY_BUS_BUS_IMPL_H

#include "policy/base/news.h"
#include "policy/bus/bus.h"

struct bus_ops;

/* First member of every implementation's struct. */
struct bus {
	const struct bus_ops *ops;
	struct bus_counters counters;
	const char *refuses; /* see bus_refuses() */
	struct news refused; /* what was told of keys and values over limits */
};

/* Octets to be carried; borrowed for the call. */
struct bus_octets {
	const void *at;
	size_t len;
};

/* A plan that wants to be published; borrowed for the call. */
struct bus_offer {
	struct bus_place at, base;
	struct bus_octets plan;
};

/*
 * As the functions of bus.h.  Refused all the same, by calling done or reply
 * with "no": a lease with at_least, or a plan with numbers, not below
 * BUS_NUMBER_MAX; a plan of epoch 0; a request with no time.
 */
struct bus_ops {
	void (*follow)(struct bus *bus, const struct bus_follower *follower);
	void (*fetch)(struct bus *bus, const char *digest);
	void (*put)(struct bus *bus, enum bus_topic topic, const char *key,
		    struct bus_octets value, int64_t ttl_ms);
	void (*lease)(struct bus *bus, const char *holder, int64_t ttl_ms,
		      uint64_t at_least, bus_lease_done *done, void *arg);
	void (*release)(struct bus *bus, const char *holder);
	void (*commit_plan)(struct bus *bus, const struct bus_offer *offer,
			    bus_commit_done *done, void *arg);
	void (*request)(struct bus *bus, const char *id,
			struct bus_octets request, int64_t timeout_ms,
			bus_reply *reply, void *arg);
	void (*answer)(struct bus *bus, const char *id,
		       struct bus_octets answer);
	void (*append_audit)(struct bus *bus, struct bus_octets entry);
	bool (*is_up)(const struct bus *bus);
	void (*free)(struct bus *bus);
};

/* Epochs and sequences above this are refused: see MEMBER_EXACT_MAX. */
#define BUS_NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/* What a key may be; also for keys that a store hands back. */
bool bus_key_ok(const char *key, size_t len);

/* Counts and logs octets that are over the limit. */
void bus_refuse(struct bus *bus, const char *what, const char *key, size_t len);

#endif
