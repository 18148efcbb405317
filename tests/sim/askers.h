/* SPDX-License-Identifier: Apache-2.0 */
/*
 * askers -- what clients ask of the service that spills by capacity, what
 * responders and an edge count of it, what an agent reckons from that, and what
 * must hold.
 *
 * Requests come from homes: regions, and nowhere.  How many, is true, and
 * changes now and then; queries are a part of them, shared out among the
 * responders that run, each of which has its own mix.  A flood is queries
 * without requests, of one home, at one responder or at all.  Responders count
 * with dns/stats and dns/queried, one edge tells of requests, and an agent
 * makes demand of both by steering/reckoning.  The clock of all that runs
 * ASKERS_SPEED times as fast, so that a fleet lives for longer than rates are
 * followed.
 */
#ifndef TESTS_SIM_ASKERS_H
#define TESTS_SIM_ASKERS_H

#include "dns/queried.h"
#include "policy/bus/node.h"
#include "steering/counted.h"
#include "steering/reckoning.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_input;
struct blob;
struct event;
struct fleet;
struct plan;
struct stats;

enum {
	ASKERS_SPEED = 10,
	ASKERS_TICK_MS = 250,
	ASKERS_RIPE_MS = 20000, /* what is followed is near by then */
	ASKERS_RESPONDERS = 3,
	ASKERS_HOMES = 4, /* those of fleet.c's classes, the last nowhere */
};

struct askers {
	size_t service;
	double rate[ASKERS_HOMES];   /* requests a second of its clock */
	double flood[ASKERS_HOMES];  /* queries beside them */
	size_t flood_at;             /* a responder, or all: FLEET_RESPONDERS */
	int64_t turned_ms, flood_ms; /* when these changed last */
	int64_t flood_until_ms;
	double mix[ASKERS_RESPONDERS][ASKERS_HOMES]; /* of each home */
	/* The edge: requests since it began, and when it says nothing. */
	double passed;
	int64_t wall_start_ms, edge_ms, silent_until_ms;
	uint64_t sequence;
};

/* Of a responder's process. */
struct askers_counter {
	struct stats *stats; /* owned */
	struct queried queried;
	double owed[ASKERS_HOMES]; /* part of a query */
};

/* What an agent's process knows of it, and the sim's own account. */
struct askers_seat {
	struct reckoning reckoning;
	struct counted counted;
	bool resumes;
	bool waited; /* its last input knew no demand, and went on from a plan
		      */
	bool known;  /* shares, in first */
	double first[ASKERS_HOMES]; /* as they were known at first */
	int64_t began_ms;           /* of the process, fleet's time */
	uint64_t look;              /* of the service's endpoints: a hash */
	int64_t looked_ms;          /* when that changed last */
};

void askers_begin(struct fleet *f);

/* A quarter of a second of queries and requests. */
void askers_tick(struct fleet *f);

/* No flood any more, and the edge tells. */
void askers_calm(struct fleet *f);

/* Of a responder: it lives; what it tells with its record, if that is due; it
 * dies. */
void askers_count_start(struct askers_counter *c);
struct blob askers_record(struct fleet *f, int node, struct node *record);
void askers_count_die(struct askers_counter *c);

/* Of an agent: it lives; a turn; what it hears; it leads; it dies. */
void askers_start(struct fleet *f, int node);
void askers_turn(struct fleet *f, int node);
void askers_hear(struct fleet *f, int node, const struct event *e);
void askers_synced(struct fleet *f, int node);
void askers_adopt(struct fleet *f, int node, const struct plan *plan);
void askers_fill(const struct fleet *f, int node, struct agent_input *in);
void askers_die(struct askers_seat *s);

/* The home of a number, as policy/decide/demand has it; the number of a class's
 * home, said by hand. */
size_t askers_home(size_t i);
size_t askers_home_of(size_t class);

/* demands.c: an agent has had its turn.  For how long has nothing been wrong
 * with it, nor with any responder?  Is what is true within the bounds of what
 * it may take it for?  Of a plan as it is stored. */
void demands_turn(struct fleet *f, int node);
int64_t demands_well_for(const struct fleet *f, int node);
bool demands_may_know(const struct fleet *f, const struct askers_seat *s);
void demands_check(struct fleet *f, const struct event *e,
		   const struct plan *plan);

/* spills.c: of a plan as it is stored, and the one that it was made from.  At
 * the end: no endpoint has more than it can carry, if it need not. */
void spills_check(struct fleet *f, const struct event *e,
		  const struct plan *last, const struct plan *plan);
bool spills_converged(struct fleet *f);

#endif
