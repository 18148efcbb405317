/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_store -- what the memory bus keeps: values with expiry, the lease and
 * its epochs, the head of the plan, the last of the audit.
 *
 * Nothing is told to anybody from here; policy/bus/memory does that.  Shell:
 * expiry is by timers of the loop.
 */
#ifndef POLICY_BUS_MEMORY_STORE_H
#define POLICY_BUS_MEMORY_STORE_H

#include "policy/bus/bus_impl.h"

struct event_base;
struct memory_store;

/* Octets shared by the store and the deliveries on their way. */
struct blob {
	unsigned refs;
	size_t len;
	char octets[]; /* and a NUL */
};

/* With one reference; NULL when memory runs out. */
struct blob *blob_new(struct bus_octets octets);
struct blob *blob_hold(struct blob *blob);
/* Accepts NULL. */
void blob_drop(struct blob *blob);

/* NULL when memory runs out. */
struct memory_store *memory_store_new(struct event_base *loop);
/* Accepts NULL. */
void memory_store_free(struct memory_store *store);

/* The value as stored, borrowed; NULL when memory ran out.  ttl_ms 0: stays. */
struct blob *memory_store_put(struct memory_store *store, enum bus_topic topic,
			      const char *key, struct bus_octets value,
			      int64_t ttl_ms);
/* Borrowed; NULL: there is none. */
struct blob *memory_store_find(const struct memory_store *store,
			       enum bus_topic topic, const char *key);
void memory_store_each(const struct memory_store *store,
		       void (*each)(void *arg, enum bus_topic topic,
				    const char *key, struct blob *blob),
		       void *arg);

/* The epoch granted, or 0: see bus_lease(). */
uint64_t memory_store_lease(struct memory_store *store, const char *holder,
			    int64_t ttl_ms, uint64_t at_least);
void memory_store_release(struct memory_store *store, const char *holder);

/* See bus_commit_plan(); *blob, borrowed, is the plan that is stored when it
 * is BUS_COMMITTED or BUS_BEHIND. */
enum bus_commit memory_store_commit(struct memory_store *store,
				    const struct bus_offer *offer,
				    struct blob **blob);

/* False: out of memory, the entry is lost. */
bool memory_store_audit(struct memory_store *store, struct bus_octets entry);
void memory_store_each_audit(const struct memory_store *store,
			     void (*each)(void *arg, const char *octets,
					  size_t len),
			     void *arg);

#endif
