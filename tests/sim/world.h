/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world -- a fleet in virtual time: responders, vantages and agents around a
 * store that loses, delays and forgets.
 *
 * What runs is the real thing: health's breaker, report, plan and command
 * codecs, quorum, view, chain, share, the agent with its lease.  Only
 * processes, clocks and the bus are made here.  Everything follows from one
 * seed: the same seed is the same world, octet for octet.
 *
 *   vantage --report--> store --notice--> responder, agent
 *   agent --lease, commit--> store --answer--> agent
 *
 * A message may be lost or late.  Like the real bus, an unanswered question
 * is answered "down" after a while, though the store may have carried it out.
 * Each node reads everything again every few seconds.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "health/breaker.h"
#include "policy/bus/bus.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"
#include "policy/decide/client.h"
#include "policy/decide/view.h"
#include "steering/agent.h"
#include "steering/lease.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WORLD_RESPONDERS = 3,
	WORLD_VANTAGES = 3,
	WORLD_AGENTS = 2,
	WORLD_NODES = WORLD_RESPONDERS + WORLD_VANTAGES + WORLD_AGENTS,
	WORLD_TARGETS = 16, /* service endpoints, at most */
	WORLD_CLASSES = 8,
	WORLD_TROUBLE_SIZE = 400,
};

/* One pair of clocks, off from the world's time each in its own way. */
struct clocks {
	int64_t mono_offset_ms, wall_offset_ms;
};

struct vantage {
	struct breaker breakers[WORLD_TARGETS];
	bool probed[WORLD_TARGETS], failing[WORLD_TARGETS];
	int64_t wall_probed_ms[WORLD_TARGETS];
	uint64_t sequence;
};

struct responder {
	struct report *reports[WORLD_VANTAGES]; /* owned */
	int64_t heard_ms[WORLD_VANTAGES];
	struct plan *plan; /* owned; newest taken */
	struct view *view; /* owned */
	char *kept_plan;   /* on its disk: outlives its death */
	size_t kept_len;
	/* Highest ever taken, also before a restart: for the invariant. */
	uint64_t highest_epoch, highest_sequence;
};

struct seat { /* an agent's process */
	struct agent *agent;
	struct lease lease;
	struct report *reports[WORLD_VANTAGES];
	int64_t heard_ms[WORLD_VANTAGES];
	struct plan *plan; /* newest seen on the bus or own disk */
	struct view *view;
	uint64_t adopted; /* the epoch for which it took over; 0: none */
	uint64_t lease_question, commit_question; /* open ones; 0: none */
	char *proposal; /* what the open commit would publish */
	size_t proposal_len;
	char *kept_plan; /* on its disk */
	size_t kept_len;
};

struct store {
	bool up;
	int holder; /* agent; -1: nobody */
	int64_t lease_until_ms;
	uint64_t epoch, head_epoch, head_sequence;
	char *plan; /* owned */
	size_t plan_len;
	char *reports[WORLD_VANTAGES];
	size_t report_len[WORLD_VANTAGES];
};

struct event;

struct world {
	const struct policy *policy; /* borrowed */
	uint64_t seed, random;
	int64_t now_ms;
	struct clocks clocks[WORLD_NODES];
	bool alive[WORLD_NODES];
	unsigned life[WORLD_NODES]; /* how often it was started: what was meant
				     * for an earlier life does not arrive */
	bool cut[WORLD_NODES];      /* from the store */
	int64_t paused_until_ms[WORLD_NODES];
	struct responder responders[WORLD_RESPONDERS];
	struct vantage vantages[WORLD_VANTAGES];
	struct seat seats[WORLD_AGENTS];
	struct store store;
	size_t target_count;
	size_t target_service[WORLD_TARGETS], target_endpoint[WORLD_TARGETS];
	bool endpoint_up[WORLD_TARGETS];
	struct client_class classes[WORLD_CLASSES];
	const struct client_class *class_list[WORLD_CLASSES];
	unsigned loss_pct; /* of messages */
	int64_t delay_max_ms;
	int64_t calm_from_ms; /* no fault begins after this */
	int64_t end_ms;
	struct event *queue; /* binary heap by (time, order) */
	size_t queued, room;
	uint64_t order, questions;
	/* What happened, to show that a run was not empty. */
	uint64_t steps, commits, stale_commits, takeovers, faults, commands;
	char trouble[WORLD_TROUBLE_SIZE]; /* the broken invariant, or "" */
};

/* False when memory runs out. */
bool world_init(struct world *w, const struct policy *policy, uint64_t seed);
void world_fini(struct world *w);

/* Carries out the next event.  False at the end of time. */
bool world_step(struct world *w);

/* Does every invariant hold now?  Else trouble says which does not. */
bool world_check(struct world *w);

/*
 * At the end, a while after the last fault: has everyone come to the same
 * plan, and to the truth about every endpoint?
 */
bool world_check_converged(struct world *w);

/* Node numbers. */
static inline int world_vantage_node(size_t vantage)
{
	return WORLD_RESPONDERS + (int)vantage;
}

static inline int world_seat_node(size_t seat)
{
	return WORLD_RESPONDERS + WORLD_VANTAGES + (int)seat;
}

/* Uniform draws; the world's only source of chance. */
uint64_t world_draw(struct world *w);
static inline int64_t world_between(struct world *w, int64_t low, int64_t high)
{
	return low + (int64_t)(world_draw(w) % (uint64_t)(high - low + 1));
}

static inline int64_t world_mono(const struct world *w, int node)
{
	return w->now_ms + w->clocks[node].mono_offset_ms;
}

static inline int64_t world_wall(const struct world *w, int node)
{
	return w->now_ms + w->clocks[node].wall_offset_ms;
}

/* What happens at an instant. */
enum event_kind {
	EVENT_PROBE,     /* to: vantage node; a: target */
	EVENT_REPORT,    /* to: vantage node: publish */
	EVENT_TURN,      /* to: responder or seat: its timer */
	EVENT_FULL_READ, /* to: responder or seat */
	EVENT_FAULT,
	EVENT_PERSON,
	MESSAGE_REPORT,      /* to store; a: vantage; octets */
	MESSAGE_NOTE_REPORT, /* store to node; a: vantage; octets */
	MESSAGE_NOTE_PLAN,   /* store to node; octets */
	MESSAGE_READ,        /* to store; a: who reads everything */
	MESSAGE_LEASE,       /* to store; a: seat; b: at_least; number */
	MESSAGE_LEASED,      /* to seat; a: epoch; number */
	MESSAGE_COMMIT,      /* to store; a: seat; octets; number */
	MESSAGE_COMMITTED,   /* to seat; a: enum bus_commit; number */
	EVENT_HEAL,          /* to: node, or the store for the world;
			      * a: what ends, enum fault; b: which */
};

#define WORLD_STORE (-1)

struct event {
	int64_t at_ms;
	uint64_t order;
	enum event_kind kind;
	int to;
	unsigned life;
	uint64_t a, b;
	uint64_t number; /* of the question this asks or answers */
	char *octets;    /* owned */
	size_t len;
};

/* Queues an event; takes ownership of octets. */
void world_at(struct world *w, int64_t at_ms, struct event e);

/*
 * Sends between node (the one that is not the store) and the store: late, or
 * lost.  True when it will arrive.
 */
bool world_send(struct world *w, int node, struct event e);

/* The parts: tests/sim/{store,nodes,faults}.c */
void store_receive(struct world *w, struct event *e);
void node_receive(struct world *w, struct event *e);
void fault_strike(struct world *w);
void fault_heal(struct world *w, const struct event *e);
void person_acts(struct world *w);
void node_start(struct world *w, int node);
void node_die(struct world *w, int node);

#endif
