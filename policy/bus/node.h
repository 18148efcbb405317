/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node -- what one running daemon says of itself: who, what it runs, which
 * plan it has applied.  Its acknowledgement is that it names the plan.
 * Published every second and at once when the plan changed.  Pure.
 */
#ifndef POLICY_BUS_NODE_H
#define POLICY_BUS_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
	NODE_NAME_SIZE = 64,
	NODE_VERSION_SIZE = 32,
	NODE_TEXT_SIZE = 160,
	NODE_LOCAL_MAX = 16,
	NODE_ALARMS_MAX = 8,
	NODE_WORD_SIZE = 16,
	NODE_COUNTED_MS_MAX = 3600000,
};

enum node_role { NODE_DNS, NODE_HEALTH, NODE_STEER, NODE_EDGE };

/* What a prober finds wrong with a responder: see health/inspection. */
struct node_alarm {
	char responder[NODE_NAME_SIZE];
	char kind[NODE_WORD_SIZE]; /* a word that may be new to the reader */
	char text[NODE_TEXT_SIZE]; /* for people */
	int64_t wall_since_ms;
};

struct node {
	char name[NODE_NAME_SIZE];
	enum node_role role;
	bool leads;                      /* an agent that holds the lease */
	char version[NODE_VERSION_SIZE]; /* of its software; "": older than
					  * this member */
	uint32_t speaks; /* MEMBER_SPEAKS of that software; 0: as version */
	char policy_digest[65];
	uint64_t plan_epoch, plan_sequence; /* applied; 0, 0: none */
	int64_t wall_applied_ms;            /* when it applied that plan */
	int64_t wall_made_ms;               /* of this record */
	char trouble[NODE_TEXT_SIZE];       /* "" when all is well */
	uint64_t queries;                   /* answered since start; dns only */
	uint64_t refused;                   /* plans not taken, since start */
	/* Break-glass commands in force on this node alone, in words. */
	char local[NODE_LOCAL_MAX][NODE_TEXT_SIZE];
	size_t local_count;
	struct node_alarm alarms[NODE_ALARMS_MAX]; /* health only */
	size_t alarm_count;
	/* Of who takes policies from the bus: see policy/bus/plan_release. */
	bool takes_policy;
	/* Of a prober: that it probes by, too, while it is on its way, and has
	 * seen every endpoint of; "" none. */
	char next_digest[65];
	char refused_digest[65];             /* that it could not take; "" */
	char refused_reason[NODE_TEXT_SIZE]; /* and why */
	/* Since it took that policy: services that answer nothing to who got
	 * an answer before, of those it asks itself about, and one of them. */
	uint32_t mute_count;
	char mute[NODE_TEXT_SIZE];
	/* Since start, of queries: dns only. */
	uint64_t failures; /* SERVFAIL */
	uint64_t empties;  /* about a service, with no endpoint */
	/* It tells what was asked in so long: see node_counts, which writes it;
	 * 0: this record does not. */
	int64_t counted_ms;
};

/*
 * A record to be filled in further, of this software's version, made now.
 * name is cut to what fits.
 */
struct node node_of(enum node_role role, const char *name, int64_t wall_ms);

/* One more alarm; of more than NODE_ALARMS_MAX the first ones are told. */
void node_put_alarm(struct node *node, const char *responder, const char *kind,
		    const char *text, int64_t wall_since_ms);

/* Has it applied this plan or a newer one? */
bool node_has_plan(const struct node *node, uint64_t epoch, uint64_t sequence);

/* Is it of those who apply plans and acknowledge them? */
bool node_follows(const struct node *node);

/* False with err set, out untouched. */
bool node_parse(const void *octets, size_t len, struct node *out,
		struct error *err);
/* JSON; the caller frees it; NULL when memory runs out. */
char *node_write(const struct node *node, size_t *len);

const char *node_role_name(enum node_role role);

#endif
