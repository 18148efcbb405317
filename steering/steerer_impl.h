/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steerer_impl -- the steerer from inside, for the files that make it up:
 * steerer (life, tick, bus), publish (lease, commit), desk (requests), waiting
 * (answers that wait for a commit), inquiry (requests that change nothing),
 * presence (what it tells of itself), shelf (the plan on disk), supply
 * (policies that were published).
 *
 * Shell.
 */
#ifndef STEERING_STEERER_IMPL_H
#define STEERING_STEERER_IMPL_H

#include "policy/base/news.h"
#include "policy/bus/sign.h"
#include "steering/agent.h"
#include "steering/doubt.h"
#include "steering/generations.h"
#include "steering/held.h"
#include "steering/inputs.h"
#include "steering/lease.h"
#include "steering/loaded.h"
#include "steering/reckoning.h"
#include "steering/steerer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct control;
struct control_call;
struct event;
struct journal;
struct gauge;
struct json_t;
struct keep;
struct prediction;
struct reload;
struct ring;
struct rum;

/* What can go wrong in the shell; each ends by itself. */
enum steerer_trouble {
	TROUBLE_RELOAD,
	TROUBLE_JOURNAL,
	TROUBLE_KEEP,
	TROUBLE_COUNT,
};

enum { STEERER_TICK_MS = 250, STEERER_NODE_MS = 1000 };

/* Where an answer goes, and what its asker may do. */
struct asker {
	const char *bus_id;        /* or NULL */
	struct control_call *call; /* or NULL */
	bool may_command;
	char key[SIGN_ID_SIZE]; /* that signed the request; "": none did */
};

/* A command that is judged or carried out, and by whose word. */
struct request {
	struct command command;
	struct command approval; /* by which the command is; COMMAND_NONE */
	struct agent_input in;
};

enum waiting_state {
	WAITING_NEW,     /* in no plan yet */
	WAITING_SENT,    /* in the plan on its way */
	WAITING_DOUBTED, /* in one of which nobody said whether it is stored */
};

/* A person's command whose answer waits for a commit. */
struct waiting {
	struct waiting *next;
	char *bus_id;              /* the bus's id of it, or NULL; owned */
	struct control_call *call; /* or the control socket's */
	enum waiting_state state;
	uint64_t epoch, sequence; /* of the plan that has it */
	int64_t until_ms; /* monotonic; when doubt is answered as such */
	struct command command;
	bool approved; /* by a second person */
	struct agent_preview preview;
};

/* A plan on its way. */
struct commit {
	struct plan *plan; /* NULL: none is */
	char *envelope;    /* signed */
	size_t len;
	struct audit audit; /* what it changes, told when it is stored */
};

/* What the bus calls back with: it may do so after the steerer has gone. */
struct steerer_link {
	struct steerer *steerer; /* NULL once it has */
	unsigned refs;           /* open questions, and the steerer's own */
};

/* What supply knows of policies that were published; zeroed is nothing. */
struct supply {
	struct reload *trial; /* NULL: none is being tried */
	char trying[65], tried[65];
	char failure[160]; /* of what was tried; "" it loads */
	char followed[65]; /* the base that was gone over to last */
	int64_t fetch_ms, put_ms, retry_ms; /* monotonic: not before */
	struct news unfit;
};

struct steerer {
	struct steerer_link *link;
	struct steerer_config config; /* texts are owned copies */
	struct event_base *loop;
	struct loaded loaded;
	struct supply supply;
	struct agent *agent;
	struct inputs inputs;
	/* What was told of each kind of thing that comes by the bus. */
	struct news plans_refused, reports_refused, nodes_refused,
		served_refused, requests_refused;
	struct lease lease;
	char holder[128]; /* in the lease: unlike that of any other process */
	bool synced;      /* everything on the bus was read once */
	uint64_t leads;   /* the epoch that the agent was set up for; 0 */
	struct commit commit;
	struct held held; /* while it leads */
	struct doubts doubts;
	int64_t behind_ms; /* since when a newer plan than the agent's is known
			    * to be stored, and was not read yet; 0 */
	struct waiting *waiting; /* in the order they came */
	size_t waiting_count;
	struct journal *journal;
	struct generations past; /* what plans decided, to roll back to */
	struct ring *ring;       /* NULL: nothing is kept */
	struct keep *keep;       /* what was put there last */
	struct control *control;
	struct rum *rum;                  /* NULL: none */
	struct page *page;                /* NULL: none */
	struct gauge *gauge;              /* measures canaries */
	struct reckoning reckoning;       /* of demand */
	bool resumes;                     /* it took over with a plan there */
	struct reload *reload;            /* NULL: no reload is under way */
	bool reload_again;                /* asked for meanwhile */
	struct control_call *reload_call; /* who waits for it, or NULL */
	struct event *tick_timer, *node_timer, *soon;
	char troubles[TROUBLE_COUNT][160]; /* "" when there is none */
};

/* For one question to the bus. */
struct steerer_link *steerer_link_take(struct steerer *s);
/* Its answer came: the steerer, or NULL when it has gone. */
struct steerer *steerer_link_end(struct steerer_link *link);

/* Both clocks, read once. */
struct ramp_now steerer_now(void);

/* A turn as soon as the loop is free. */
void steerer_soon(struct steerer *s);

/* presence: tells everyone how this node stands. */
void steerer_tell_node(struct steerer *s, struct ramp_now now);

/* presence: a line of the log for alarms of services that begin or end. */
void steerer_tell_alarms(const struct view *view);

/* presence: this node's record. */
struct node steerer_node(const struct steerer *s, struct ramp_now now);

/* What the agent is told at a tick. */
struct agent_input steerer_input(const struct steerer *s, struct ramp_now now);

/* presence: shown with this node until it is "". */
void steerer_trouble(struct steerer *s, enum steerer_trouble trouble,
		     const char *text);

/* An error in the log. */
void steerer_log_failure(const char *event, const char *text);
/* What came under key is refused: logged when told says that it is news. */
void steerer_log_refused(struct news *told, const char *event, const char *key,
			 const char *text);

/* publish: writes events down, here and on the bus, and clears them. */
void steerer_write_audit(struct steerer *s, struct audit *audit);

/* What a reload came to: ok, or err says why nothing has changed. */
void desk_reloaded(struct steerer *s, bool ok, const struct error *err);

/* publish: renews the lease, leads or does not, sends a plan that is due. */
void publish_turn(struct steerer *s, struct ramp_now now);

/* publish: a verified plan from the bus; takes ownership. */
void publish_heard(struct steerer *s, struct plan *plan, const char *envelope,
		   size_t len);
/* A plan in its envelope, signed by one of those that may; NULL with err. */
struct plan *steerer_open_plan(const struct steerer *s, const void *octets,
			       size_t len, struct error *err);

/* measuring: opens the gauge.  False with err set. */
bool measuring_open(struct steerer *s, struct error *err);
/* measuring: another policy is to be in use; the old one is there still. */
void measuring_adopt(struct steerer *s, const struct policy *policy);
/* measuring: what an edge served, as it came; octets are borrowed. */
void measuring_hear(struct steerer *s, const char *edge, const void *octets,
		    size_t len);
/* measuring: what is due of canaries on their way, and of demand. */
void measuring_turn(struct steerer *s, struct ramp_now now);

/* supply: loads the policy that all serve, or the agent's own.  False with err
 * set. */
bool supply_open(struct steerer *s, struct error *err);
/* supply: where the policy to steer by is: in buf of BUNDLES_PATH_SIZE, or
 * borrowed. */
const char *supply_path(const struct steerer *s, char *buf);
/* supply: what is the newest word on it: of the agent that leads here, else of
 * the plan; borrowed. */
const struct plan_release *supply_release(const struct steerer *s);
/* supply: a bundle from the bus; octets are borrowed. */
void supply_hear(struct steerer *s, const char *digest, const void *octets,
		 size_t len);
/* supply: fetches, tries, takes and tells what is due. */
void supply_turn(struct steerer *s, int64_t now_ms);
void supply_close(struct steerer *s);

/* shelf: opens what is on disk, and takes the plan from there.  False with err
 * set when memory runs out. */
bool shelf_open(struct steerer *s, struct error *err);
/* shelf: that of s->inputs.plan, to the disk and among the generations. */
void shelf_put(struct steerer *s, const char *envelope, size_t len);
/* shelf: what has been in force for long enough becomes a good generation. */
void shelf_turn(struct steerer *s, int64_t now_ms);
void shelf_close(struct steerer *s);
void publish_stop(struct steerer *s);

/*
 * inquiry: answers a request that changes nothing; *out is the caller's, NULL
 * when memory runs out.  False: op is another.
 */
bool inquiry_take(const struct steerer *s, const char *op,
		  const struct json_t *request, struct json_t **out);

/* inquiry: opens the status page, which asks nothing else.  False with err set.
 */
bool inquiry_open_page(struct steerer *s, const char *listen,
		       struct error *err);

/* desk: a request from the bus; octets are borrowed. */
void desk_take(struct steerer *s, const char *id, const void *octets,
	       size_t len);
/* desk: the control socket opens.  False with err set. */
bool desk_open(struct steerer *s, struct error *err);
/* desk: takes ownership of json. */
void desk_answer(struct steerer *s, const struct asker *to,
		 struct json_t *json);
void desk_close(struct steerer *s);

/*
 * second: an approval becomes the command that it is for, as an input that two
 * people want.  False with err set: it is for none, or no second person's.
 */
bool second_resolve(struct steerer *s, const struct asker *from,
		    struct request *request, struct error *err);
/* second: it is carried out: told, and held no longer. */
void second_approved(struct steerer *s, const struct asker *from,
		     const struct request *request);
/* second: holds a command that needs a second person, and answers.  False: it
 * needs none. */
bool second_hold(struct steerer *s, const struct asker *from,
		 const struct request *request,
		 const struct agent_preview *preview);
/* second: those that nobody approved in time go; all, when it does not lead. */
void second_turn(struct steerer *s, int64_t wall_ms);

/* waiting: what a preview's plans would mean.  False with err set. */
bool waiting_predict(const struct steerer *s,
		     const struct agent_preview *preview,
		     struct prediction *out, struct error *err);
void waiting_drop_preview(struct agent_preview *preview);

/* waiting: takes ownership of the preview.  NULL, and it is the caller's: too
 * many wait, or out of memory. */
struct waiting *waiting_add(struct steerer *s, const struct asker *from,
			    const struct command *command,
			    const struct agent_preview *preview);
/* waiting: answers one and frees it; takes ownership of json. */
void waiting_end(struct steerer *s, struct waiting *w, struct json_t *json);
/* waiting: is there one that no plan in doubt has? */
bool waiting_any(const struct steerer *s);
/* waiting: those in no plan yet are in this one. */
void waiting_sent(struct steerer *s, uint64_t sequence);
/* waiting: the plan on its way is stored: answers those in it. */
void waiting_stored(struct steerer *s, uint64_t epoch, uint64_t sequence);
/* waiting: answers all but those in doubt that it failed, and why. */
void waiting_failed(struct steerer *s, const char *why);
/* waiting: the same for those in no plan yet. */
void waiting_unsent(struct steerer *s, const char *why);
/* waiting: answers all; those who were sent may be in force. */
void waiting_lost(struct steerer *s, const char *why);
/* waiting: nobody said whether the plan on its way, of that epoch, is stored.
 */
void waiting_doubt(struct steerer *s, uint64_t epoch, int64_t now_ms);
/* waiting: now it is known: answers those in it. */
void waiting_settle(struct steerer *s, const struct doubt *d,
		    enum doubt_end end);
/* waiting: answers those who have been in doubt for too long. */
void waiting_turn(struct steerer *s, int64_t now_ms);
/* waiting: the agent goes on from another plan: gives it what all but those in
 * doubt commanded once more, and answers whom it refuses now. */
void waiting_repeat(struct steerer *s, struct ramp_now now);

#endif
