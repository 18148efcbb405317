/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bus -- how programs tell each other things, in words of the domain.
 *
 * Two implementations: policy/bus/memory (one process: `windrose up`, tests)
 * and policy/bus/redis.  Every call returns at once; answers arrive as
 * callbacks on the event loop that the bus was made with, never inside the
 * call itself; all calls are made on that loop's thread.  A bus that is down
 * drops what can be said again (reports, nodes), refuses what needs an answer,
 * and keeps the audit.
 *
 * Values are opaque octets here; their codecs are report, plan, command, node,
 * served, bundle.
 *
 * Reading: on_value() is called for every value present at the start, then
 * on_synced(), then for each change; the same value may come again (periodic
 * full reads), and one's own values come back.  What goes away is not told:
 * values carry their time.  After each loss of the link all is read again and
 * on_synced() is called again.
 *
 * Keys are 1 to BUS_KEY_MAX visible ASCII characters.  What has another key or
 * is larger than the limits below is refused, counted and told in the log, of
 * each key once (policy/base/news).  Shell.
 */
#ifndef POLICY_BUS_BUS_H
#define POLICY_BUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus;

enum {
	BUS_KEY_MAX = 128,
	/* A plan or report (16 MiB) in its envelope. */
	BUS_VALUE_MAX = (16 << 20) + 4096,
	BUS_NODE_MAX = 64 << 10,
	BUS_SERVED_MAX = (4 << 20) + 4096, /* what an edge saw, likewise */
	BUS_BUNDLE_MAX = 4 << 20,
	BUS_REQUEST_MAX = 64 << 10, /* a request, an audit entry */
	BUS_ANSWER_MAX = 4 << 20,   /* the status of thousands of endpoints */
	BUS_KEYS_MAX = 4096,        /* read of each topic */
	BUS_REQUESTS_MAX = 1024,    /* open at a time; one more gets NULL */
	BUS_AUDIT_KEPT = 4096,      /* entries kept while it is down */
};

enum bus_topic {
	BUS_PLAN = 1,     /* key "": the signed plan */
	BUS_REPORTS = 2,  /* key: vantage */
	BUS_NODES = 4,    /* key: node name */
	BUS_REQUESTS = 8, /* key: request id; for whoever answers them */
	BUS_SERVED = 16,  /* key: node name of an edge */
	BUS_BUNDLES = 32, /* key: digest; only for who asks: bus_fetch() */
};

struct bus_follower {
	unsigned topics; /* enum bus_topic, or-ed */
	/* octets are borrowed for the call. */
	void (*on_value)(void *arg, enum bus_topic topic, const char *key,
			 const void *octets, size_t len);
	void (*on_synced)(void *arg);        /* may be NULL */
	void (*on_link)(void *arg, bool up); /* may be NULL */
	void *arg;
};

/* One follower per bus; before it nothing is read.  Copied. */
void bus_follow(struct bus *bus, const struct bus_follower *follower);

/*
 * Reads the bundle of that digest: on_value() is called with it when it comes,
 * and not at all where there is none, or the bus is down: ask again later.
 */
void bus_fetch(struct bus *bus, const char *digest);

/*
 * BUS_REPORTS, BUS_NODES, BUS_SERVED, BUS_BUNDLES: the newest value of key,
 * gone after ttl_ms.  While the bus is slow a newer value of the same key
 * replaces one still waiting.
 */
void bus_put(struct bus *bus, enum bus_topic topic, const char *key,
	     const void *octets, size_t len, int64_t ttl_ms);

/*
 * Takes or keeps the lease for holder, a word that no other process uses.
 * done gets the fencing epoch held, or 0 when another holds it or the bus is
 * down.  The holder's own lease keeps its epoch, unless the store has fallen
 * behind at_least (it lost its last writes); any other grant is a takeover,
 * whose epoch is greater than every epoch before it and than at_least: the
 * highest epoch of any plan the caller has seen, or its clock's seconds.  An
 * epoch in the store that is more than 2^32 (136 years) ahead of that is
 * garbage and counts as none.
 */
typedef void bus_lease_done(void *arg, uint64_t epoch);
void bus_lease(struct bus *bus, const char *holder, int64_t ttl_ms,
	       uint64_t at_least, bus_lease_done *done, void *arg);
/* Gives it up, so that a standby need not wait. */
void bus_release(struct bus *bus, const char *holder);

enum bus_commit {
	BUS_COMMITTED,
	BUS_STALE,  /* the lease is gone or another's, the epoch is not the
		     * newest, or the sequence is not higher */
	BUS_BEHIND, /* a plan newer than the base is stored: it is read again,
		     * and told to who follows plans */
	BUS_DOWN,   /* no answer: it may or may not have been stored, or may
		     * yet be */
};

/* A plan's place in the order of plans; zeros: before the first. */
struct bus_place {
	uint64_t epoch, sequence;
};

/*
 * Publishes a plan if the lease is held with its epoch, which is the newest
 * that bus_lease() gave and not below the published plan's; if no plan newer
 * than base is published; and if its sequence is higher than the published
 * plan's, whatever its epoch: all compared where it is stored, at the write.
 *
 * base is the plan that this one was made from.  Who was not answered does not
 * know what is stored, and makes its next plan from the one before: were the
 * first stored late, what is only in it would be lost.  A published plan older
 * than base is no hindrance: the store has lost what it had.
 */
typedef void bus_commit_done(void *arg, enum bus_commit result);
void bus_commit_plan(struct bus *bus, struct bus_place at,
		     struct bus_place base, const void *octets, size_t len,
		     bus_commit_done *done, void *arg);

/*
 * Sends a request to whoever leads; reply is called once: with its answer, or
 * with NULL after timeout_ms.  A request made while the bus is down waits for
 * it; it is sent at most once.
 */
typedef void bus_reply(void *arg, const void *octets, size_t len);
void bus_request(struct bus *bus, const char *id, const void *octets,
		 size_t len, int64_t timeout_ms, bus_reply *reply, void *arg);
/* Answers request id. */
void bus_answer(struct bus *bus, const char *id, const void *octets,
		size_t len);

/* Appends one JSON object to the audit stream; kept while the bus is down. */
void bus_append_audit(struct bus *bus, const void *octets, size_t len);

bool bus_is_up(const struct bus *bus);
/*
 * Why the store took no write when it was last asked to, though it can be read:
 * constant words; NULL when it took it.
 */
const char *bus_refuses(const struct bus *bus);

/* Since the bus was made. */
struct bus_counters {
	uint64_t links;     /* times the link came up */
	uint64_t errors;    /* error replies and broken links */
	uint64_t refused;   /* keys and values over the limits, both ways */
	uint64_t dropped;   /* values put while down, or by newer ones */
	uint64_t unaudited; /* audit entries lost because too many waited */
	uint64_t missed; /* notices that did not come, found out by the next */
};
struct bus_counters bus_counters(const struct bus *bus);

/*
 * Accepts NULL.  No callback follows; open requests are not replied to.  Not
 * from inside a callback of this bus.
 */
void bus_free(struct bus *bus);

#endif
