/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rrl -- limits the rate of like answers to like clients, so that forged
 * queries cannot turn the responder against whose address they bear.
 *
 * Answers of one kind, name and type to one network share an account.  Each
 * second pays in the rate, each answer takes one out; an account that is empty
 * gets nothing but, at each slip-th answer, a truncated one, which sends a
 * client that is no forgery to TCP.  What is owed grows to window seconds of
 * rate at most: so long after the flood the account is good again.
 *
 *	DATA      its name, or the wildcard it came from, and its type
 *	REFERRAL  the zone cut
 *	NODATA    the name or wildcard, of any type
 *	NXDOMAIN  the zone, of any name
 *	ERROR     all of them
 *	all       any of these; never slips
 *
 * So no choice of names opens more than one account, nor of types at an alias.
 * An account is sixteen octets in a table of fixed size, found by a keyed hash;
 * of four places, the one that was idle longest, or else is least in debt,
 * makes room.  Any number of threads may share one: an account changes by
 * compare-and-swap, and nobody waits.  Pure: the caller passes the time and the
 * key.
 *
 * Source: P. Vixie, V. Schryver, DNS Response Rate Limiting (DNS RRL),
 * ISC-TN-2012-1; BIND 9 Administrator Reference Manual, rate-limit.
 */
#ifndef DNS_RRL_H
#define DNS_RRL_H

#include "dns/answer.h"
#include "dns/rrl_config.h"
#include "dns/siphash.h"

#include <stdint.h>

struct rrl;

enum rrl_verdict {
	RRL_SEND,
	RRL_DROP,
	RRL_SLIP, /* an answer that says nothing but: come again by TCP */
	RRL_LEAK, /* an error in place of a slip: there is nothing to cut */
};

/* Copies config.  NULL when memory runs out. */
struct rrl *rrl_new(const struct rrl_config *config, struct siphash_key key);

/* Accepts NULL. */
void rrl_free(struct rrl *rrl);

/*
 * Takes an answer over UDP out of its account.  now_s is monotonic, the same
 * clock for all threads.  Clients with a good cookie and exempt ones have no
 * account.
 */
enum rrl_verdict rrl_judge(struct rrl *rrl, const struct net_addr *client,
			   const struct answer_outcome *outcome,
			   uint32_t now_s);

/* Verdicts are to be counted, but all answers sent. */
bool rrl_only_counts(const struct rrl *rrl);

#endif
