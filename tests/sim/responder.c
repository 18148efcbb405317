/* SPDX-License-Identifier: Apache-2.0 */
/* responder -- what dns/feed and dns/kept do, up to the view that answers
 * follow from. */
#include "fleet.h"

#include "dns/verdicts.h"
#include "policy/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { TURN_MS = 1000, FULL_READ_MS = 5000 };

static struct world_time time_of(const struct fleet *f, int node)
{
	return (struct world_time){ fleet_mono(f, node), fleet_wall(f, node) };
}

static void keep_verdicts(struct responder *r, const struct view *view)
{
	if (r->world.view != NULL && verdicts_same(r->world.view, view))
		return;
	json_decref(r->kept_verdicts);
	r->kept_verdicts = verdicts_write(view);
	if (r->kept_verdicts == NULL)
		abort();
}

static struct blob write_record(struct fleet *f, int node)
{
	const struct responder *r = &f->responders[node];
	char name[NODE_NAME_SIZE];
	struct node record;

	snprintf(name, sizeof(name), "dns%d", node);
	record = node_of(NODE_DNS, name, fleet_wall(f, node));
	record.plan_epoch = r->told_epoch;
	record.plan_sequence = r->told_sequence;
	return askers_record(f, node, &record);
}

/* Its record, which verifiers read where it was told and agents from the store:
 * each second, and at once when the plan changed. */
static void tell(struct fleet *f, int node)
{
	struct responder *r = &f->responders[node];
	const struct view *view = r->world.view;
	bool same = r->told_epoch == view->plan_epoch &&
		    r->told_sequence == view->plan_sequence;

	if (f->now_ms < f->cut_until_ms[node])
		return;
	r->told_ms = f->now_ms;
	if (same && f->now_ms - r->record_ms < TURN_MS)
		return;
	r->record_ms = f->now_ms;
	r->told_epoch = view->plan_epoch;
	r->told_sequence = view->plan_sequence;
	fleet_ask(f, node,
		  (struct event){ .kind = MESSAGE_NODE,
				  .a = (uint64_t)node,
				  .blob = write_record(f, node) });
}

static void turn(struct fleet *f, int node)
{
	struct responder *r = &f->responders[node];
	struct view *view;

	if (local_expire(&r->world.local, fleet_wall(f, node)) > 0)
		r->kept_local = r->world.local;
	view = world_look(&r->world, f->policy, time_of(f, node));
	if (view == NULL)
		abort();
	keep_verdicts(r, view);
	view_free(r->world.view);
	r->world.view = view;
	r->notes.due = true;
	tell(f, node);
}

/* Not with plan_newer(): that is on trial. */
static void note_plan(struct notes *w, const struct plan *plan)
{
	if (!fleet_before(w->highest_epoch, w->highest_sequence, plan->epoch,
			  plan->sequence))
		return;
	w->highest_epoch = plan->epoch;
	w->highest_sequence = plan->sequence;
}

/* As dns/follow, which checks the signature first. */
static void take_plan(struct fleet *f, int node, const struct blob *blob)
{
	struct responder *r = &f->responders[node];
	struct error err;
	struct plan *plan = plan_parse(blob->octets, blob->len, &err);

	if (plan != NULL)
		note_plan(&r->notes, plan);
	if (plan == NULL || !plan_newer(plan, r->world.follow.plan)) {
		plan_free(plan);
		return;
	}
	if (!plan_check(plan, f->policy, &err)) {
		fleet_broken(f, "a plan that nobody may follow: %s", err.text);
		plan_free(plan);
		return;
	}
	history_taken(f, node, plan, blob);
	plan_free(r->world.follow.plan);
	r->world.follow.plan = plan;
	r->world.plan_fits = true;
	if (blob != &r->kept_plan)
		blob_keep(&r->kept_plan, blob->octets, blob->len);
}

/* News, by policy/decide/heard's rule: not with heard_take(), that is on trial.
 */
static bool is_news(struct fleet *f, int node, const struct notes *w,
		    size_t vantage, const struct report *report)
{
	int64_t apart_ms = report->wall_made_ms - fleet_wall(f, node);

	if (report->sequence == w->sequence[vantage])
		return false;
	return w->arrived_ms[vantage] == 0 ||
	       report->sequence > w->sequence[vantage] ||
	       (f->now_ms - w->arrived_ms[vantage] >= HEARD_RESTART_MS &&
		apart_ms <= HEARD_CLOCKS_MS && apart_ms >= -HEARD_CLOCKS_MS);
}

/* What the vantage said, as it arrives: for the invariants. */
static void note_report(struct fleet *f, int node, size_t vantage,
			const struct report *report, int64_t age_ms)
{
	struct notes *w = &f->responders[node].notes;

	if (!is_news(f, node, w, vantage, report))
		return;
	w->sequence[vantage] = report->sequence;
	w->arrived_ms[vantage] = f->now_ms - age_ms;
	for (size_t t = 0; t < f->target_count; t++) {
		const struct report_entry *e =
			report_find(report, fleet_service(f, t)->name,
				    fleet_endpoint(f, t)->name);
		bool silent = e == NULL || report->abstains;

		w->said[vantage][t] = silent ? REPORT_UNKNOWN : e->state;
		w->age_ms[vantage][t] =
			silent ? 0 : report->wall_made_ms - e->wall_probed_ms;
	}
}

struct report *responder_parse(struct fleet *f, size_t vantage,
			       const struct blob *blob, struct error *err)
{
	struct parsed *p = &f->parsed[vantage];
	struct report *copy = malloc(sizeof(*copy));

	if (p->octets.len != blob->len || p->report == NULL ||
	    memcmp(p->octets.octets, blob->octets, blob->len) != 0) {
		report_free(p->report);
		p->report = report_parse(blob->octets, blob->len, err);
		blob_keep(&p->octets, blob->octets, blob->len);
	}
	if (p->report == NULL || copy == NULL) {
		free(copy);
		return NULL;
	}
	*copy = *p->report;
	copy->entries = calloc(copy->count + 1, sizeof(*copy->entries));
	if (copy->entries == NULL)
		abort();
	memcpy(copy->entries, p->report->entries,
	       copy->count * sizeof(*copy->entries));
	return copy;
}

static void take_report(struct fleet *f, int node, size_t vantage,
			const struct blob *blob)
{
	struct responder *r = &f->responders[node];
	bool kept = blob == &r->kept_reports[vantage];
	int64_t age_ms =
		kept ? fleet_wall(f, node) - r->wall_heard_ms[vantage] : 0;
	struct error err;
	struct report *report = responder_parse(f, vantage, blob, &err);

	if (age_ms < 0)
		age_ms = 0;
	if (report == NULL) {
		fleet_broken(f, "a vantage published what is no report: %s",
			     err.text);
		return;
	}
	note_report(f, node, vantage, report, age_ms);
	if (heard_take(&r->world.heard, f->policy, report,
		       fleet_mono(f, node) - age_ms,
		       fleet_wall(f, node)) != HEARD_TAKEN ||
	    kept)
		return;
	blob_keep(&r->kept_reports[vantage], blob->octets, blob->len);
	r->wall_heard_ms[vantage] = fleet_wall(f, node);
}

static void read_all(struct fleet *f, int node)
{
	fleet_ask(f, node, (struct event){ .kind = MESSAGE_READ, .a = 1 });
}

void responder_start(struct fleet *f, int node)
{
	struct responder *r = &f->responders[node];

	r->notes.began_ms = f->now_ms;
	askers_count_start(&r->counter);
	if (r->kept_plan.octets != NULL)
		take_plan(f, node, &r->kept_plan);
	for (size_t v = 0; v < FLEET_VANTAGES; v++)
		if (r->kept_reports[v].octets != NULL)
			take_report(f, node, v, &r->kept_reports[v]);
	r->world.local = r->kept_local;
	(void)local_adopt(&r->world.local, f->policy, fleet_wall(f, node));
	if (r->kept_verdicts != NULL) {
		r->world.view =
			world_look(&r->world, f->policy, time_of(f, node));
		if (r->world.view == NULL)
			abort();
		verdicts_hold(r->kept_verdicts, r->world.view);
	}
	turn(f, node);
	fleet_after(f, node, TURN_MS, EVENT_TURN);
	fleet_after(f, node, 0, EVENT_FULL_READ);
}

void responder_receive(struct fleet *f, struct event *e)
{
	if (e->kind == EVENT_TURN)
		fleet_after(f, e->to, TURN_MS, EVENT_TURN);
	else if (e->kind == MESSAGE_VALUE)
		take_report(f, e->to, e->a, &e->blob);
	else if (e->kind == MESSAGE_PLAN)
		take_plan(f, e->to, &e->blob);
	else if (e->kind == MESSAGE_NOTICE)
		fleet_ask(f, e->to, (struct event){ .kind = MESSAGE_READ });
	else if (e->kind == EVENT_FULL_READ)
		fleet_after(f, e->to, FULL_READ_MS, EVENT_FULL_READ);
	if (e->kind == EVENT_FULL_READ || (e->kind == EVENT_LINK && e->a == 1))
		read_all(f, e->to);
	turn(f, e->to);
}

void responder_die(struct responder *r)
{
	struct notes notes = {
		.highest_epoch = r->notes.highest_epoch,
		.highest_sequence = r->notes.highest_sequence,
	};

	memcpy(notes.verdicts, r->notes.verdicts, sizeof(notes.verdicts));
	world_fini(&r->world);
	askers_count_die(&r->counter);
	r->notes = notes;
}
