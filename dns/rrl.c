/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/rrl.h"

#include "dns/name.h"
#include "dns/wire.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
	PLACES = 4, /* that one account may be in: a cache line of them */
	BALANCE_BITS = 24,
	BALANCE_BIAS = 1 << (BALANCE_BITS - 1), /* below zero is owed */
	TURN_BITS = 8,
};

static_assert(RRL_RATE_MAX * (RRL_WINDOW_MAX_S + 1) < BALANCE_BIAS,
	      "a balance fits its bits");
static_assert(RRL_SLIP_MAX < 1 << TURN_BITS, "so does the turn");

/* Packed into 64 bits, so that it changes in one step. */
struct account {
	uint32_t at_s; /* up to when the rate was paid in */
	uint8_t turn;  /* of the slip: the next answer slips at 0 */
	int32_t balance;
};

struct place {
	_Atomic uint64_t tag; /* hash of whose it is, never 0; 0: nobody's */
	_Atomic uint64_t state;
};

struct rrl {
	struct rrl_config config;
	struct siphash_key key;
	size_t mask; /* groups of PLACES, a power of two less one */
	struct place *places;
};

static uint64_t pack(struct account a)
{
	return (uint64_t)a.at_s << 32 | (uint64_t)a.turn << BALANCE_BITS |
	       (uint32_t)(a.balance + BALANCE_BIAS);
}

static struct account unpack(uint64_t state)
{
	return (struct account){
		.at_s = (uint32_t)(state >> 32),
		.turn = (uint8_t)(state >> BALANCE_BITS),
		.balance = (int32_t)(state & (2 * BALANCE_BIAS - 1)) -
			   BALANCE_BIAS,
	};
}

struct rrl *rrl_new(const struct rrl_config *config, struct siphash_key key)
{
	struct rrl *rrl = calloc(1, sizeof(*rrl));
	size_t groups = 1;

	if (rrl == NULL)
		return NULL;
	while (groups * PLACES < config->table_size)
		groups *= 2;
	rrl->config = *config;
	rrl->key = key;
	rrl->mask = groups - 1;
	rrl->places = calloc(groups * PLACES, sizeof(rrl->places[0]));
	if (rrl->places != NULL)
		return rrl;
	free(rrl);
	return NULL;
}

void rrl_free(struct rrl *rrl)
{
	if (rrl != NULL)
		free(rrl->places);
	free(rrl);
}

bool rrl_only_counts(const struct rrl *rrl)
{
	return rrl->config.only_counts;
}

static void pay_in(const struct rrl_config *c, struct account *a, unsigned rate,
		   uint32_t now_s)
{
	uint32_t age_s = now_s - a->at_s;

	if ((int32_t)age_s <= 0)
		return; /* another thread was a moment ahead */
	a->at_s = now_s;
	if (age_s > c->window_s)
		a->balance = (int32_t)rate;
	else
		a->balance += (int32_t)(rate * age_s);
	if (a->balance >= (int32_t)rate) {
		a->balance = (int32_t)rate;
		a->turn = 0;
	}
}

static enum rrl_verdict take_out(const struct rrl_config *c, struct account *a,
				 unsigned rate)
{
	int32_t least = -(int32_t)(c->window_s * rate);
	bool slips = a->turn == 0;

	if (--a->balance >= 0)
		return RRL_SEND;
	if (a->balance < least)
		a->balance = least;
	if (c->slip == 0)
		return RRL_DROP;
	a->turn = (uint8_t)((a->turn + 1u) % c->slip);
	return slips ? RRL_SLIP : RRL_DROP;
}

/* The network of a client that shares its accounts. */
static struct net_addr network_of(const struct rrl_config *c,
				  const struct net_addr *client)
{
	return net_mask(client,
			client->family == NET_V4 ? c->v4_bits : c->v6_bits);
}

/* Whose account: RRL_ALL, or kind with the name it is counted under. */
static uint64_t tag_of(const struct rrl *rrl, unsigned kind,
		       const struct net_addr *client,
		       const struct answer_outcome *outcome)
{
	struct net_addr network = network_of(&rrl->config, client);
	uint8_t octets[4 + sizeof(network.octets) + NAME_OCTETS_MAX];
	struct wire w = wire_over(octets, sizeof(octets));

	wire_put_u8(&w, (uint8_t)kind);
	wire_put_u8(&w, (uint8_t)network.family);
	wire_put_u16(&w, kind == ANSWER_DATA ? outcome->type : 0);
	wire_put(&w, network.octets, net_octets(network.family));
	if (kind != RRL_ALL && kind != ANSWER_ERROR)
		wire_put(&w, outcome->account, outcome->account_octets);
	return siphash(rrl->key, octets, w.len) | 1;
}

/* Who makes room first: the longest idle, then the least in debt. */
static int64_t dispensable(struct account a, uint32_t now_s)
{
	int64_t idle_s = (int32_t)(now_s - a.at_s);

	return idle_s * (2 * BALANCE_BIAS) + a.balance;
}

/* The place of tag, taken from another if need be. */
static struct place *place_of(struct rrl *rrl, uint64_t tag, unsigned rate,
			      uint32_t now_s)
{
	struct place *group = &rrl->places[(tag >> 32 & rrl->mask) * PLACES];
	struct place *chosen = group;
	int64_t most = INT64_MIN;

	for (size_t i = 0; i < PLACES; i++) {
		uint64_t whose = atomic_load_explicit(&group[i].tag,
						      memory_order_acquire);
		struct account a =
			unpack(atomic_load_explicit(&group[i].state,
						    memory_order_relaxed));
		int64_t score = whose == 0 ? INT64_MAX : dispensable(a, now_s);

		if (whose == tag)
			return &group[i];
		if (score > most) {
			most = score;
			chosen = &group[i];
		}
	}
	atomic_store_explicit(&chosen->state,
			      pack((struct account){
				      .at_s = now_s,
				      .balance = (int32_t)rate,
			      }),
			      memory_order_relaxed);
	atomic_store_explicit(&chosen->tag, tag, memory_order_release);
	return chosen;
}

static enum rrl_verdict charge(struct rrl *rrl, uint64_t tag, unsigned rate,
			       uint32_t now_s)
{
	struct place *place = place_of(rrl, tag, rate, now_s);
	uint64_t before =
		atomic_load_explicit(&place->state, memory_order_relaxed);
	enum rrl_verdict verdict;
	uint64_t after;

	do {
		struct account a = unpack(before);

		pay_in(&rrl->config, &a, rate, now_s);
		verdict = take_out(&rrl->config, &a, rate);
		after = pack(a);
	} while (!atomic_compare_exchange_weak_explicit(&place->state, &before,
							after,
							memory_order_relaxed,
							memory_order_relaxed));
	return verdict;
}

static bool is_exempt(const struct rrl_config *c, const struct net_addr *client)
{
	for (size_t i = 0; i < c->exempt_count; i++)
		if (net_within(&c->exempt[i], client))
			return true;
	return false;
}

/* Both accounts are charged; that of all never slips. */
enum rrl_verdict rrl_judge(struct rrl *rrl, const struct net_addr *client,
			   const struct answer_outcome *outcome, uint32_t now_s)
{
	const struct rrl_config *c = &rrl->config;
	unsigned kind = outcome->kind;
	enum rrl_verdict verdict = RRL_SEND;

	if (outcome->proven || is_exempt(c, client))
		return RRL_SEND;
	if (c->per_second[kind] > 0)
		verdict = charge(rrl, tag_of(rrl, kind, client, outcome),
				 c->per_second[kind], now_s);
	if (c->per_second[RRL_ALL] > 0 &&
	    charge(rrl, tag_of(rrl, RRL_ALL, client, outcome),
		   c->per_second[RRL_ALL], now_s) != RRL_SEND)
		return RRL_DROP;
	return verdict == RRL_SLIP && kind == ANSWER_ERROR ? RRL_LEAK : verdict;
}
