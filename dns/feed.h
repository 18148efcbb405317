/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed -- keeps the table in the slot true to what is known.
 *
 *   plan, reports (bus or disk)  \
 *   break-glass commands          > view_reduce -> table_build -> slot_publish
 *   the model                    /
 *
 * It turns over when something came in, every second, and when a command
 * expires; it publishes a table only when some decision changed.  It tells the
 * bus which plan it has applied: every second, and at once after a new one.
 *
 * Shell; all calls on the loop's thread.
 */
#ifndef DNS_FEED_H
#define DNS_FEED_H

#include "policy/bus/node.h"
#include "policy/decide/view.h"

#include <stdbool.h>
#include <stdint.h>

struct bus;
struct command;
struct error;
struct event_base;
struct feed;
struct lastgood;
struct local;
struct plan;
struct model;
struct slot;
struct plan_release;
struct stats;
struct table;
struct verifier;
struct witnesses;
struct view;

enum {
	FEED_TICK_MS = 1000,
	FEED_NODE_TTL_MS = 10000, /* the node's record outlives it by this */
};

/* How it stands with policies from the bus: see dns/uptake. */
struct feed_uptake {
	bool takes_policy;
	char refused_digest[65]; /* "": none was */
	char refused_reason[NODE_TEXT_SIZE];
	uint32_t mute_count;
	char mute[NODE_TEXT_SIZE];
};

/* All borrowed, and outlive the feed. */
struct feed_config {
	struct event_base *loop;
	struct slot *slot;
	struct stats *stats;
	struct bus *bus;                /* NULL: none */
	const struct verifier *trusted; /* NULL: no plan is followed */
	const struct witnesses
		*witnesses;        /* NULL: reports need not be signed */
	struct lastgood *lastgood; /* NULL: nothing is kept */
	const char *name;
	/* The plan may say another policy; a bundle came.  Not from inside
	 * feed_start(); NULL: nobody cares. */
	void (*on_release)(void *arg);
	void (*on_bundle)(void *arg, const char *digest, const void *octets,
			  size_t len);
	void *arg;
};

/*
 * Takes in what lastgood has, publishes the first table, follows the bus.
 * Takes its own reference to model.  NULL with err set.
 */
struct feed *feed_start(const struct feed_config *config, struct model *model,
			struct error *err);

/*
 * Goes over to a new model: reports, plan and local commands are carried
 * along.  Takes its own reference.  False when memory runs out: then the old
 * one goes on.
 */
bool feed_adopt(struct feed *feed, struct model *model, struct error *err);

/* A break-glass command for this node.  False with err saying why not. */
bool feed_command(struct feed *feed, const struct command *command,
		  struct error *err);

/* What operators should know: shown in the node's record until "". */
void feed_set_trouble(struct feed *feed, const char *trouble);

/* The same of policies from the bus; copied. */
void feed_set_uptake(struct feed *feed, const struct feed_uptake *uptake);

/* All borrowed until the loop's next turn. */
const struct plan_release *feed_release(const struct feed *feed);
const struct table *feed_table(const struct feed *feed);
struct model *feed_model(const struct feed *feed);
const struct view *feed_view(const struct feed *feed);
const struct plan *feed_plan(const struct feed *feed); /* NULL: none */
const struct local *feed_local(const struct feed *feed);

/* The newest report of each vantage of the view's policy; borrowed as that is.
 */
void feed_reports(const struct feed *feed,
		  struct heard_report out[POLICY_VANTAGES_MAX]);

/*
 * How a service stands (policy/decide/standing); a new reference.  NULL: there
 * is none of that name, or memory ran out.
 */
struct json_t *feed_standing(const struct feed *feed, const char *service);

/* How the table in the slot is. */
struct feed_pulse {
	uint64_t tables;  /* published since the start */
	int64_t fresh_ms; /* the last turn that left it right, monotonic */
};
struct feed_pulse feed_pulse(const struct feed *feed);

/* As it goes to the bus. */
struct node feed_node(const struct feed *feed);

/* Accepts NULL.  The table stays in the slot. */
void feed_stop(struct feed *feed);

#endif
