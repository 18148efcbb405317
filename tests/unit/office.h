/* SPDX-License-Identifier: Apache-2.0 */
/*
 * office -- two agents and a person on one bus in memory, for tests of the
 * steerer.  Each agent has its bus through one that can be told to give other
 * results of a commit.  The person sees every plan, and that none goes back.
 */
#ifndef TESTS_UNIT_OFFICE_H
#define TESTS_UNIT_OFFICE_H

#include "policy/bus/bus.h"
#include "policy/bus/bus_impl.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct json_t;
struct sealer;
struct steerer;
struct verifier;

enum { AGENTS = 2, PATIENCE_MS = 20000 };

/* www, weighted, in us-east, eu-west and ap-south; two regions in service. */
extern const char office_policy[];

/* A bus that answers commits as it is told to. */
struct grudging_bus {
	struct bus base;
	struct bus *real;
	struct event_base *loop;
	enum bus_commit says; /* BUS_COMMITTED: ask the real one */
	bool once;            /* then the real one is asked again */
	bool late;            /* what was not stored is, before the next one */
	struct grudge *kept;  /* that; owned */
	unsigned commits, answers;
};

struct office {
	struct event_base *loop;
	struct memory_hub *hub;
	struct sealer *key, *person, *stranger;
	struct verifier *plans, *people;
	struct grudging_bus buses[AGENTS];
	struct steerer *agents[AGENTS];
	struct bus *desk;  /* the person's */
	struct plan *plan; /* the newest that the person saw */
	struct node nodes[AGENTS];
	char directory[40], policy[64], keep[64], journal[64], control[64];
	struct json_t *reply;
	unsigned replies, ids;
	bool late;
};

/* Starts nobody.  Agent 0 is "a" and keeps journal, plan and socket. */
void office_open(struct office *o);
void office_close(struct office *o);

/* The bus and all that is on it. */
void office_open_hub(struct office *o);
void office_close_hub(struct office *o);

void office_start_agent(struct office *o, int i);
/* Its bus stays: an agent may leave before its answers come. */
void office_stop_agent(struct office *o, int i);
void office_write_policy(const struct office *o, const char *text);

/* Runs the loop until it is so; the test fails after PATIENCE_MS. */
typedef bool office_condition(const struct office *o);
void office_until(struct office *o, office_condition *is, const char *what);

/* Agent 0 leads, and the newest plan is its own. */
bool office_a_leads(const struct office *o);
/* An office that agent 0 leads. */
void office_open_led(struct office *o);

/* Sends a request over the bus, signed by who; its reply will be o->reply. */
void office_send(struct office *o, const struct sealer *who, const char *text);
/* And waits for it. */
void office_ask(struct office *o, const struct sealer *who, const char *text);
/* Into buf: a request with a fresh command. */
const char *office_command(struct office *o, char *buf, size_t size,
			   const char *op, const char *kind,
			   const char *target);
/* The person's command. */
void office_order(struct office *o, const char *kind, const char *target);
/* Asks agent 0 on its control socket; a new reference. */
struct json_t *office_ask_control(struct office *o, const char *text);

bool reply_is_ok(const struct json_t *reply);
/* It must not be ok, and have why in its error. */
void reply_refuses(const struct json_t *reply, const char *why);

/* What the newest plan leaves an endpoint of www. */
double office_share(const struct office *o, const char *endpoint);

#endif
