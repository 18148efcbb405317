/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include "policy/decide/latency.h"
#include "policy/decide/rum.h"
#include "policy/decide/share.h"

#include <math.h>
#include <string.h>

enum {
	POST_MS = 500,
	POSTS = 24, /* of a place, each time */
	NOISE_MS = 3,
	LIARS = 3, /* of eight networks or more: they may decide nothing */
	MOODS = 4,
};

/* A histogram's, and its noise. */
#define BLUR 0.13

static struct users_seat *users_of(struct fleet *f, int node)
{
	return &f->seats[node - fleet_seat(0)].users;
}

/* Of many networks, some of which may lie; of too few, of which any may; or of
 * few users. */
static void people(struct fleet *f, struct users_place *p)
{
	switch (fleet_draw(f) % MOODS) {
	case 0:
		p->networks = (unsigned)fleet_between(f, 1, TALLY_SOURCES - 1);
		p->liars = (unsigned)fleet_between(f, 0, p->networks);
		break;
	case 1:
		p->networks = 40;
		p->rare = true;
		break;
	default:
		p->networks = (unsigned)fleet_between(f, 16, 40);
		p->liars = (unsigned)fleet_between(f, 0, LIARS);
	}
}

static void settle(struct fleet *f, struct users_place *p, size_t class)
{
	const struct client_class *c = &f->classes[class];

	*p = (struct users_place){
		.cell_lat = c->cell_lat,
		.cell_lon = c->cell_lon,
	};
	people(f, p);
	for (size_t i = 0; i < USERS_REGIONS; i++) {
		const struct policy_region *r = &f->policy->regions[i];

		p->ways[i].direct_ms = latency_way_ms(
			latency_distance_km(c->latitude, c->longitude,
					    r->latitude, r->longitude));
		p->ways[i].least_ms = INFINITY;
	}
}

/* The first classes are one of each place. */
void users_begin(struct fleet *f)
{
	for (size_t i = 0; i < USERS_PLACES; i++)
		settle(f, &f->users.places[i], i);
	fleet_at(f, POST_MS,
		 (struct event){ .kind = EVENT_USERS, .to = FLEET_STORE });
}

static float honest_ms(struct fleet *f, struct users_way *way)
{
	float ms = (float)(way->direct_ms +
			   (double)(way->detour_ms +
				    fleet_between(f, 1, NOISE_MS)));

	way->least_ms = ms < way->least_ms ? ms : way->least_ms;
	way->most_ms = ms > way->most_ms ? ms : way->most_ms;
	return ms;
}

/* Far better than it is, or far worse. */
static float lying_ms(const struct users_way *way, size_t region)
{
	return region % 2 == 0 ? 1 : (float)(3 * way->direct_ms + 500);
}

static void post(struct fleet *f, size_t place)
{
	struct users_place *p = &f->users.places[place];
	size_t region = fleet_draw(f) % USERS_REGIONS;
	bool lies = p->liars > 0 && fleet_draw(f) % 2 == 0;
	uint64_t network =
		lies ? fleet_draw(f) % p->liars
		     : p->liars % p->networks +
				fleet_draw(f) %
					(p->networks - p->liars % p->networks);
	size_t seat = fleet_draw(f) % FLEET_SEATS;
	struct users_seat *u = &f->seats[seat].users;
	int node = fleet_seat(seat);
	float ms = honest_ms(f, &p->ways[region]);
	const struct tally_sample sample = {
		.region = f->policy->regions[region].name,
		.cell_lat = p->cell_lat,
		.cell_lon = p->cell_lon,
		.ms = lies ? lying_ms(&p->ways[region], region) : ms,
		.source = network * UINT64_C(0x9e3779b97f4a7c15),
	};

	if (!f->alive[node] || f->paused_until_ms[node] > f->now_ms)
		return;
	if (!tally_add(&u->tally, &sample))
		fleet_broken(f, "node %d has no room for users", node);
	u->sums[place][region].samples++;
	u->sums[place][region].networks |= UINT64_C(1) << network;
	f->totals.samples++;
	f->totals.lying += lies;
}

static void turn_way(struct fleet *f, struct users_way *way, int64_t detour_ms)
{
	if (way->detour_ms == detour_ms)
		return;
	way->detour_ms = detour_ms;
	if (way->turned_ms == 0)
		way->turned_ms = f->now_ms;
}

static void wander(struct fleet *f)
{
	size_t place = fleet_draw(f) % USERS_PLACES;
	size_t region = fleet_draw(f) % USERS_REGIONS;
	struct users_way *way = &f->users.places[place].ways[region];

	turn_way(f, way, way->detour_ms > 0 ? 0 : fleet_between(f, 15, 150));
	fleet_tell(f, FLEET_STORE,
		   "users of place %zu are %lld ms further "
		   "from %s",
		   place, (long long)way->detour_ms,
		   f->policy->regions[region].name);
}

void users_post(struct fleet *f)
{
	for (size_t i = 0; i < USERS_PLACES; i++)
		for (size_t n = 0; n < POSTS; n++)
			if (!f->users.places[i].rare ||
			    fleet_draw(f) % (2 * POSTS) == 0)
				post(f, i);
	if (f->outturn.mended_ms == 0 && fleet_draw(f) % 16 == 0)
		wander(f);
	fleet_at(f, f->now_ms + POST_MS,
		 (struct event){ .kind = EVENT_USERS, .to = FLEET_STORE });
}

void users_calm(struct fleet *f)
{
	for (size_t i = 0; i < USERS_PLACES; i++)
		for (size_t r = 0; r < USERS_REGIONS; r++)
			turn_way(f, &f->users.places[i].ways[r], 0);
}

/* What a plan tells of users there, 0: nothing. */
static double told_in(const struct fleet *f, const struct plan *plan,
		      size_t place, size_t region)
{
	const struct users_place *p = &f->users.places[place];

	for (size_t i = 0; plan != NULL && i < plan->rum_count; i++) {
		const struct plan_rum *r = &plan->rum[i];

		if (r->cell_lat == p->cell_lat && r->cell_lon == p->cell_lon &&
		    strcmp(r->region, f->policy->regions[region].name) == 0)
			return r->ms;
	}
	return 0;
}

void users_start(struct fleet *f, struct users_seat *u)
{
	*u = (struct users_seat){ .began_ms = f->now_ms };
}

/* What is to be told is another from now on. */
static void note_turned(const struct fleet *f, struct users_seat *u)
{
	const struct plan told = { .rum = u->tally.told,
				   .rum_count = u->tally.told_count };

	for (size_t i = 0; i < USERS_PLACES; i++)
		for (size_t r = 0; r < USERS_REGIONS; r++) {
			double ms = told_in(f, &told, i, r);

			if (ms != u->turned[i][r])
				u->turned_ms[i][r] = f->now_ms;
			u->turned[i][r] = ms;
		}
}

/* As steerer's on_node(), and as it reads what is to be told. */
void users_turn(struct fleet *f, int node)
{
	struct users_seat *u = users_of(f, node);

	if (tally_turn(&u->tally, fleet_mono(f, node) * USERS_SPEED))
		note_turned(f, u);
}

void users_adopt(struct fleet *f, int node, const struct plan *plan)
{
	struct users_seat *u = users_of(f, node);

	tally_adopt(&u->tally, plan);
	u->adopted_ms = f->now_ms;
	for (size_t i = 0; i < USERS_PLACES; i++)
		for (size_t r = 0; r < USERS_REGIONS; r++) {
			u->turned[i][r] = u->told[i][r] =
				told_in(f, plan, i, r);
			/* The turn that is due may be the first of two. */
			u->turned_ms[i][r] = u->told_ms[i][r] =
				f->now_ms - USERS_TURN_MS;
		}
}

void users_die(struct users_seat *u)
{
	tally_fini(&u->tally);
}

static bool broken_way(struct fleet *f, const char *what, size_t place,
		       size_t region)
{
	return fleet_broken(f, "users of place %zu to %s: %s", place,
			    f->policy->regions[region].name, what);
}

/* What an agent is about to tell of one way, and has told. */
struct word {
	struct users_seat *seat;
	size_t place, region;
	double is_ms, was_ms; /* 0: nothing */
};

static struct users_way *way_of(struct fleet *f, const struct word *w)
{
	return &f->users.places[w->place].ways[w->region];
}

/* Enough of them, of enough networks, and not what a few of them make up. */
static bool check_grounds(struct fleet *f, const struct word *w)
{
	const struct users_way *way = way_of(f, w);
	const struct users_sum *sum = &w->seat->sums[w->place][w->region];
	const char *what = NULL;

	if (sum->samples < TALLY_LEAST)
		what = "it is told with too few samples";
	else if (__builtin_popcountll(sum->networks) < TALLY_SOURCES)
		what = "it is told by too few networks";
	else if (w->is_ms < (double)way->least_ms * (1 - BLUR) ||
		 w->is_ms > (double)way->most_ms * (1 + BLUR))
		what = "it is told what liars say";
	return what == NULL || broken_way(f, what, w->place, w->region);
}

/* What moves has held for two turns, by enough, and has a cause. */
static bool check_hold(struct fleet *f, const struct word *w)
{
	const struct users_way *way = way_of(f, w);
	int64_t held_ms = w->seat->turned_ms[w->place][w->region] -
			  w->seat->told_ms[w->place][w->region];
	const char *what = NULL;

	if (held_ms < 2 * USERS_TURN_MS)
		what = "it moves again without a hold";
	else if (way->turned_ms == 0)
		what = "it moves, and nothing did";
	else if (f->now_ms - way->turned_ms < USERS_TURN_MS)
		what = "it moves at once";
	else if (fabs(w->is_ms - w->was_ms) < TALLY_MARGIN_MS)
		what = "it moves by less than its margin";
	return what == NULL || broken_way(f, what, w->place, w->region);
}

/* Who has measured too little itself goes on telling what it found. */
static bool check_end(struct fleet *f, const struct word *w)
{
	return w->seat->sums[w->place][w->region].samples >= TALLY_LEAST ||
	       f->now_ms - w->seat->adopted_ms >= USERS_KEPT_MS ||
	       broken_way(f, "it is forgotten", w->place, w->region);
}

static void note_word(struct fleet *f, const struct word *w)
{
	if (w->is_ms > 0 && w->was_ms > 0)
		f->totals.moved++;
	else
		f->totals.told += w->is_ms > 0;
	w->seat->told[w->place][w->region] = w->is_ms;
	w->seat->told_ms[w->place][w->region] =
		w->seat->turned_ms[w->place][w->region];
}

void users_check_plan(struct fleet *f, int node, const struct plan *plan)
{
	struct users_seat *u = users_of(f, node);

	for (size_t i = 0; i < USERS_PLACES; i++)
		for (size_t r = 0; r < USERS_REGIONS; r++) {
			const struct word w = {
				.seat = u,
				.place = i,
				.region = r,
				.is_ms = told_in(f, plan, i, r),
				.was_ms = u->told[i][r],
			};

			if (w.is_ms == w.was_ms)
				continue;
			if (w.is_ms > 0 ? check_grounds(f, &w) &&
						  (w.was_ms == 0 ||
						   check_hold(f, &w))
					: check_end(f, &w))
				note_word(f, &w);
		}
}

/* Which place a class is of; USERS_PLACES: none. */
static size_t place_of(const struct fleet *f, size_t class)
{
	const struct client_class *c = &f->classes[class];
	size_t i = 0;

	while (i < USERS_PLACES &&
	       (!c->located || f->users.places[i].cell_lat != c->cell_lat ||
		f->users.places[i].cell_lon != c->cell_lon))
		i++;
	return i;
}

/* A view has what its plan tells, and no more. */
bool users_check_view(struct fleet *f, size_t r)
{
	const struct world *world = &f->responders[r].world;

	for (size_t i = 0; i < USERS_PLACES; i++) {
		const struct users_place *p = &f->users.places[i];
		const struct rum_value *row =
			rum_at(&world->view->rum,
			       (uint16_t)(p->cell_lat * RUM_COLUMNS +
					  p->cell_lon));

		for (size_t k = 0; k < USERS_REGIONS; k++) {
			float is_ms = row == NULL ? 0 : row[k].ms;

			if (is_ms !=
			    (float)told_in(f, world->follow.plan, i, k))
				return broken_way(f, "a view has another value",
						  i, k);
		}
	}
	return true;
}

/* Could every endpoint that residency leaves take any client of the class? */
static bool is_open(const struct fleet *f, const struct view *view,
		    size_t service, size_t class)
{
	const struct policy_service *s = &f->policy->services[service];

	if (view->services[service].pin_count > 0)
		return false;
	for (size_t e = 0; e < s->endpoint_count; e++) {
		const struct view_endpoint *v =
			&view->services[service].endpoints[e];

		if ((f->class_regions[class] >> s->endpoints[e].region & 1) &&
		    (v->health.verdict != VERDICT_UP || v->health.down > 0 ||
		     v->accept != ACCEPT_ALL || v->weight == 0))
			return false;
	}
	return true;
}

/* Where users have measured all of them and nothing is wrong, clients are sent
 * where it was least. */
bool users_check_row(struct fleet *f, size_t r, size_t service, size_t class,
		     const struct row *row)
{
	const struct world *world = &f->responders[r].world;
	const struct policy_service *s = &f->policy->services[service];
	size_t place = place_of(f, class);
	double ms[POLICY_ENDPOINTS_MAX], least_ms = INFINITY;

	if (s->steer != STEER_LATENCY || place == USERS_PLACES ||
	    row->count == 0 || !is_open(f, world->view, service, class))
		return true;
	for (size_t e = 0; e < s->endpoint_count; e++) {
		int region = s->endpoints[e].region;

		ms[e] = told_in(f, world->follow.plan, place, (size_t)region);
		if (ms[e] <= 0)
			return true;
		if ((f->class_regions[class] >> region & 1) && ms[e] < least_ms)
			least_ms = ms[e];
	}
	f->totals.ordered++;
	/* Floats order them. */
	return (float)ms[row->entries[0].endpoint] <=
		       (float)least_ms + (float)s->within_ms ||
	       fleet_broken(f,
			    "responder %zu sends class %zu of service %s to "
			    "%s, where users measured %.1f ms, not %.1f",
			    r, class, s->name,
			    s->endpoints[row->entries[0].endpoint].name,
			    ms[row->entries[0].endpoint], least_ms);
}

/* Has this agent had time for that? */
static bool had_time(const struct fleet *f, const struct users_seat *u)
{
	enum { TIME_MS = 45000 };

	return f->now_ms - u->began_ms >= TIME_MS &&
	       f->now_ms - u->adopted_ms >= TIME_MS;
}

static bool check_told(struct fleet *f, size_t place, size_t region,
		       double told_ms)
{
	const struct users_place *p = &f->users.places[place];
	double is_ms = p->ways[region].direct_ms + NOISE_MS;
	double most_ms = is_ms * TALLY_MARGIN_PCT / 100;

	if (most_ms < TALLY_MARGIN_MS)
		most_ms = TALLY_MARGIN_MS;
	most_ms += NOISE_MS + BLUR * is_ms;
	if (p->rare || p->networks < TALLY_SOURCES)
		return told_ms <= 0 ||
		       broken_way(f, "too few are told of", place, region);
	/* Liars move nothing, but what was holds for longer with them. */
	if (p->liars > 0 && told_ms > 0)
		return true;
	return fabs(told_ms - is_ms) <= most_ms ||
	       fleet_broken(f,
			    "at the end users of place %zu to %s are said to "
			    "measure %.1f ms; it is %.1f",
			    place, f->policy->regions[region].name, told_ms,
			    is_ms);
}

bool users_converged(struct fleet *f)
{
	for (size_t seat = 0; seat < FLEET_SEATS; seat++) {
		const struct seat *s = &f->seats[seat];

		if (s->leads == 0 || !had_time(f, &s->users))
			continue;
		for (size_t i = 0; i < USERS_PLACES; i++)
			for (size_t r = 0; r < USERS_REGIONS; r++)
				if (!check_told(f, i, r,
						told_in(f, s->inputs.plan, i,
							r)))
					return false;
	}
	return true;
}
