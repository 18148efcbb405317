/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/world.h"

#include "dns/model.h"
#include "dns/sign/signer.h"
#include "dns/table.h"
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/hash.h"
#include "policy/decide/view.h"
#include "tests/unit/geo_double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ldns/ldns.h>

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "world: %s\n", what);
	abort();
}

static uint8_t *copy(struct arena *arena, const void *octets, size_t len)
{
	uint8_t *at = arena_alloc(arena, len, 1);

	require(at != NULL, "memory");
	memcpy(at, octets, len);
	return at;
}

static void add_record(struct policy *policy, ldns_rr *rr)
{
	struct policy_zone *zone = &policy->zones[0];
	struct record *r = &zone->records[zone->record_count++];
	ldns_buffer *data = ldns_buffer_new(512);

	/* The whole record, canonical but for case: owner, fixed, RDATA. */
	require(ldns_rr2buffer_wire(data, rr, LDNS_SECTION_ANSWER) ==
			LDNS_STATUS_OK,
		"a record's wire form");
	r->owner_len = (uint8_t)ldns_rdf_size(ldns_rr_owner(rr));
	r->owner = copy(policy->arena, ldns_buffer_begin(data), r->owner_len);
	for (size_t i = 0; i < r->owner_len; i++)
		if (r->owner[i] >= 'A' && r->owner[i] <= 'Z')
			r->owner[i] += 'a' - 'A';
	r->type = (uint16_t)ldns_rr_get_type(rr);
	r->ttl_s = ldns_rr_ttl(rr);
	r->rdata_len =
		(uint16_t)(ldns_buffer_position(data) - r->owner_len - 10);
	r->rdata =
		copy(policy->arena, ldns_buffer_begin(data) + r->owner_len + 10,
		     r->rdata_len);
	ldns_buffer_free(data);
}

void world_read_zone(struct policy *policy, const char *text)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	ldns_zone *zone = NULL;
	ldns_rdf *origin = ldns_dname_new_frm_str(policy->zones[0].name);
	int line = 0;
	ldns_status status;
	size_t count;

	require(in != NULL, "fmemopen");
	status = ldns_zone_new_frm_fp_l(&zone, in, origin, 300,
					LDNS_RR_CLASS_IN, &line);
	fclose(in);
	if (status != LDNS_STATUS_OK)
		fprintf(stderr, "line %d: %s\n", line,
			ldns_get_errorstr_by_id(status));
	require(status == LDNS_STATUS_OK, "master file");
	count = ldns_rr_list_rr_count(ldns_zone_rrs(zone));
	policy->zones[0].records =
		arena_alloc(policy->arena, count + 1, sizeof(struct record));
	require(policy->zones[0].records != NULL, "memory");
	if (ldns_zone_soa(zone) != NULL)
		add_record(policy, ldns_zone_soa(zone));
	for (size_t i = 0; i < count; i++)
		add_record(policy, ldns_rr_list_rr(ldns_zone_rrs(zone), i));
	ldns_zone_deep_free(zone);
	ldns_rdf_deep_free(origin);
}

/* clang-format off */
enum { EU, US };

/* As many addresses as an endpoint may have. */
#define SIXTEEN(net) \
	net "0 " net "1 " net "2 " net "3 " net "4 " net "5 " net "6 " \
	net "7 " net "8 " net "9 " net "10 " net "11 " net "12 " net "13 " \
	net "14 " net "15"

static const struct world_endpoint {
	enum world_service service;
	const char *name;
	int region;
	const char *a, *aaaa; /* NULL: none */
} endpoints[] = {
	{ WORLD_APEX,   "eu", EU, "192.0.2.1",  NULL },
	{ WORLD_APEX,   "us", US, "192.0.2.2",  NULL },
	{ WORLD_WWW,    "eu", EU, "192.0.2.11", "2001:db8::11" },
	{ WORLD_WWW,    "us", US, "192.0.2.12", NULL },
	{ WORLD_APP,    "eu", EU, "192.0.2.21", "2001:db8::21" },
	{ WORLD_APP,    "us", US, "192.0.2.22", "2001:db8::22" },
	{ WORLD_RND,    "eu", EU, "192.0.2.21", NULL },
	{ WORLD_RND,    "us", US, "192.0.2.22", NULL },
	{ WORLD_ALL,    "eu", EU, "192.0.2.21 192.0.2.25", NULL },
	{ WORLD_ALL,    "us", US, "192.0.2.22 192.0.2.25", NULL },
	{ WORLD_LOCKED, "eu", EU, "192.0.2.51", NULL },
	{ WORLD_POOL,   "eu", EU, "192.0.2.31", "2001:db8::31" },
	{ WORLD_POOL,   "us", US, "192.0.2.32", NULL },
	{ WORLD_JIT,    "eu", EU, "192.0.2.41 192.0.2.41", NULL },
	{ WORLD_BIG,    "eu", EU, SIXTEEN("192.0.3."), NULL },
	{ WORLD_BIG,    "us", US, SIXTEEN("192.0.4."), NULL },
	{ WORLD_AWAY,   "eu", EU, NULL, NULL },
	{ WORLD_AWAY,   "us", US, NULL, NULL },
	{ WORLD_ROUND,  "eu", EU, NULL, NULL },
	{ WORLD_AWAYS,  "eu", EU, NULL, NULL },
	{ WORLD_AWAYS,  "us", US, NULL, NULL },
	{ WORLD_WEB,    "eu", EU, "192.0.2.71", "2001:db8::71" },
	{ WORLD_WEB,    "us", US, "192.0.2.72", NULL },
	{ WORLD_WEBS,   "eu", EU, "192.0.2.73", NULL },
	{ WORLD_WEBS,   "us", US, "192.0.2.74", NULL },
	{ WORLD_MIXED,  "eu", EU, "192.0.2.75", NULL },
	{ WORLD_MIXED,  "us", US, "192.0.2.76", "2001:db8::76" },
};

/* Of endpoints, in their order, of the services that have them. */
static const char *const cnames[WORLD_SERVICES][2] = {
	[WORLD_AWAY]  = { "app.gslb.example.", "host.example.net." },
	[WORLD_ROUND] = { "back.gslb.example." },
	[WORLD_AWAYS] = { "www.gslb.example.", "txt.gslb.example." },
};

static const struct world_service_row {
	const char *name, *fqdn;
	enum steer steer;
	enum sticky sticky;
	uint32_t answers;
	struct policy_ttl ttl;
} services[] = {
	[WORLD_APEX]   = { "@",      "gslb.example.",        STEER_GEO,      STICKY_CLIENT, 1, { 60, 10, 0 } },
	[WORLD_WWW]    = { "www",    "www.gslb.example.",    STEER_GEO,      STICKY_CLIENT, 1, { 60, 10, 0 } },
	[WORLD_APP]    = { "app",    "app.gslb.example.",    STEER_WEIGHTED, STICKY_CLIENT, 1, { 60, 10, 0 } },
	[WORLD_RND]    = { "rnd",    "rnd.gslb.example.",    STEER_WEIGHTED, STICKY_NONE,   1, { 60, 10, 0 } },
	[WORLD_ALL]    = { "all",    "all.gslb.example.",    STEER_WEIGHTED, STICKY_CLIENT, 2, { 60, 10, 0 } },
	[WORLD_LOCKED] = { "locked", "locked.gslb.example.", STEER_GEO,      STICKY_CLIENT, 1, { 60, 10, 0 } },
	[WORLD_POOL]   = { "*.pool", "*.pool.gslb.example.", STEER_GEO,      STICKY_CLIENT, 1, { 40, 10, 0 } },
	[WORLD_JIT]    = { "jit",    "jit.gslb.example.",    STEER_GEO,      STICKY_CLIENT, 1, { 100, 10, 10 } },
	[WORLD_BIG]    = { "big",    "big.gslb.example.",    STEER_WEIGHTED, STICKY_CLIENT, 2, { 60, 10, 0 } },
	[WORLD_AWAY]   = { "away",   "away.gslb.example.",   STEER_GEO,      STICKY_CLIENT, 1, { 60, 10, 0 } },
	[WORLD_ROUND]  = { "round",  "round.gslb.example.",  STEER_GEO,      STICKY_CLIENT, 1, { 60, 10, 0 } },
	[WORLD_AWAYS]  = { "*.away", "*.away.gslb.example.", STEER_GEO,      STICKY_CLIENT, 1, { 60, 10, 0 } },
	[WORLD_WEB]    = { "web",    "web.gslb.example.",    STEER_GEO,      STICKY_CLIENT, 1, { 60, 10, 0 } },
	[WORLD_WEBS]   = { "*.web",  "*.web.gslb.example.",  STEER_WEIGHTED, STICKY_CLIENT, 2, { 60, 10, 0 } },
	[WORLD_MIXED]  = { "mixed",  "mixed.gslb.example.",  STEER_WEIGHTED, STICKY_CLIENT, 1, { 60, 10, 0 } },
};

/* Class 0: unknown place.  3: residency leaves eu only; 4: nothing. */
static const struct client_class classes[] = {
	{ .unknown = true, .regions = 3 },
	{ .located = true, .latitude = 51, .longitude = 1,   .regions = 3 },
	{ .located = true, .latitude = 39, .longitude = -77, .regions = 3 },
	{ .located = true, .latitude = 39, .longitude = -77, .regions = 1,
	  .none_healthy = NONE_HEALTHY_NO_ANSWER },
	{ .located = true, .latitude = 51, .longitude = 1,   .regions = 0 },
};

static const struct world_network {
	const char *prefix;
	uint16_t class_id;
} networks[] = {
	{ "10.0.0.0/8",       0 },
	{ "10.1.0.0/16",      1 },
	{ "10.2.0.0/16",      2 },
	{ "10.2.64.0/20",     1 },
	{ "10.3.0.0/16",      3 },
	{ "10.4.0.0/16",      4 },
	{ "10.5.0.0/16",      1 },
	{ "10.5.5.128/25",    2 },
	{ "2001:db8:1::/48",  1 },
	{ "2001:db8:2::/48",  2 },
};
/* clang-format on */

static const struct policy_region regions[] = {
	{ .name = "eu", .latitude = 53, .longitude = -6 },
	{ .name = "us", .latitude = 39, .longitude = -77 },
};

/* Addresses separated by blanks. */
static struct net_addr *addresses(struct arena *arena, const char *text,
				  size_t *count)
{
	struct net_addr *at =
		arena_alloc(arena, POLICY_ADDRESSES_MAX, sizeof(*at));
	char word[NET_TEXT_SIZE];
	int used = 0;

	require(at != NULL, "memory");
	*count = 0;
	for (; text != NULL && sscanf(text, "%63s%n", word, &used) == 1;
	     text += used)
		require(net_addr_parse(word, &at[(*count)++]), "address");
	return at;
}

static void add_endpoint(struct policy *policy,
			 const struct world_endpoint *from)
{
	struct policy_service *s = &policy->services[from->service];
	size_t i = s->endpoint_count++;
	struct policy_endpoint *e = &s->endpoints[i];

	*e = (struct policy_endpoint){
		.name = from->name,
		.region = from->region,
		.weight = 1,
		.cname = cnames[from->service][i],
		.canary = POLICY_NONE,
		.shadows = POLICY_NONE,
		.shadowed_by = POLICY_NONE,
	};
	e->a = addresses(policy->arena, from->a, &e->a_count);
	e->aaaa = addresses(policy->arena, from->aaaa, &e->aaaa_count);
}

static void add_service(struct policy *policy, size_t i)
{
	struct policy_service *s = &policy->services[i];

	*s = (struct policy_service){
		.name = services[i].name,
		.fqdn = services[i].fqdn,
		.steer = services[i].steer,
		.sticky = services[i].sticky,
		.answers = services[i].answers,
		.ttl = services[i].ttl,
		.sticky_v4_bits = 24,
		.sticky_v6_bits = 48,
		.check = POLICY_NONE,
	};
	s->endpoints = arena_alloc(policy->arena, 2, sizeof(*s->endpoints));
	require(s->endpoints != NULL, "memory");
}

/* What HTTPS and SVCB records say beside their hints. */
static void add_bindings(struct policy *policy)
{
	static const char *alpn[] = { "h3", "h2" };
	static const uint8_t ech[] = { 0, 4, 0, 1, 2, 3 };
	struct policy_service *web = &policy->services[WORLD_WEB];

	web->https = (struct policy_binding){
		.at.line = 1,
		.priority = 1,
		.target = ".",
		.alpn = alpn,
		.alpn_count = 2,
		.no_default_alpn = true,
		.port = 8443,
		.ech = ech,
		.ech_octets = sizeof(ech),
	};
	web->svcb = (struct policy_binding){
		.at.line = 1,
		.target = "svc.example.net.",
	};
	policy->services[WORLD_WEBS].https = (struct policy_binding){
		.at.line = 1,
		.priority = 16,
		.target = "x.web.gslb.example.",
	};
	policy->services[WORLD_MIXED].https = (struct policy_binding){
		.at.line = 1,
		.priority = 1,
		.target = ".",
	};
}

static struct policy *make_policy(void)
{
	struct arena *arena = arena_new();
	struct policy *p = arena_alloc(arena, 1, sizeof(*p));
	const char *srcdir = getenv("SRCDIR");
	struct error err;
	char path[1024];
	char *text;

	require(p != NULL, "memory");
	p->arena = arena;
	p->zones = arena_alloc(arena, 1, sizeof(*p->zones));
	require(p->zones != NULL, "memory");
	p->zone_count = 1;
	p->zones[0].name = "gslb.example.";
	snprintf(path, sizeof(path), "%s/tests/data/dns/world.zone",
		 srcdir == NULL ? "." : srcdir);
	text = file_read(path, 1 << 20, &(size_t){ 0 }, &err);
	require(text != NULL, "tests/data/dns/world.zone below $SRCDIR");
	world_read_zone(p, text);
	free(text);
	p->regions = (void *)copy(arena, regions, sizeof(regions));
	p->region_count = sizeof(regions) / sizeof(regions[0]);
	p->service_count = WORLD_SERVICES;
	p->services = arena_alloc(arena, WORLD_SERVICES, sizeof(*p->services));
	require(p->services != NULL, "memory");
	for (size_t i = 0; i < WORLD_SERVICES; i++)
		add_service(p, i);
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		add_endpoint(p, &endpoints[i]);
	add_bindings(p);
	return p;
}

static struct geo *make_geo(void)
{
	struct geo *geo = calloc(1, sizeof(*geo));

	require(geo != NULL, "memory");
	geo->class_count = sizeof(classes) / sizeof(classes[0]);
	memcpy(geo->classes, classes, sizeof(classes));
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		struct geo_double_network *n =
			&geo->networks[geo->network_count++];

		require(net_prefix_parse(networks[i].prefix, &n->prefix, NULL),
			networks[i].prefix);
		n->class_id = networks[i].class_id;
	}
	return geo;
}

static void begin_signing(struct world *w)
{
	struct policy_zone *zone = &w->policy->zones[0];
	const char *srcdir = getenv("SRCDIR");
	struct errors errs = { 0 };
	char path[1024];

	snprintf(path, sizeof(path), "%s/tests/data/keys/world",
		 srcdir == NULL ? "." : srcdir);
	zone->dnssec = (struct policy_dnssec){
		.keys = arena_text(w->policy->arena, path, strlen(path)),
		.validity_s = 14 * 86400,
		.refresh_s = 7 * 86400,
	};
	w->signer = signer_new();
	require(w->signer != NULL, "memory");
	if (!signer_begin(w->signer, zone, time(NULL), &errs))
		errors_print(&errs, stderr);
	require(errors_ok(&errs), "signer");
	errors_fini(&errs);
}

static struct world finish(struct world w)
{
	struct view_input in = { .now_ms = 1000000, .wall_ms = 1000000 };
	struct errors errs = { 0 };

	w.model = model_of(w.policy, make_geo(),
			   w.signer == NULL ? NULL : &w.signer, &errs);
	errors_print(&errs, stderr);
	require(w.model != NULL, "model");
	errors_fini(&errs);
	if (w.signer != NULL)
		signer_end(w.signer);
	w.view = view_reduce(w.policy, &in);
	require(w.view != NULL, "view");
	w.table = table_build(w.model, w.view, NULL);
	require(w.table != NULL, "table");
	return w;
}

struct world world_new(void)
{
	return finish((struct world){ .policy = make_policy() });
}

struct world world_new_signed(void)
{
	struct world w = { .policy = make_policy() };

	begin_signing(&w);
	return finish(w);
}

void world_free(struct world *world)
{
	table_free(world->table);
	view_free(world->view);
	model_unref(world->model);
	signer_free(world->signer);
}

void world_shuffle(struct world *world, uint64_t seed)
{
	struct geo *geo = world->model->geo;
	size_t count = 1 + hash_mix(seed) % 60;

	geo->network_count = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t draw = hash_mix(seed + i * 7919 + 1);
		uint8_t bits = (uint8_t)(16 + draw % 17);
		struct net_addr addr = net_from_v4(UINT32_C(0x0a090000) |
						   (draw >> 16 & 0xffff));

		if (draw >> 40 & 1) {
			bits = (uint8_t)(32 + draw % 33);
			require(net_addr_parse("2001:db8::", &addr), "address");
			memcpy(addr.octets + 4, &draw, 4);
		}
		geo->networks[geo->network_count++] =
			(struct geo_double_network){
				.prefix = { net_mask(&addr, bits), bits },
				.class_id = (uint16_t)(draw >> 48) % 5,
			};
	}
}

int world_set_up(void **state)
{
	static struct world w;

	w = world_new();
	*state = &w;
	return 0;
}

int world_tear_down(void **state)
{
	world_free(*state);
	return 0;
}
