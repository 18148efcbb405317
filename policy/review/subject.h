/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject -- what is under review: a policy, its client classes, and the view
 * of a world in which nothing is commanded and some regions have failed, or, of
 * one service, that of a running node.
 *
 * Shell: loading reads files and prints what is wrong with them, asking waits.
 */
#ifndef POLICY_REVIEW_SUBJECT_H
#define POLICY_REVIEW_SUBJECT_H

#include "policy/base/error.h"
#include "policy/decide/chain.h"
#include "policy/decide/geo.h"
#include "policy/decide/share.h"
#include "policy/decide/standing.h"
#include "policy/review/scenario.h"

#include <stdbool.h>
#include <stdint.h>

struct json_t;

struct subject {
	const char *path;       /* as it is called; borrowed */
	const char *base;       /* see subject_open_in(); NULL: none */
	struct errors findings; /* of loading: no errors; owned, as all that
				 * follows */
	struct policy *policy;
	struct geo *geo;
	struct view *view; /* its services have room for a pin each */
	struct standing_samples *samples; /* of a service that was read from a
					   * node; NULL: none was */
	struct json_t *standing; /* what the node said of it; so, too */
};

/* False when path does not load; the reasons are then on standard error. */
bool subject_open(const char *path, struct subject *out);

/*
 * The same of a policy that lies in a folder where nobody would look for it:
 * base, with a "/" behind, which is left out where its files are named, and
 * which out borrows; called is what it is called.
 */
bool subject_open_in(const char *base, const char *path, const char *called,
		     struct subject *out);

/* The name of one of the policy's files, as a person knows it. */
const char *subject_file(const struct subject *s, const char *file);
void subject_free(struct subject *s);

/*
 * Takes over how a service stands in the running node whose control socket
 * this is.  False with err set.
 */
bool subject_ask(struct subject *s, int service, const char *socket,
		 struct error *err);

/* What the node said of the checks of an endpoint, as parts_write() made it;
 * NULL: nothing.  Borrowed. */
const struct json_t *subject_parts(const struct subject *s,
				   const char *endpoint);

/*
 * Puts a service into this state of the world.  Where a node was asked, of the
 * scenario only the failed regions count, and all else is as that sees it.
 */
void subject_suppose(struct subject *s, int service,
		     const struct scenario *scenario);

/*
 * Moves to the next network that is wholly of a class, in the order of
 * addresses, IPv4 before IPv6; from one of family NET_NONE to the first.  False
 * when there is none behind it.
 */
bool subject_next_network(const struct subject *s, uint16_t class_id,
			  struct net_prefix *at);

/* The first address of a class: false when it has none. */
bool subject_find_address(const struct subject *s, uint16_t class_id,
			  struct net_addr *out);

/* The answer that clients of a class share, and what one of them draws. */
struct row subject_row(const struct subject *s, int service, uint16_t class_id,
		       struct chain_trace *trace);

/*
 * An address of a class, and a client who draws this endpoint when he asks the
 * service, as the view is now.  False when none was found.
 */
bool subject_find_drawer(const struct subject *s, int service,
			 uint16_t class_id, int endpoint, struct net_addr *out);

/* The network that a client's draws are made of: sticky_v4_bits or v6. */
unsigned subject_sticky_bits(const struct subject *s, int service,
			     const struct net_addr *client);

struct subject_asking {
	int service;
	const struct row *row;
	const struct net_addr *client;
	uint64_t having; /* endpoints that have what is asked for: bits */
};

unsigned subject_pick(const struct subject *s,
		      const struct subject_asking *asking,
		      uint8_t picks[POLICY_ENDPOINTS_MAX]);

#endif
