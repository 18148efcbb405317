/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history -- what the store, the people and the responders did, and whether
 * each plan follows from the one before.
 */
#ifndef TESTS_SIM_HISTORY_H
#define TESTS_SIM_HISTORY_H

#include "policy/bus/bus.h"
#include "policy/bus/command.h"
#include "steering/doubt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit;
struct blob;
struct event;
struct fleet;
struct plan;

enum {
	FLEET_RESPONDERS = 3,
	FLEET_VANTAGES = 3,
	FLEET_SEATS = 2,
	FLEET_NODES = FLEET_RESPONDERS + FLEET_VANTAGES + FLEET_SEATS,
	FLEET_TARGETS = 24, /* service endpoints, at most */
	FLEET_SERVICES = 8,
	FLEET_CLASSES = 8,
	FLEET_CANARIES = 4,
	FLEET_CLIENTS = 24, /* of which each class is followed */
	FLEET_SPLITS = 64,
	FLEET_ORDERS = 64, /* commands of people */
	FLEET_TROUBLE_SIZE = 400,
	FLEET_SKEW_MS = 2000, /* how far a clock that is right may be off */
};

/* A command that an agent took on. */
struct order {
	struct command command;
	int64_t ended_ms; /* fleet's time: when another command ended it, or
			   * an agent said that it did; 0: not yet */
	int64_t gone_ms;  /* the same by a command, as long as no agent has
			   * gone back to before it */
};

/* What the invariants remember of the plans that the store took. */
struct history {
	struct plan *last; /* owned; NULL: none yet */
	int64_t made_ms;   /* when last was made, fleet's time */
	bool forgotten;    /* the store has lost last */
	int64_t reset_ms;  /* when the store last lost its lease; 0: never */
	struct order orders[FLEET_ORDERS];
	size_t order_count;
	bool seen_down[FLEET_TARGETS];
	int64_t released_ms[FLEET_TARGETS];
	int64_t panic_ms[FLEET_SERVICES];  /* last so in an agent's view */
	int64_t down_ms[FLEET_TARGETS];    /* last said so by this leader */
	int64_t canary_ms[FLEET_CANARIES]; /* last command for it */
	int64_t step_ms[FLEET_CANARIES];   /* when its step began; long ago:
					    * that is not known */
	uint64_t given_epoch, given_to;    /* the last new epoch, to whom */
	struct bus_place *stored;          /* all plans; owned */
	size_t stored_count, stored_room;
	/* Plans that responders took: what they said. */
	struct taken {
		uint64_t epoch, sequence, hash;
	} * taken; /* owned */
	size_t taken_count, taken_room;
};

void history_propose(struct fleet *f, int node, const struct plan *plan);
void history_refuse(struct fleet *f, const struct event *e,
		    const struct plan *plan);
void history_grant(struct fleet *f, uint64_t epoch, uint64_t holder);
void history_commit(struct fleet *f, const struct event *e,
		    const struct plan *plan);
/* ledger.c: a plan is stored; is it the first of a leader while another, that
 * is paused, believes that it leads? */
void history_store(struct fleet *f, const struct plan *plan);
void history_split(struct fleet *f, int node, const struct plan *plan);
void history_order(struct fleet *f, const struct command *c);
/* An agent has taken it on once more. */
void history_repeat(struct fleet *f, const struct command *c);
void history_settle(struct fleet *f, const struct doubt *d, enum doubt_end end);
void history_adopt(struct fleet *f);
void history_audit(struct fleet *f, const struct audit *audit);
void history_taken(struct fleet *f, int node, const struct plan *plan,
		   const struct blob *octets);
void history_fini(struct history *h);
const struct order *history_find(const struct fleet *f, const char *id);

#endif
