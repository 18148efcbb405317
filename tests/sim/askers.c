/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include "dns/answer.h"
#include "dns/stats.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/bus/node_counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SILENT_MS = 6000,
	FLOOD_MS = 25000,
	LEAST_RATE = 15, /* of a home, requests a second */
	MOST_RATE = 90,
};

/* Resolvers keep answers: a part of the requests. */
#define QUERIES_PER_REQUEST 0.3

static struct askers_seat *seat_of(struct fleet *f, int node)
{
	return &f->seats[node - fleet_seat(0)].asked;
}

static int64_t clock_of(const struct fleet *f, int node)
{
	return fleet_mono(f, node) * ASKERS_SPEED;
}

/* Nobody is nearest to eu-west: places are cells of the map. */
size_t askers_home(size_t i)
{
	static const size_t homes[ASKERS_HOMES] = { 0, 1, 3, DEMAND_NOWHERE };

	return homes[i];
}

size_t askers_home_of(size_t class)
{
	static const size_t homes[FLEET_CLASSES] = { 0, 1, 2, 2, 3, 0, 3, 3 };

	return homes[class];
}

static void begin_edge(struct fleet *f)
{
	f->askers.passed = 0;
	f->askers.wall_start_ms = FLEET_WALL_MS + f->now_ms;
	f->askers.edge_ms = f->now_ms;
}

void askers_begin(struct fleet *f)
{
	struct askers *a = &f->askers;

	a->service = (size_t)policy_find_service(f->policy, "full");
	for (size_t h = 0; h < ASKERS_HOMES; h++) {
		a->rate[h] = (double)fleet_between(f, LEAST_RATE, MOST_RATE);
		for (size_t r = 0; r < ASKERS_RESPONDERS; r++)
			a->mix[r][h] = (double)fleet_between(f, 1, 6);
	}
	for (size_t k = 0; k < FLEET_CLASSES; k++)
		if (demand_home(f->policy, &f->classes[k]) !=
		    askers_home(askers_home_of(k)))
			fleet_broken(f, "class %zu has another home", k);
	begin_edge(f);
	fleet_at(f, ASKERS_TICK_MS,
		 (struct event){ .kind = EVENT_ASKERS, .to = FLEET_STORE });
}

static bool is_awake(const struct fleet *f, int node)
{
	return f->alive[node] && f->paused_until_ms[node] <= f->now_ms;
}

/* So many queries of a home to a responder, as a packet each is counted. */
static void count(struct fleet *f, size_t r, size_t home, double queries)
{
	struct askers_counter *c = &f->responders[r].counter;
	const struct answer_outcome outcome = {
		.zone = -1,
		.service = (int)f->askers.service,
		.endpoint = -1,
		.region = -1,
		.home = (uint8_t)askers_home(home),
	};

	c->owed[home] += queries;
	for (; c->owed[home] >= 1; c->owed[home]--) {
		stats_count(stats_block(c->stats, 0), STATS_UDP, &outcome, 1);
		f->totals.asked_for++;
	}
}

/* Who is not answered by one responder asks the next. */
static void share_out(struct fleet *f, size_t home, double queries)
{
	const struct askers *a = &f->askers;
	double whole = 0;

	for (size_t r = 0; r < ASKERS_RESPONDERS; r++)
		whole += is_awake(f, (int)r) ? a->mix[r][home] : 0;
	for (size_t r = 0; r < ASKERS_RESPONDERS; r++)
		if (is_awake(f, (int)r))
			count(f, r, home, queries * a->mix[r][home] / whole);
}

static void ask(struct fleet *f, size_t home)
{
	struct askers *a = &f->askers;
	double s = (double)ASKERS_TICK_MS * ASKERS_SPEED / 1000;

	a->passed += a->rate[home] * s;
	share_out(f, home, a->rate[home] * QUERIES_PER_REQUEST * s);
	if (a->flood[home] <= 0)
		return;
	if (a->flood_at == FLEET_RESPONDERS)
		share_out(f, home, a->flood[home] * s);
	else if (is_awake(f, (int)a->flood_at))
		count(f, a->flood_at, home, a->flood[home] * s);
}

/* In equal parts to each endpoint, since nobody looks at that. */
static void tell_edge(struct fleet *f)
{
	struct askers *a = &f->askers;
	const struct policy_service *s = &f->policy->services[a->service];
	struct served_row rows[POLICY_ENDPOINTS_MAX] = { { .service = "" } };
	struct served served = {
		.node = "edge0",
		.sequence = ++a->sequence,
		.wall_made_ms = FLEET_WALL_MS + f->now_ms,
		.wall_start_ms = a->wall_start_ms,
		.rows = rows,
		.count = s->endpoint_count,
	};
	struct blob blob;

	for (size_t i = 0; i < s->endpoint_count; i++) {
		snprintf(rows[i].service, sizeof(rows[i].service), "%s",
			 s->name);
		snprintf(rows[i].endpoint, sizeof(rows[i].endpoint), "%s",
			 s->endpoints[i].name);
		rows[i].count.requests =
			(uint64_t)(a->passed / (double)s->endpoint_count);
	}
	blob.octets = served_write(&served, &blob.len);
	if (blob.octets == NULL)
		abort();
	for (int n = fleet_seat(0); n < FLEET_NODES; n++)
		fleet_answer(f, n,
			     (struct event){ .kind = MESSAGE_SERVED,
					     .blob = blob_copy(blob.octets,
							       blob.len) });
	free(blob.octets);
}

static double rate_of(const struct askers *a)
{
	double sum = 0;

	for (size_t h = 0; h < ASKERS_HOMES; h++)
		sum += a->rate[h];
	return sum;
}

static void end_flood(struct fleet *f)
{
	if (f->askers.flood_until_ms == 0)
		return;
	memset(f->askers.flood, 0, sizeof(f->askers.flood));
	f->askers.flood_until_ms = 0;
	f->askers.flood_ms = f->now_ms;
	fleet_tell(f, FLEET_STORE, "the flood is over");
}

/* As much as all others ask, up to six times that. */
static void flood(struct fleet *f, size_t home)
{
	struct askers *a = &f->askers;

	end_flood(f);
	a->flood[home] = rate_of(a) * QUERIES_PER_REQUEST *
			 (double)fleet_between(f, 1, 6);
	a->flood_at = fleet_draw(f) % (FLEET_RESPONDERS + 1);
	a->flood_until_ms = f->now_ms + fleet_between(f, 2000, FLOOD_MS);
	a->flood_ms = f->now_ms;
	f->totals.floods++;
	fleet_tell(f, FLEET_STORE, "home %zu floods responder %zu", home,
		   a->flood_at);
}

/* Demand moves, is flooded, or the edge begins anew or says nothing. */
static void wander(struct fleet *f)
{
	struct askers *a = &f->askers;
	size_t home = fleet_draw(f) % ASKERS_HOMES;

	switch (fleet_draw(f) % 4) {
	case 0:
		flood(f, home);
		break;
	case 1:
		begin_edge(f);
		a->silent_until_ms = f->now_ms + fleet_between(f, 0, SILENT_MS);
		fleet_tell(f, FLEET_STORE, "the edge begins anew");
		break;
	default:
		a->rate[home] = (double)fleet_between(f, LEAST_RATE, MOST_RATE);
		a->turned_ms = f->now_ms;
		fleet_tell(f, FLEET_STORE, "home %zu asks %.0f a second", home,
			   a->rate[home]);
	}
}

void askers_tick(struct fleet *f)
{
	struct askers *a = &f->askers;

	for (size_t h = 0; h < ASKERS_HOMES; h++)
		ask(f, h);
	if (f->now_ms >= a->flood_until_ms)
		end_flood(f);
	if (f->now_ms < a->silent_until_ms)
		a->edge_ms = f->now_ms;
	else
		tell_edge(f);
	if (f->outturn.mended_ms == 0 && f->weather != WEATHER_SPLITS &&
	    fleet_draw(f) % 64 == 0)
		wander(f);
	fleet_at(f, f->now_ms + ASKERS_TICK_MS,
		 (struct event){ .kind = EVENT_ASKERS, .to = FLEET_STORE });
}

void askers_calm(struct fleet *f)
{
	end_flood(f);
	f->askers.silent_until_ms = 0;
}

void askers_count_start(struct askers_counter *c)
{
	c->stats = stats_new(1);
	if (c->stats == NULL)
		abort();
}

/* As dns/feed_record's write_record(). */
struct blob askers_record(struct fleet *f, int node, struct node *record)
{
	struct askers_counter *c = &f->responders[node].counter;
	struct node_counts counts;
	struct blob blob;

	if (!queried_tell(&c->queried, c->stats, f->policy, clock_of(f, node),
			  &counts)) {
		blob.octets = node_write(record, &blob.len);
	} else {
		blob.octets = node_counts_write(record, &counts, &blob.len);
		node_counts_fini(&counts);
	}
	if (blob.octets == NULL)
		abort();
	return blob;
}

void askers_count_die(struct askers_counter *c)
{
	stats_free(c->stats);
	queried_forget(&c->queried);
	*c = (struct askers_counter){ .stats = NULL };
}

void askers_start(struct fleet *f, int node)
{
	struct askers_seat *s = seat_of(f, node);

	s->began_ms = s->looked_ms = f->now_ms;
	if (!counted_adopt(&s->counted, f->policy) ||
	    !reckoning_adopt(&s->reckoning, f->policy, clock_of(f, node)))
		abort();
}

static void hear_counts(struct fleet *f, const struct event *e,
			const struct node *node)
{
	struct node_counts counts;
	struct error err;

	if (node->counted_ms == 0)
		return;
	if (!node_counts_parse(e->blob.octets, e->blob.len, &counts, &err)) {
		fleet_broken(f, "%s", err.text);
		return;
	}
	if (!queries_take(&f->seats[e->to - fleet_seat(0)].inputs.queries, node,
			  &counts, clock_of(f, e->to)))
		abort();
	node_counts_fini(&counts);
}

/* As inputs_take_node(), but for the clock; and measuring_hear(). */
void askers_hear(struct fleet *f, int node, const struct event *e)
{
	struct inputs *in = &f->seats[node - fleet_seat(0)].inputs;
	struct served *served;
	struct node record;
	struct error err;

	if (e->kind == MESSAGE_SERVED) {
		served = served_parse(e->blob.octets, e->blob.len, &err);
		if (served == NULL)
			fleet_broken(f, "%s", err.text);
		else if (!counted_take(&seat_of(f, node)->counted, served,
				       clock_of(f, node)))
			abort();
	} else if (!node_parse(e->blob.octets, e->blob.len, &record, &err)) {
		fleet_broken(f, "%s", err.text);
	} else if (registry_take(&in->registry, &record, fleet_mono(f, node))) {
		hear_counts(f, e, &record);
	}
}

/* As on_synced(): words may have been missed. */
void askers_synced(struct fleet *f, int node)
{
	reckoning_quiet(&seat_of(f, node)->reckoning, clock_of(f, node));
}

/* As take_over(). */
void askers_adopt(struct fleet *f, int node, const struct plan *plan)
{
	seat_of(f, node)->resumes = plan != NULL;
}

/* As measuring_turn(). */
void askers_turn(struct fleet *f, int node)
{
	struct seat *s = &f->seats[node - fleet_seat(0)];

	if (s->synced)
		reckoning_turn(&s->asked.reckoning, &s->inputs.queries,
			       &s->asked.counted, clock_of(f, node));
	demands_turn(f, node);
}

/* As steerer_input(). */
void askers_fill(const struct fleet *f, int node, struct agent_input *in)
{
	const struct askers_seat *s = &f->seats[node - fleet_seat(0)].asked;

	in->rates = reckoning_rates(&s->reckoning);
	in->demands = reckoning_demands(&s->reckoning, clock_of(f, node),
					fleet_wall(f, node));
	in->waits = s->resumes && in->rates == NULL;
}

void askers_die(struct askers_seat *s)
{
	reckoning_fini(&s->reckoning);
	counted_fini(&s->counted);
}
