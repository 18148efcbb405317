/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include "policy/base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum {
	LIFE_MS = 90000,
	CALM_MS = 60000,
	CROWD_MOST = 10000, /* events at one instant */
};

/* splitmix64: S. Vigna, 2015 (public domain algorithm). */
uint64_t fleet_draw(struct fleet *f)
{
	f->random += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix(f->random);
}

static void print_line(const struct fleet *f, int node, const char *text)
{
	static const char *const kinds[] = { "dns", "health", "steer" };
	int first[] = { 0, fleet_vantage(0), fleet_seat(0) };
	int kind = node >= first[2] ? 2 : node >= first[1] ? 1 : 0;

	if (node < 0)
		printf("# %7lld.%03lld %-8s %s\n", (long long)f->now_ms / 1000,
		       (long long)f->now_ms % 1000, "-", text);
	else
		printf("# %7lld.%03lld %-6s%-2d %s\n",
		       (long long)f->now_ms / 1000, (long long)f->now_ms % 1000,
		       kinds[kind], node - first[kind], text);
}

void fleet_tell(struct fleet *f, int node, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->digest = hash_octets(f->digest, text, strlen(text));
	if (f->trace)
		print_line(f, node, text);
}

bool fleet_broken(struct fleet *f, const char *fmt, ...)
{
	va_list ap;

	if (f->trouble[0] != '\0')
		return false;
	va_start(ap, fmt);
	vsnprintf(f->trouble, sizeof(f->trouble), fmt, ap);
	va_end(ap);
	fleet_tell(f, FLEET_STORE, "BROKEN: %s", f->trouble);
	return false;
}

struct blob blob_copy(const char *octets, size_t len)
{
	struct blob b = { malloc(len + 1), len };

	if (b.octets == NULL)
		abort(); /* a test without memory tests nothing */
	memcpy(b.octets, octets, len);
	b.octets[len] = '\0';
	return b;
}

void blob_keep(struct blob *kept, const char *octets, size_t len)
{
	struct blob b = blob_copy(octets, len);

	free(kept->octets);
	*kept = b;
}

static bool before(const struct event *a, const struct event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void enqueue(struct fleet *f, struct event e)
{
	size_t at;

	if (f->queued == f->room) {
		size_t room = f->room == 0 ? 256 : f->room * 2;
		struct event *queue =
			reallocarray(f->queue, room, sizeof(*queue));

		if (queue == NULL)
			abort();
		f->queue = queue;
		f->room = room;
	}
	e.order = f->order++;
	for (at = f->queued++; at > 0 && before(&e, &f->queue[(at - 1) / 2]);
	     at = (at - 1) / 2)
		f->queue[at] = f->queue[(at - 1) / 2];
	f->queue[at] = e;
}

static struct event take_next(struct fleet *f)
{
	struct event first = f->queue[0];
	struct event last = f->queue[--f->queued];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < f->queued &&
		    before(&f->queue[child + 1], &f->queue[child]))
			child++;
		if (child >= f->queued || !before(&f->queue[child], &last))
			break;
		f->queue[at] = f->queue[child];
		at = child;
	}
	f->queue[at] = last;
	return first;
}

void fleet_at(struct fleet *f, int64_t at_ms, struct event e)
{
	e.at_ms = at_ms;
	if (e.to >= 0)
		e.life = f->life[e.to];
	enqueue(f, e);
}

/* What a link that broke had taken may still come, late, or be lost. */
static void strand(struct fleet *f, int way, struct event e)
{
	if (way == 1 || fleet_draw(f) % 2 == 0) {
		free(e.blob.octets);
		return;
	}
	e.at_ms = f->now_ms + fleet_between(f, 1, 8000);
	enqueue(f, e);
}

/* In order on each way of each link.  A few messages break it. */
static void transmit(struct fleet *f, int node, int way, struct event e)
{
	int64_t at_ms = f->now_ms + fleet_between(f, 1, f->delay_max_ms);
	bool was_up = f->now_ms >= f->cut_until_ms[node];

	if (e.kind == MESSAGE_COMMIT && fault_ambush(f, node, &e))
		return;
	if (fleet_draw(f) % 1000 < f->breaks_permille)
		fleet_cut(f, node, fleet_between(f, 20, 2500));
	if (f->now_ms < f->cut_until_ms[node]) {
		if (was_up)
			strand(f, way, e);
		else
			free(e.blob.octets);
		return;
	}
	if (at_ms < f->fifo_ms[node][way])
		at_ms = f->fifo_ms[node][way];
	f->fifo_ms[node][way] = at_ms;
	e.at_ms = at_ms;
	e.life = f->life[node];
	e.link = f->link[node];
	enqueue(f, e);
}

void fleet_ask(struct fleet *f, int node, struct event e)
{
	e.to = FLEET_STORE;
	e.from = node;
	transmit(f, node, 0, e);
}

void fleet_answer(struct fleet *f, int node, struct event e)
{
	e.to = node;
	transmit(f, node, 1, e);
}

void fleet_unwell(struct fleet *f, int node, int64_t until_ms)
{
	f->outturn.stirs++;
	if (f->well_ms[node] < until_ms)
		f->well_ms[node] = until_ms;
}

/* Its node notices within the silence that the bus allows. */
void fleet_cut(struct fleet *f, int node, int64_t for_ms)
{
	int64_t until_ms = f->now_ms + for_ms;

	if (until_ms <= f->cut_until_ms[node])
		return;
	f->cut_until_ms[node] = until_ms;
	fleet_unwell(f, node, until_ms);
	f->link[node]++;
	f->fifo_ms[node][0] = f->fifo_ms[node][1] = 0;
	fleet_tell(f, node, "is cut off for %lld ms", (long long)for_ms);
	fleet_at(f,
		 f->now_ms + fleet_between(f, 1, for_ms < 2000 ? for_ms : 2000),
		 (struct event){ .kind = EVENT_LINK, .to = node });
	fleet_at(f, until_ms,
		 (struct event){ .kind = EVENT_LINK, .to = node, .a = 1 });
}

/* One class of each kind that the policy tells apart, and what residency
 * leaves it, said by hand: a bit per region of policy.yaml. */
static void make_classes(struct fleet *f)
{
	enum { US = 3, EU = 12, ALL = 15, NONE = 0 };
	/* clang-format off */
	static const struct {
		struct client_facts facts;
		uint64_t networks; /* set 1, "visitors", by its prefix */
		bool known;
		uint64_t regions;
	} made[FLEET_CLASSES] = {
		{ { .country = "US", .continent = "NA", .located = true, .latitude = 40, .longitude = -74 }, 0, true, ALL },
		{ { .country = "US", .continent = "NA", .located = true, .latitude = 37, .longitude = -122 }, 0, true, ALL },
		{ { .country = "GB", .continent = "EU", .located = true, .latitude = 51, .longitude = 0 }, 0, true, ALL },
		{ { .country = "DE", .continent = "EU", .located = true, .latitude = 52, .longitude = 13 }, 0, true, EU },
		{ { .country = "FR", .continent = "EU" }, 0, true, EU },
		{ { .country = "US", .continent = "NA", .located = true, .latitude = 40, .longitude = -74 }, 2, true, US },
		{ { .country = "DE", .continent = "EU", .located = true, .latitude = 52, .longitude = 13 }, 2, true, NONE },
		{ { .country = "" }, 0, false, EU },
	};
	/* clang-format on */
	struct client_needs needs = client_needs_of(f->policy);

	for (size_t i = 0; i < FLEET_CLASSES; i++) {
		f->classes[i] =
			client_classify(f->policy, &needs,
					made[i].known ? &made[i].facts : NULL,
					made[i].networks);
		f->classes[i].weight_v4 = 1;
		f->class_list[i] = &f->classes[i];
		f->class_regions[i] = made[i].regions;
		if (f->classes[i].regions != made[i].regions)
			fleet_broken(f,
				     "residency leaves class %zu regions %llx",
				     i,
				     (unsigned long long)f->classes[i].regions);
	}
}

static void list_targets(struct fleet *f)
{
	for (size_t i = 0; i < f->roster->target_count; i++) {
		const struct roster_target *t = &f->roster->targets[i];
		const size_t *jobs;

		f->target_service[i] =
			(size_t)(t->service - f->policy->services);
		f->target_endpoint[i] =
			(size_t)(t->endpoint - t->service->endpoints);
		jobs = roster_jobs(t, &f->target_parts[i].count);
		memcpy(f->target_parts[i].sites, jobs,
		       f->target_parts[i].count * sizeof(*jobs));
	}
	f->target_count = f->roster->target_count;
	ground_init(f);
}

static void plan_fate(struct fleet *f)
{
	for (int64_t t = 0; t + 4000 <= f->calm_from_ms; t += 4000)
		fleet_at(f, fleet_between(f, t, t + 3999),
			 (struct event){ .kind = EVENT_FAULT,
					 .to = FLEET_STORE });
	for (int64_t t = 3000; t + 3000 <= f->calm_from_ms; t += 3000)
		fleet_at(f, fleet_between(f, t, t + 2999),
			 (struct event){ .kind = EVENT_PERSON,
					 .to = FLEET_STORE });
}

/* Every third fleet is kind, so that logic alone is tested too; half of
 * those meet nothing but flapping and a liar. */
static void make_weather(struct fleet *f, const struct fleet_setup *setup)
{
	f->weather = setup->splits          ? WEATHER_SPLITS
		     : setup->seed % 6 == 0 ? WEATHER_FLAPS
		     : setup->seed % 3 == 0 ? WEATHER_KIND
					    : WEATHER_ALL;
	f->delay_max_ms = 5;
	if (f->weather == WEATHER_ALL) {
		f->breaks_permille = (unsigned)fleet_between(f, 0, 5);
		f->delay_max_ms = fleet_between(f, 1, 400);
	}
	if (f->weather == WEATHER_FLAPS)
		ground_lie(f, fleet_draw(f) % FLEET_VANTAGES, fleet_draw(f));
}

void fleet_init(struct fleet *f, const struct fleet_setup *setup)
{
	*f = (struct fleet){
		.policy = setup->policy,
		.roster = setup->roster,
		.random = setup->seed,
		.digest = HASH_FNV_OFFSET,
		.trace = setup->trace,
		.end_ms = LIFE_MS + CALM_MS,
		.calm_from_ms = LIFE_MS,
	};
	make_classes(f);
	list_targets(f);
	make_weather(f, setup);
	gauges_begin(f);
	users_begin(f);
	askers_begin(f);
	for (int n = 0; n < FLEET_NODES; n++) {
		f->clocks[n] = (struct clocks){
			.mono_offset_ms = fleet_between(f, 0, 1000000),
			.wall_offset_ms =
				fleet_between(f, -FLEET_SKEW_MS, FLEET_SKEW_MS),
		};
		f->link[n] = 1;
		node_start(f, n);
	}
	plan_fate(f);
}

void fleet_fini(struct fleet *f)
{
	for (int n = 0; n < FLEET_NODES; n++)
		node_die(f, n);
	for (size_t i = 0; i < FLEET_RESPONDERS; i++) {
		free(f->responders[i].kept_plan.octets);
		json_decref(f->responders[i].kept_verdicts);
		for (size_t v = 0; v < FLEET_VANTAGES; v++)
			free(f->responders[i].kept_reports[v].octets);
	}
	for (size_t i = 0; i < FLEET_SEATS; i++)
		free(f->seats[i].kept_plan.octets);
	for (size_t v = 0; v < FLEET_VANTAGES; v++) {
		free(f->parsed[v].octets.octets);
		report_free(f->parsed[v].report);
	}
	fault_release(f);
	store_forget(f);
	history_fini(&f->history);
	for (size_t i = 0; i < f->queued; i++)
		free(f->queue[i].blob.octets);
	free(f->queue);
}

/* At the start of the calm, everything that was broken is mended. */
static void calm_down(struct fleet *f)
{
	f->calm_from_ms = INT64_MAX;
	f->breaks_permille = 0;
	f->ambush = AMBUSH_NONE;
	f->delay_max_ms = 20;
	fleet_tell(f, FLEET_STORE, "calm begins");
	ground_calm(f);
	users_calm(f);
	askers_calm(f);
	f->outturn.mended_ms = f->now_ms;
	for (int n = 0; n < FLEET_NODES; n++) {
		if (f->outturn.mended_ms < f->paused_until_ms[n])
			f->outturn.mended_ms = f->paused_until_ms[n];
		f->clocks[n].step_ms = 0;
		if (f->cut_until_ms[n] > f->now_ms) {
			f->cut_until_ms[n] = 0;
			fleet_cut(f, n, 1);
		}
		if (!f->alive[n])
			node_start(f, n);
	}
}

/* What was meant for a process that is gone, or for an earlier one, or was on
 * a link that broke. */
static bool is_lost(const struct fleet *f, const struct event *e)
{
	bool message = e->kind >= MESSAGE_REPORT;
	int node = e->to >= 0 ? e->to : e->from;

	if (e->kind == EVENT_HEAL)
		return false;
	if (message && e->link != 0 && e->link != f->link[node])
		return true;
	return e->to >= 0 && (!f->alive[node] || e->life != f->life[node]);
}

/* A paused process does nothing; then everything at once. */
static bool is_asleep(struct fleet *f, struct event *e)
{
	if (e->to < 0 || e->kind == EVENT_HEAL ||
	    f->paused_until_ms[e->to] <= f->now_ms)
		return false;
	e->at_ms = f->paused_until_ms[e->to];
	enqueue(f, *e);
	return true;
}

void node_start(struct fleet *f, int node)
{
	f->alive[node] = true;
	f->life[node]++;
	f->paused_until_ms[node] = 0;
	/* Where a clock was wrong, a report's sequence may begin anew. */
	fleet_unwell(f, node,
		     f->now_ms + (f->stepped[node] ? HEARD_RESTART_MS : 0));
	fleet_tell(f, node, "starts");
	if (node < FLEET_RESPONDERS)
		responder_start(f, node);
	else if (node < fleet_seat(0))
		vantage_start(f, node);
	else
		seat_start(f, node);
}

void node_die(struct fleet *f, int node)
{
	f->alive[node] = false;
	if (node < FLEET_RESPONDERS)
		responder_die(&f->responders[node]);
	else if (node < fleet_seat(0))
		verifier_die(f, node);
	else if (node >= fleet_seat(0))
		seat_die(&f->seats[node - fleet_seat(0)]);
}

static void node_receive(struct fleet *f, struct event *e)
{
	if (e->to < FLEET_RESPONDERS)
		responder_receive(f, e);
	else if (e->to < fleet_seat(0))
		vantage_receive(f, e);
	else
		seat_receive(f, e);
}

static void carry_out(struct fleet *f, struct event *e)
{
	f->digest = hash_mix(f->digest ^ (uint64_t)f->now_ms) +
		    hash_mix(e->a + 31 * (uint64_t)(e->to + 2)) + e->blob.len;
	if (e->kind == EVENT_FAULT)
		fault_strike(f);
	else if (e->kind == EVENT_HEAL)
		fault_heal(f, e);
	else if (e->kind == EVENT_PERSON)
		person_acts(f);
	else if (e->kind == EVENT_USERS)
		users_post(f);
	else if (e->kind == EVENT_ASKERS)
		askers_tick(f);
	else if (e->kind == EVENT_FLAP)
		ground_flap(f, e->a);
	else if (e->to == FLEET_STORE)
		store_receive(f, e);
	else
		node_receive(f, e);
}

bool fleet_step(struct fleet *f)
{
	struct event e;

	if (f->queued == 0 || f->queue[0].at_ms > f->end_ms)
		return false;
	e = take_next(f);
	f->crowd = e.at_ms == f->now_ms ? f->crowd + 1 : 0;
	if (f->crowd > CROWD_MOST)
		fleet_broken(f, "node %d is busy for ever", e.to);
	f->now_ms = e.at_ms;
	if (f->now_ms >= f->calm_from_ms)
		calm_down(f);
	if (!is_lost(f, &e)) {
		if (is_asleep(f, &e))
			return true;
		f->totals.steps++;
		carry_out(f, &e);
	}
	free(e.blob.octets);
	return true;
}
