/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_decide -- from what is known to who answers: milliseconds to reduce a
 * view, to work out all decisions, and those of one service in which one
 * endpoint went down; octets that decisions take.  Instructions apart: run it
 * under callgrind with --rounds 1.
 *
 *   bench_decide [--services N] [--endpoints N] [--vantages N] [--rounds N]
 *                [--steer latency|geo|weighted|failover] DATABASE.mmdb ...
 *
 * All services are steered alike (by latency unless told), each endpoint in a
 * region of its own, spread over the globe; residency binds the EEA; every
 * vantage has measured every endpoint.
 */
#include "dns/decision.h"
#include "dns/model.h"
#include "dns/table.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/decide/geo.h"
#include "policy/decide/hearing.h"
#include "policy/decide/vicinity.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 16, RANDOM = 0x51ed };

struct setup {
	size_t services, endpoints, vantages, rounds;
	enum steer steer;
	const char *databases[POLICY_DATABASES_MAX];
	size_t database_count;
};

/* Everything is taken once and never freed: it ends with the program. */
static void *take(size_t count, size_t size)
{
	void *at = calloc(count + 1, size);

	if (at == NULL)
		abort();
	return at;
}

static const char *name_of(char letter, size_t number)
{
	char *name = take(NAME_SIZE, 1);

	snprintf(name, NAME_SIZE, "%c%04u", letter, (unsigned)number);
	return name;
}

/* Between -1 and 1, the same on every run. */
static double place_of(size_t seed)
{
	return (double)(hash_mix(RANDOM + seed) >> 11) / (1LL << 52) - 1;
}

static void add_places(struct policy *p, const struct setup *setup)
{
	p->region_count = setup->endpoints;
	p->regions = take(p->region_count, sizeof(p->regions[0]));
	for (size_t i = 0; i < p->region_count; i++)
		p->regions[i] = (struct policy_region){
			.name = name_of('r', i),
			.latitude = 60 * place_of(2 * i),
			.longitude = 180 * place_of(2 * i + 1),
		};
	p->vantage_count = setup->vantages;
	p->vantages = take(p->vantage_count, sizeof(p->vantages[0]));
	for (size_t i = 0; i < p->vantage_count; i++)
		p->vantages[i] = (struct policy_vantage){
			.name = name_of('v', i),
			.latitude = 60 * place_of(1000 + 2 * i),
			.longitude = 180 * place_of(1001 + 2 * i),
		};
}

static void add_residency(struct policy *p)
{
	static struct client_term term = { .kind = TERM_UNION, .text = "eea" };
	static struct client_set set = { .name = "eea",
					 .terms = &term,
					 .term_count = 1 };
	static struct policy_residency rule = {
		.name = "gdpr",
		.regions = UINT64_C(0x5555555555555555),
	};

	p->sets = &set;
	p->set_count = 1;
	p->residency = &rule;
	p->residency_count = 1;
}

static void add_service(struct policy *p, const struct setup *setup, size_t at)
{
	struct policy_service *s = &p->services[at];

	s->name = name_of('s', at);
	s->steer = setup->steer;
	s->within_ms = 10;
	s->answers = 1;
	s->sticky_v4_bits = 24;
	s->sticky_v6_bits = 48;
	s->endpoint_count = setup->endpoints;
	s->endpoints = take(setup->endpoints, sizeof(s->endpoints[0]));
	for (size_t i = 0; i < setup->endpoints; i++)
		s->endpoints[i] = (struct policy_endpoint){
			.name = p->regions[i].name,
			.region = (int)i,
			.weight = 1,
			.canary = POLICY_NONE,
			.shadows = POLICY_NONE,
			.shadowed_by = POLICY_NONE,
		};
}

static struct policy *make_policy(const struct setup *setup)
{
	static struct policy_check check = { .name = "web",
					     .interval_ms = 2000,
					     .quorum = 2 };
	struct policy *p = take(1, sizeof(*p));

	p->safety = (struct policy_safety){ .max_capacity_opened_pct = 50,
					    .max_capacity_at_once_pct = 34 };
	p->geo.databases = (const char **)(size_t)setup->databases;
	p->geo.database_count = setup->database_count;
	p->checks = &check;
	p->check_count = 1;
	add_places(p, setup);
	add_residency(p);
	p->service_count = setup->services;
	p->services = take(setup->services, sizeof(p->services[0]));
	for (size_t i = 0; i < setup->services; i++)
		add_service(p, setup, i);
	return p;
}

/* What one vantage says: all is well, and how far it is. */
static struct report *make_report(const struct policy *p, size_t vantage)
{
	struct report *r = take(1, sizeof(*r));

	r->entries =
		take(p->service_count * p->region_count, sizeof(r->entries[0]));
	r->wall_made_ms = 1000;
	for (size_t s = 0; s < p->service_count; s++)
		for (size_t e = 0; e < p->region_count; e++) {
			struct report_entry *entry = &r->entries[r->count++];

			snprintf(entry->service, NAME_SIZE, "%s",
				 p->services[s].name);
			snprintf(entry->endpoint, NAME_SIZE, "%s",
				 p->regions[e].name);
			entry->state = REPORT_CLOSED;
			entry->wall_probed_ms = 1000;
			entry->latency_ms =
				(float)latency_way_ms(latency_distance_km(
					p->vantages[vantage].latitude,
					p->vantages[vantage].longitude,
					p->regions[e].latitude,
					p->regions[e].longitude));
		}
	return r;
}

struct bench {
	const struct setup *setup;
	struct policy *policy;
	struct model *model;
	struct report **reports;
	struct heard_report heard[POLICY_VANTAGES_MAX];
	struct hearing *hearings[POLICY_VANTAGES_MAX];
	struct view_input in;
};

/* Only what decisions read: no zones and no records. */
static struct model *make_model(struct policy *policy)
{
	struct errors errs = { 0 };
	struct model *model = take(1, sizeof(*model));
	struct grounds *grounds = take(1, sizeof(*grounds));

	grounds->policy = model->policy = policy;
	grounds->geo = model->geo = geo_open(policy, &errs);
	errors_print(&errs, stderr);
	errors_fini(&errs);
	if (grounds->geo == NULL)
		return NULL;
	grounds->vicinity = vicinity_new(policy, geo_class(model->geo, 0),
					 geo_class_count(model->geo));
	atomic_init(&grounds->refs, 1);
	atomic_init(&model->refs, 1);
	model->grounds = grounds;
	return grounds->vicinity == NULL ? NULL : model;
}

static void prepare(struct bench *b, const struct setup *setup)
{
	b->setup = setup;
	b->policy = make_policy(setup);
	b->model = make_model(b->policy);
	if (b->model == NULL)
		exit(1);
	b->reports = take(setup->vantages, sizeof(struct report *));
	for (size_t v = 0; v < setup->vantages; v++) {
		b->reports[v] = make_report(b->policy, v);
		b->heard[v].report = b->reports[v];
	}
	b->in = (struct view_input){ .reports = b->heard };
}

/* Of a processor: what others do meanwhile is not counted. */
static double ms_since(int64_t begin_ns)
{
	return (double)(clock_thread_ns() - begin_ns) / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_times(const char *what, double *ms, size_t count)
{
	qsort(ms, count, sizeof(*ms), by_size);
	printf("%-28s median %8.3f ms, p99 %8.3f ms\n", what, ms[count / 2],
	       ms[count * 99 / 100]);
}

/* What comes of nothing: octets of it, and how many rows there are. */
static void bench_full(const struct bench *b, const struct view *view)
{
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd, rows = 0;
	int64_t begin_ns = clock_thread_ns();
	struct table *table = table_build(b->model, view, NULL);
	double ms = ms_since(begin_ns);
	size_t octets = mallinfo2().uordblks + mallinfo2().hblkhd - before;

	if (table == NULL)
		exit(1);
	for (size_t i = 0; i < b->setup->services; i++)
		rows += table_decision(table, i)->row_count;
	printf("%-28s %15.3f ms\n", "all decisions", ms);
	printf("%-28s %15.1f\n", "octets a service",
	       (double)octets / (double)b->setup->services);
	printf("%-28s %15.1f\n", "distinct rows a service",
	       (double)rows / (double)b->setup->services);
	table_free(table);
}

/* All vantages say of one endpoint that it is down, or up again. */
static void flip(struct bench *b, size_t round)
{
	struct hearing *hearing;
	size_t service = hash_mix(round / 2) % b->setup->services;
	size_t endpoint = hash_mix(round / 2 + 1) % b->setup->endpoints;

	for (size_t v = 0; v < b->setup->vantages; v++) {
		struct report_entry *e =
			&b->reports[v]->entries[service * b->setup->endpoints +
						endpoint];

		e->state = round % 2 == 0 ? REPORT_OPEN : REPORT_CLOSED;
		hearing = hearing_new(b->policy, b->reports[v]);
		hearing_free(b->hearings[v]);
		b->heard[v].hearing = b->hearings[v] = hearing;
	}
}

static void bench_changes(struct bench *b, struct view *view)
{
	size_t rounds = b->setup->rounds;
	double *reduce = take(rounds, sizeof(double));
	double *build = take(rounds, sizeof(double));
	double *whole = take(rounds, sizeof(double));
	struct table *table = table_build(b->model, view, NULL);

	for (size_t i = 0; i < rounds; i++) {
		struct view *next;
		struct table *built;
		int64_t begin_ns, middle_ns;

		flip(b, i);
		b->in.previous = view;
		b->in.now_ms += 1;
		begin_ns = clock_thread_ns();
		next = view_reduce(b->policy, &b->in);
		reduce[i] = ms_since(begin_ns);
		middle_ns = clock_thread_ns();
		built = table_build(b->model, next, table);
		build[i] = ms_since(middle_ns);
		table_free(table);
		view_free(view);
		whole[i] = ms_since(begin_ns);
		table = built;
		view = next;
	}
	print_times("view_reduce", reduce, rounds);
	print_times("table_build, one changed", build, rounds);
	print_times("the turn, old ones freed", whole, rounds);
	table_free(table);
	view_free(view);
}

static bool number_option(const char *name, const char *value,
			  struct setup *setup)
{
	size_t number = strtoul(value, NULL, 10);

	if (strcmp(name, "--services") == 0)
		setup->services = number;
	else if (strcmp(name, "--endpoints") == 0)
		setup->endpoints = number;
	else if (strcmp(name, "--vantages") == 0)
		setup->vantages = number;
	else if (strcmp(name, "--rounds") == 0)
		setup->rounds = number;
	else
		return false;
	return number > 0;
}

static bool steer_option(const char *name, const char *value,
			 struct setup *setup)
{
	if (strcmp(name, "--steer") != 0)
		return false;
	for (int s = STEER_LATENCY; s <= STEER_FAILOVER; s++)
		if (strcmp(value, steer_name((enum steer)s)) == 0) {
			setup->steer = (enum steer)s;
			return true;
		}
	return false;
}

static bool read_options(int argc, char **argv, struct setup *setup)
{
	int i = 1;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2)
		if (!number_option(argv[i], argv[i + 1], setup) &&
		    !steer_option(argv[i], argv[i + 1], setup))
			return false;
	for (; i < argc && setup->database_count < POLICY_DATABASES_MAX; i++)
		setup->databases[setup->database_count++] = argv[i];
	return i == argc && setup->database_count > 0 &&
	       setup->services <= POLICY_SERVICES_MAX &&
	       setup->endpoints <= POLICY_ENDPOINTS_MAX &&
	       setup->vantages <= POLICY_VANTAGES_MAX;
}

int main(int argc, char **argv)
{
	struct setup setup = {
		.services = 1000, .endpoints = 50, .vantages = 5, .rounds = 100
	};
	struct bench bench = { 0 };
	struct view *view;

	if (!read_options(argc, argv, &setup)) {
		fprintf(stderr, "usage: bench_decide [--services N] "
				"[--endpoints N] [--vantages N] [--rounds N] "
				"[--steer HOW] DATABASE.mmdb ...\n");
		return 2;
	}
	prepare(&bench, &setup);
	printf("%zu services of %zu endpoints, steered by %s, %zu classes of "
	       "%zu kinds\n",
	       setup.services, setup.endpoints, steer_name(setup.steer),
	       geo_class_count(bench.model->geo),
	       bench.model->grounds->vicinity->kind_count);
	view = view_reduce(bench.policy, &bench.in);
	if (view == NULL)
		return 1;
	bench_full(&bench, view);
	bench_changes(&bench, view);
	return 0;
}
