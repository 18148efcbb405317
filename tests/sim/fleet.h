/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet -- responders, vantages and agents in virtual time, around a store
 * that goes away, delays and forgets.
 *
 * What runs is the real thing: health's roster, watches and suspicion; the
 * codecs of report, plan and command; what a responder knows (dns/world:
 * reports, plan, local commands, view); the chain and shares; what an agent has
 * heard (steering/inputs), the agent, its lease.  Only processes, clocks and
 * the bus are made here, and the order of things in a process, which is its
 * shell's: seat.c does what steering/publish.c does, responder.c what
 * dns/feed.c does.
 *
 *   vantage --report--> store --value--> responder, agent
 *   agent --lease, commit--> store --answer--> agent
 *                            store --notice, fetch, value--> responder, agent
 *
 * Everything follows from one seed: the same seed is the same fleet, octet
 * for octet, and the digest says so.
 */
#ifndef TESTS_SIM_FLEET_H
#define TESTS_SIM_FLEET_H

#include "approvals.h"
#include "askers.h"
#include "estate.h"
#include "ground.h"
#include "health/inspection.h"
#include "health/outlook.h"
#include "health/roster.h"
#include "health/suspicion.h"
#include "health/watch.h"
#include "health/whole.h"
#include "history.h"
#include "outturn.h"
#include "policy/bus/bus.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"
#include "policy/decide/chain.h"
#include "policy/decide/client.h"
#include "policy/decide/world.h"
#include "steering/agent.h"
#include "steering/doubt.h"
#include "steering/held.h"
#include "steering/inputs.h"
#include "steering/lease.h"
#include "store.h"
#include "users.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True time; a person's clock shows it. */
#define FLEET_WALL_MS INT64_C(1700000000000)

#define FLEET_STORE (-1)

struct vantage { /* a prober's process */
	struct watch watches[GROUND_SITES];
	struct whole wholes[FLEET_TARGETS];
	struct observation seen[GROUND_SITES]; /* of the probe under way */
	int64_t due_ms[GROUND_SITES];   /* when its timer fires; 0: it did */
	uint64_t due[GROUND_SITES];     /* the event that is this timer */
	int64_t begun_ms[GROUND_SITES]; /* when the last probe was started */
	unsigned passes[GROUND_SITES];  /* so far, of its probes */
	struct suspicion suspicion;
	size_t unfinished; /* sites of the first round without an outcome */
	uint64_t sequence;
	int64_t told_ms; /* fleet's time: the last report */
	uint64_t hurry;  /* the event of a report out of turn; 0: none */
	/* Fleet's time, for the invariants: when it trusted itself again; what
	 * latency of a site it settled on, and when that moved. */
	int64_t trusted_ms;
	float settled_ms[GROUND_SITES];
	int64_t moved_ms[GROUND_SITES]; /* 0: never */
};

/* What the invariants remember of a responder. */
struct notes {
	/* Highest plan ever offered, and verdicts, also before a restart. */
	uint64_t highest_epoch, highest_sequence;
	enum verdict verdicts[FLEET_TARGETS]; /* of the view before */
	/* The rest is of this life only. */
	bool due; /* there is a view that was not looked at yet */
	bool seen;
	/* Of each vantage's newest report: its number, when it came (0: never),
	 * what it said, of a probe that old by its own clock. */
	uint64_t sequence[FLEET_VANTAGES];
	int64_t arrived_ms[FLEET_VANTAGES];
	int64_t age_ms[FLEET_VANTAGES][FLEET_TARGETS];
	enum report_state said[FLEET_VANTAGES][FLEET_TARGETS];
	struct row rows[FLEET_SERVICES][FLEET_CLASSES];
	uint8_t picks[FLEET_SERVICES][FLEET_CLASSES][FLEET_CLIENTS];
	int64_t began_ms;
	bool down[FLEET_TARGETS];    /* of the view before, for truth.c */
	double takes[FLEET_TARGETS]; /* share of its clients, 0 when down */
	int heading[FLEET_TARGETS];  /* where that last went: -1, 0, 1 */
};

struct responder {
	struct world world;
	struct blob kept_plan, kept_reports[FLEET_VANTAGES]; /* its disk */
	struct local kept_local;
	struct json_t *kept_verdicts;          /* owned; NULL: none yet */
	int64_t wall_heard_ms[FLEET_VANTAGES]; /* of kept_reports */
	struct notes notes;
	struct askers_counter counter;
	/* Its record, as it got to the store: when it was made, 0: none did. */
	int64_t told_ms, record_ms; /* when; when its record was sent */
	uint64_t told_epoch, told_sequence;
};

/* What a vantage knows beside what it probes, and of whom it thinks what. */
struct verifier_seat {
	struct outlook outlook;
	struct inspection inspections[FLEET_RESPONDERS];
	/* Fleet's time: when it last had reason to differ; 0: never. */
	int64_t reason_ms[FLEET_RESPONDERS];
};

/* What a canary and the stable version serve, since the beginning. */
struct traffic {
	bool bad; /* the canary fails more often */
	struct trials total[ARMS];
	int64_t counted_ms; /* until when */
	/* Nobody can measure it from then until then. */
	int64_t away_from_ms, away_until_ms;
};

struct seat { /* an agent's process */
	struct agent *agent;
	struct inputs inputs;
	struct lease lease;
	uint64_t leads; /* the epoch that the agent was set up for; 0 */
	bool synced;
	uint64_t lease_question, commit_question; /* open ones; 0: none */
	struct plan *proposal; /* what the open commit would publish; owned */
	struct audit proposed; /* what that changes */
	struct doubts doubts;
	bool behind; /* a newer plan than the agent's is stored, and unread */
	/* Commands in no stored plan yet; of these, how many the proposal has.
	 */
	struct command meanwhile[FLEET_ORDERS];
	bool approved[FLEET_ORDERS]; /* of meanwhile, by a second person */
	size_t meanwhile_count, proposed_count;
	uint64_t base_epoch, base_sequence; /* what the agent goes on from */
	struct blob kept_plan;              /* its disk */
	struct measure measures[FLEET_CANARIES]; /* of each canary */
	uint64_t measured;                       /* so many, of all */
	struct users_seat users;
	struct askers_seat asked;
	struct held held;
	int64_t led_ms; /* fleet's time: when it took over, or INT64_MAX */
};

struct event;

/* A report as octets, and what they say. */
struct parsed {
	struct blob octets;
	struct report *report; /* owned */
};

/* What happens to who leads. */
enum ambush {
	AMBUSH_NONE,
	AMBUSH_PAUSE, /* it is paused, and the plan comes late */
	AMBUSH_CUT,   /* its link breaks, and the plan comes late */
	AMBUSH_LOSS   /* its link breaks, and the plan is lost */
};

/* What kind of faults a fleet meets. */
enum weather {
	WEATHER_ALL,
	WEATHER_KIND,  /* all, but links are quick and do not break */
	WEATHER_FLAPS, /* kind links; endpoints flap; one vantage lies */
	WEATHER_SPLITS /* leaders are paused for longer than their lease */
};

struct fleet {
	const struct policy *policy; /* borrowed */
	const struct roster *roster; /* borrowed, of policy */
	enum weather weather;
	uint64_t random, digest;
	int64_t now_ms;
	bool trace;
	struct clocks clocks[FLEET_NODES];
	bool alive[FLEET_NODES];
	unsigned life[FLEET_NODES]; /* how often it was started: what was meant
				     * for an earlier life does not arrive */
	/* The link to the store: messages keep their order; a cut loses what
	 * is on its way, and is noticed a while later. */
	int64_t cut_until_ms[FLEET_NODES], paused_until_ms[FLEET_NODES];
	int64_t well_ms[FLEET_NODES]; /* since, or from, when it is: see
				       * fleet_unwell() */
	enum ambush ambush;           /* as who leads sends its next plan */
	struct event *held; /* that plan, until the other leads, or the same one
			     * sends its next; owned */
	int64_t split_ms;   /* when a leader was last paused so */
	bool stepped[FLEET_NODES]; /* its wall clock has ever been wrong */
	unsigned link[FLEET_NODES];
	int64_t fifo_ms[FLEET_NODES][2];
	struct responder responders[FLEET_RESPONDERS];
	struct vantage vantages[FLEET_VANTAGES];
	struct verifier_seat verifiers[FLEET_VANTAGES];
	struct seat seats[FLEET_SEATS];
	struct store store;
	struct history history;
	struct traffic traffic[FLEET_CANARIES];
	struct users users;
	struct askers askers;
	struct approvals approvals;
	struct parsed parsed[FLEET_VANTAGES]; /* the last that was parsed */
	size_t target_count;
	size_t target_service[FLEET_TARGETS], target_endpoint[FLEET_TARGETS];
	struct ground_parts target_parts[FLEET_TARGETS];
	struct site sites[GROUND_SITES];
	struct sight sights[FLEET_VANTAGES];
	struct client_class classes[FLEET_CLASSES];
	const struct client_class *class_list[FLEET_CLASSES];
	uint64_t class_regions[FLEET_CLASSES]; /* said by hand */
	unsigned breaks_permille;              /* messages that break a link */
	int64_t delay_max_ms;
	int64_t calm_from_ms; /* no fault begins after this */
	int64_t end_ms;
	struct event *queue; /* binary heap by (time, order) */
	size_t queued, room;
	uint64_t order, questions;
	unsigned crowd; /* events at this instant */
	struct totals totals;
	struct outturn outturn;
	char trouble[FLEET_TROUBLE_SIZE]; /* the broken invariant, or "" */
};

struct fleet_setup {
	const struct policy *policy; /* borrowed */
	const struct roster *roster; /* borrowed, of policy */
	uint64_t seed;
	bool trace;  /* prints what happens */
	bool splits; /* WEATHER_SPLITS, whatever the seed */
};
void fleet_init(struct fleet *f, const struct fleet_setup *setup);
void fleet_fini(struct fleet *f);

/* Carries out the next event.  False at the end of time. */
bool fleet_step(struct fleet *f);

/* Node numbers. */
static inline int fleet_vantage(size_t vantage)
{
	return FLEET_RESPONDERS + (int)vantage;
}

static inline int fleet_seat(size_t seat)
{
	return FLEET_RESPONDERS + FLEET_VANTAGES + (int)seat;
}

/* A holder of the lease is a process, not a machine. */
static inline uint64_t fleet_holder(const struct fleet *f, int node)
{
	return (uint64_t)f->life[node] * FLEET_NODES + (uint64_t)node + 1;
}

/* Uniform draws; the fleet's only source of chance. */
uint64_t fleet_draw(struct fleet *f);
static inline int64_t fleet_between(struct fleet *f, int64_t low, int64_t high)
{
	return low + (int64_t)(fleet_draw(f) % (uint64_t)(high - low + 1));
}

static inline int64_t fleet_mono(const struct fleet *f, int node)
{
	return f->now_ms + f->clocks[node].mono_offset_ms;
}

static inline int64_t fleet_wall(const struct fleet *f, int node)
{
	return f->now_ms + FLEET_WALL_MS + f->clocks[node].wall_offset_ms +
	       f->clocks[node].step_ms;
}

static inline const struct policy_service *fleet_service(const struct fleet *f,
							 size_t target)
{
	return &f->policy->services[f->target_service[target]];
}

static inline const struct policy_endpoint *
fleet_endpoint(const struct fleet *f, size_t target)
{
	return &fleet_service(f, target)->endpoints[f->target_endpoint[target]];
}

/* One line of what happens: into the digest, and printed when traced. */
void fleet_tell(struct fleet *f, int node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* An invariant is broken.  The first one is kept.  Returns false. */
bool fleet_broken(struct fleet *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What happens at an instant. */
enum event_kind {
	EVENT_PROBE,     /* to: vantage; a: site; number */
	EVENT_SEEN,      /* to: vantage; a: site: its probe has ended */
	EVENT_REPORT,    /* to: vantage: publish; number: in a hurry */
	EVENT_FLAP,      /* a: site: half a period is over */
	EVENT_TURN,      /* to: responder or seat: its timer */
	EVENT_FULL_READ, /* to: responder or seat */
	EVENT_LINK,      /* to: anyone; a: it has noticed a cut (0), or the
			  * end of one (1) */
	EVENT_ASK,       /* to: vantage: all responders */
	EVENT_USERS,     /* tell agents what they measured */
	EVENT_ASKERS,    /* ask responders */
	EVENT_FAULT,
	EVENT_PERSON,
	EVENT_HEAL,       /* to: node or the store; a: enum fault; b: which */
	MESSAGE_REPORT,   /* to store; a: vantage; blob */
	MESSAGE_READ,     /* to store; a: 1 everything, 0 the plan */
	MESSAGE_LEASE,    /* to store; a: holder; b: at_least; number */
	MESSAGE_RELEASE,  /* to store; a: holder */
	MESSAGE_COMMIT,   /* to store; b: when made; base; number; blob
			   */
	MESSAGE_VALUE,    /* from store; a: vantage; blob */
	MESSAGE_NOTICE,   /* from store: there is a new plan */
	MESSAGE_PLAN,     /* from store; blob */
	MESSAGE_SYNCED,   /* from store: that was everything */
	MESSAGE_LEASED,   /* from store; a: epoch; number */
	MESSAGE_NODE,     /* to store, and on to agents; a: responder; blob */
	MESSAGE_SERVED,   /* to agents; blob: what an edge tells */
	MESSAGE_COMMITTED /* from store; a: enum bus_commit; number */
};

struct event {
	int64_t at_ms;
	uint64_t order;
	enum event_kind kind;
	int to;   /* node, or FLEET_STORE */
	int from; /* node, of a message to the store */
	unsigned life;
	unsigned link; /* that it travels on; 0: none */
	uint64_t a, b;
	uint64_t number; /* of the question this asks or answers */
	uint64_t base_epoch, base_sequence; /* of a commit: made from it */
	struct blob blob;                   /* owned */
};

/* Is (epoch, sequence) a before b?  Not plan_newer(): that is on trial. */
static inline bool fleet_before(uint64_t a_epoch, uint64_t a_sequence,
				uint64_t b_epoch, uint64_t b_sequence)
{
	return a_epoch < b_epoch ||
	       (a_epoch == b_epoch && a_sequence < b_sequence);
}

/* Queues an event of a node itself; takes ownership of its blob. */
void fleet_at(struct fleet *f, int64_t at_ms, struct event e);
static inline void fleet_after(struct fleet *f, int node, int64_t delay_ms,
			       enum event_kind kind)
{
	fleet_at(f, f->now_ms + delay_ms,
		 (struct event){ .kind = kind, .to = node });
}

/* From a node to the store, and back; a cut loses it. */
void fleet_ask(struct fleet *f, int node, struct event e);
void fleet_answer(struct fleet *f, int node, struct event e);

/* Cuts a node off from the store for so long. */
void fleet_cut(struct fleet *f, int node, int64_t for_ms);

/* Something is wrong with a node until then: nothing is expected of it before
 * it has been well again for a while. */
void fleet_unwell(struct fleet *f, int node, int64_t until_ms);

struct blob blob_copy(const char *octets, size_t len);
/* Replaces *kept by a copy. */
void blob_keep(struct blob *kept, const char *octets, size_t len);

/* verifier.c, vantage.c, responder.c, seat.c: lives and events of each kind. */
void verifier_start(struct fleet *f, int node);
void verifier_receive(struct fleet *f, struct event *e);
void verifier_die(struct fleet *f, int node);
void vantage_start(struct fleet *f, int node);
void vantage_receive(struct fleet *f, struct event *e);
void responder_start(struct fleet *f, int node);
void responder_receive(struct fleet *f, struct event *e);
void responder_die(struct responder *r);
/* Parses a vantage's report, or copies what was parsed of the same octets
 * before: all hear the same, again with each full read.  The caller owns it;
 * NULL with err set. */
struct report *responder_parse(struct fleet *f, size_t vantage,
			       const struct blob *blob, struct error *err);
void seat_start(struct fleet *f, int node);
void seat_receive(struct fleet *f, struct event *e);
void seat_die(struct seat *s);
/* Does it lead, as far as it knows? */
bool seat_leads(struct fleet *f, int node);
/* It has taken on this command; approved: two people want it. */
void seat_note(struct fleet *f, int node, const struct command *c,
	       bool approved);
struct agent_input seat_input(const struct fleet *f, int node);

void node_start(struct fleet *f, int node);
void node_die(struct fleet *f, int node);

static inline bool fleet_of_canary(enum command_kind kind)
{
	return kind >= COMMAND_CANARY_START && kind <= COMMAND_CANARY_ABORT;
}

/* faults.c, people.c */
void fault_strike(struct fleet *f);
void fault_heal(struct fleet *f, const struct event *e);
/* Takes e, a plan that node sends, if that is what was waited for. */
bool fault_ambush(struct fleet *f, int node, const struct event *e);
/* In bad weather: the next plan may not get there at once. */
void fault_waylay(struct fleet *f);
/* Lets it go on, if there is one. */
void fault_release(struct fleet *f);
void person_acts(struct fleet *f);
/* Somebody puts his name to it. */
void people_sign(struct fleet *f, struct command *c);
/* To an agent that leads.  True: it has taken it on. */
bool people_command(struct fleet *f, int node, const struct command *c,
		    bool approved);

/*
 * invariants.c: looks at every responder whose view is new.  And at the end,
 * a while after the last fault: has everyone come to the same plan, and to
 * the truth about every endpoint?
 */
bool invariants_hold(struct fleet *f);
bool invariants_converged(struct fleet *f);

/*
 * truth.c: what is said, against what is true.  Of a report as it is made; of
 * a latency that is settled on; of a vantage that begins or ends to mistrust
 * itself; of a responder's new view; of all responders, in the calm; at the
 * end.
 */
void truth_report(struct fleet *f, size_t vantage, const struct report *report);
void truth_latency(struct fleet *f, size_t vantage, size_t site, float ms);
void truth_mistrust(struct fleet *f, int node, bool mistrusts);
bool truth_check(struct fleet *f, size_t r);
void truth_compare(struct fleet *f);
bool truth_converged(struct fleet *f);

/* pins.c: who is pinned gets that, while it works, and nobody else notices. */
bool pins_check(struct fleet *f, size_t r, size_t service, size_t class,
		const struct row *row);

/*
 * movement.c: only clients that must move do, from the row before to this; and
 * of the rows of all classes: a client is in a canary wherever it is served,
 * or nowhere.
 */
bool movement_check(struct fleet *f, size_t r, size_t service, size_t class,
		    const struct row *row);
bool movement_check_canary(struct fleet *f, size_t r, size_t service);

/* panic.c: of a responder's new view. */
bool panic_check(struct fleet *f, size_t r, size_t service);

/* plans.c: of one plan; and of what a command for a canary would do to it.
 * rollouts.c: what became of canaries from the last plan to this one. */
void rollouts_check(struct fleet *f, const struct plan *plan, int64_t made_ms);
void rollouts_forget(struct fleet *f);

/* gauges.c: what canaries serve, and what a seat measures of it. */
void gauges_begin(struct fleet *f);
void gauges_turn(struct fleet *f, int node);
void plans_check(struct fleet *f, const struct plan *plan);
void plans_check_canary(struct fleet *f, const struct command *c,
			const struct plan *before, const struct plan *after);

#endif
