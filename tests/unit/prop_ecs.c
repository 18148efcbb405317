/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECS scopes are a partition, over a real city database: random networks of
 * it, both families, through the real tables and the whole path of a query.
 *
 * WINDROSE_GEO_V4, WINDROSE_GEO_V6: the databases (contrib/geo/fetch); none:
 * the test is skipped.  WINDROSE_GEO_NETWORKS: how many networks of each
 * family, 100000 unless told.  Prints how wide the scopes were, and how many
 * entries they need in a resolver's cache.
 */
#include "dns/model.h"
#include "dns/table.h"
#include "policy/base/arena.h"
#include "policy/decide/geo.h"
#include "policy/decide/view.h"
#include "tests/unit/partition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxminddb.h>

enum { REGIONS = 6, SERVICES = 5, NEIGHBOURS = 2, JURISDICTION_EU = 1 };

/* clang-format off */
static const struct policy_region regions[REGIONS] = {
	{ .name = "iad", .latitude = 38.9, .longitude = -77.4, .jurisdictions = 2 },
	{ .name = "sfo", .latitude = 37.6, .longitude = -122.4, .jurisdictions = 2 },
	{ .name = "dub", .latitude = 53.3, .longitude = -6.3, .jurisdictions = 1 },
	{ .name = "fra", .latitude = 50.1, .longitude = 8.6, .jurisdictions = 1 },
	{ .name = "sin", .latitude = 1.3, .longitude = 103.8, .jurisdictions = 4 },
	{ .name = "gru", .latitude = -23.5, .longitude = -46.6, .jurisdictions = 4 },
};

static const struct policy_service services[SERVICES] = {
	{ .name = "geo", .fqdn = "geo.gslb.example.", .steer = STEER_GEO },
	{ .name = "near", .fqdn = "near.gslb.example.", .steer = STEER_LATENCY,
	  .within_ms = 15 },
	{ .name = "drawn", .fqdn = "drawn.gslb.example.",
	  .steer = STEER_WEIGHTED },
	{ .name = "first", .fqdn = "first.gslb.example.",
	  .steer = STEER_FAILOVER },
	{ .name = "pair", .fqdn = "pair.gslb.example.", .steer = STEER_GEO,
	  .within_ms = 30, .answers = 2 },
};
/* clang-format on */

static void *need(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static void add_service(struct policy *p, size_t i)
{
	struct policy_service *s = &p->services[i];

	*s = services[i];
	s->answers = s->answers == 0 ? 1 : s->answers;
	s->ttl = (struct policy_ttl){ 60, 10, 0 };
	s->sticky_v4_bits = 24;
	s->sticky_v6_bits = 48;
	s->check = POLICY_NONE;
	s->endpoint_count = REGIONS;
	s->endpoints =
		need(arena_alloc(p->arena, REGIONS, sizeof(*s->endpoints)));
	for (int r = 0; r < REGIONS; r++) {
		struct policy_endpoint *e = &s->endpoints[r];

		*e = (struct policy_endpoint){
			.name = regions[r].name,
			.region = r,
			.weight = 1,
			.canary = POLICY_NONE,
			.shadows = POLICY_NONE,
			.shadowed_by = POLICY_NONE,
			.a_count = 1,
		};
		e->a = need(arena_alloc(p->arena, 1, sizeof(*e->a)));
		*e->a = net_from_v4(UINT32_C(0xc0000200) | (uint32_t)r);
	}
}

/* The SOA that a zone needs, and nothing else. */
static void add_soa(struct policy *p)
{
	static const uint8_t owner[] = "\4gslb\7example";
	static const uint8_t rdata[22] = { 0, 0, [21] = 60 };
	struct record *r = need(arena_alloc(p->arena, 1, sizeof(*r)));

	r->owner = need(arena_alloc(p->arena, sizeof(owner), 1));
	memcpy(r->owner, owner, sizeof(owner));
	r->owner_len = sizeof(owner);
	r->rdata = need(arena_alloc(p->arena, sizeof(rdata), 1));
	memcpy(r->rdata, rdata, sizeof(rdata));
	r->rdata_len = sizeof(rdata);
	r->type = 6;
	r->ttl_s = 60;
	p->zones = need(arena_alloc(p->arena, 1, sizeof(*p->zones)));
	p->zone_count = 1;
	p->zones[0].records = r;
	p->zones[0].record_count = 1;
	p->zones[0].name = "gslb.example.";
}

/* Clients of the EEA only to eu; and one set that is a network. */
static void add_rules(struct policy *p)
{
	struct client_set *set = need(arena_alloc(p->arena, 1, sizeof(*set)));
	struct policy_residency *rule =
		need(arena_alloc(p->arena, 1, sizeof(*rule)));

	set->name = "eea";
	set->terms = need(arena_alloc(p->arena, 1, sizeof(*set->terms)));
	set->term_count = 1;
	set->terms[0].kind = TERM_UNION;
	set->terms[0].text = "eea";
	rule->name = "eu";
	rule->jurisdictions = JURISDICTION_EU;
	rule->regions = 1 << 2 | 1 << 3;
	p->sets = set;
	p->set_count = 1;
	p->residency = rule;
	p->residency_count = 1;
}

static struct policy *make_policy(const char *const *databases, size_t count)
{
	struct arena *arena = need(arena_new());
	struct policy *p = need(arena_alloc(arena, 1, sizeof(*p)));

	p->arena = arena;
	p->regions = need(arena_alloc(arena, REGIONS, sizeof(*p->regions)));
	memcpy(p->regions, regions, sizeof(regions));
	p->region_count = REGIONS;
	p->services = need(arena_alloc(arena, SERVICES, sizeof(*p->services)));
	p->service_count = SERVICES;
	for (size_t i = 0; i < SERVICES; i++)
		add_service(p, i);
	add_soa(p);
	add_rules(p);
	p->geo.databases =
		need(arena_alloc(arena, count, sizeof(p->geo.databases[0])));
	p->geo.database_at =
		need(arena_alloc(arena, count, sizeof(struct place)));
	for (size_t i = 0; i < count; i++)
		p->geo.databases[i] = databases[i];
	p->geo.database_count = count;
	return p;
}

static struct model *make_model(const char *const *databases, size_t count)
{
	struct errors errs = { 0 };
	struct policy *policy = make_policy(databases, count);
	struct geo *geo = geo_open(policy, &errs);
	struct model *model =
		geo == NULL ? NULL : model_of(policy, geo, NULL, &errs);

	errors_print(&errs, stderr);
	return need(model);
}

enum { ZEROES_OF_V4 = 96 }; /* in a tree of both families */

/*
 * Which way to go at a node: never to where nothing is, and three times of
 * four on rather than to the end, so that small networks come up often.
 */
static bool choose(struct partition *p, const MMDB_search_node_s *node)
{
	uint64_t draw = partition_draw(p);
	bool right = draw & 1;
	uint8_t here = right ? node->right_record_type : node->left_record_type;
	uint8_t other =
		right ? node->left_record_type : node->right_record_type;

	if (here == MMDB_RECORD_TYPE_EMPTY)
		return !right;
	if (here == MMDB_RECORD_TYPE_DATA &&
	    other == MMDB_RECORD_TYPE_SEARCH_NODE && (draw >> 1 & 3) != 0)
		return !right;
	return right;
}

/* A random network of the database. */
static struct net_prefix random_network(struct partition *p, const MMDB_s *mmdb,
					enum net_family family)
{
	struct net_prefix found = { .addr.family = family };
	unsigned skip = family == NET_V4 && mmdb->metadata.ip_version == 6
				? ZEROES_OF_V4
				: 0;
	uint8_t type = MMDB_RECORD_TYPE_SEARCH_NODE;
	uint64_t at = 0;

	for (unsigned bit = 0; type == MMDB_RECORD_TYPE_SEARCH_NODE; bit++) {
		MMDB_search_node_s node;
		bool right;

		if (MMDB_read_node(mmdb, (uint32_t)at, &node) != MMDB_SUCCESS)
			abort();
		right = bit >= skip && choose(p, &node);
		type = right ? node.right_record_type : node.left_record_type;
		at = right ? node.right_record : node.left_record;
		if (bit < skip)
			continue;
		if (right)
			found.addr.octets[(bit - skip) / 8] |=
				(uint8_t)(0x80 >> (bit - skip) % 8);
		found.bits = (uint8_t)(bit - skip + 1);
	}
	return found;
}

/* What resolvers send: /24 or /56, the network's own length, or anything. */
static uint8_t source_of(struct partition *p, const struct net_prefix *network)
{
	uint64_t draw = partition_draw(p);
	uint8_t usual = network->addr.family == NET_V4 ? 24 : 56;

	if (draw % 4 < 2)
		return usual;
	if (draw % 4 == 2)
		return network->bits == 0 ? 1 : network->bits;
	return (uint8_t)(8 +
			 (draw >> 8) % (net_bits(network->addr.family) - 7));
}

/* By network, then by length. */
static int compare_entries(const void *a, const void *b)
{
	const struct net_prefix *x = a, *y = b;
	int order =
		memcmp(x->addr.octets, y->addr.octets, sizeof(x->addr.octets));

	return order != 0 ? order : (int)x->bits - (int)y->bits;
}

/* Sorts them. */
static size_t count_distinct(struct net_prefix *entries, size_t count)
{
	size_t distinct = count > 0;

	qsort(entries, count, sizeof(entries[0]), compare_entries);
	for (size_t i = 1; i < count; i++)
		distinct += compare_entries(&entries[i - 1], &entries[i]) != 0;
	return distinct;
}

/*
 * What a resolver that all clients ask, and that sends /24 or /56 of each,
 * holds of a name: against a server whose scope is what it was sent.
 */
static void print_entries(const struct table *table, const char *qname,
			  const struct net_prefix *clients, size_t count)
{
	struct partition p = { .table = table, .qname = qname };
	enum net_family family = clients[0].addr.family;
	struct net_prefix *ours = need(calloc(count, sizeof(*ours)));
	struct net_prefix *echoed = need(calloc(count, sizeof(*echoed)));
	uint8_t source_bits = family == NET_V4 ? 24 : 56;
	uint64_t bits = 0;
	size_t held, echo_held;

	for (size_t i = 0; i < count; i++) {
		ours[i] = partition_entry(&p, &clients[i].addr, source_bits);
		echoed[i].addr = net_mask(&clients[i].addr, source_bits);
		echoed[i].bits = source_bits;
		bits += ours[i].bits;
	}
	held = count_distinct(ours, count);
	echo_held = count_distinct(echoed, count);
	printf("# IPv%d %-6s %zu clients asked with /%u: mean scope /%.2f, "
	       "%zu cache entries; echoing the source: /%u, %zu entries "
	       "(%.1f times as many)\n",
	       (int)family, qname, count, source_bits,
	       (double)bits / (double)count, held, source_bits, echo_held,
	       (double)echo_held / (double)held);
	free(ours);
	free(echoed);
}

static bool check_family(const struct table *table, const char *path,
			 enum net_family family, unsigned long networks)
{
	struct partition parts[SERVICES];
	struct partition draws = { .draw = networks + family };
	MMDB_s mmdb;
	struct net_prefix *clients = need(calloc(networks, sizeof(*clients)));
	bool ok = true;

	if (MMDB_open(path, MMDB_MODE_MMAP, &mmdb) != MMDB_SUCCESS)
		abort();
	for (size_t i = 0; i < SERVICES; i++)
		parts[i] = (struct partition){ .table = table,
					       .qname = services[i].fqdn,
					       .draw = i * 31 + family };
	for (unsigned long n = 0; ok && n < networks; n++) {
		struct net_prefix network =
			random_network(&draws, &mmdb, family);
		uint8_t source_bits = source_of(&draws, &network);

		clients[n].addr =
			partition_client(&draws, &network.addr, network.bits);

		for (size_t i = 0; ok && i < SERVICES; i++)
			ok = partition_holds(&parts[i], &network.addr,
					     source_bits, NEIGHBOURS);
	}
	for (size_t i = 0; i < SERVICES; i++)
		printf("# IPv%d %-6s %lu scopes, %lu neighbours, mean scope "
		       "/%.1f, wider than the source: %.1f %%\n",
		       (int)family, services[i].name,
		       (unsigned long)parts[i].scopes,
		       (unsigned long)parts[i].clients,
		       (double)parts[i].scope_bits / (double)parts[i].scopes,
		       100.0 * (double)parts[i].source_widened /
			       (double)parts[i].scopes);
	for (size_t i = 0; ok && i < SERVICES; i++)
		print_entries(table, services[i].fqdn, clients, networks);
	free(clients);
	MMDB_close(&mmdb);
	return ok;
}

int main(void)
{
	const char *v4 = getenv("WINDROSE_GEO_V4");
	const char *v6 = getenv("WINDROSE_GEO_V6");
	const char *count = getenv("WINDROSE_GEO_NETWORKS");
	unsigned long networks =
		count == NULL ? 100000 : strtoul(count, NULL, 10);
	struct view_input in = { .now_ms = 1000000, .wall_ms = 1000000 };
	struct model *model;
	struct table *table;
	struct view *view;
	bool ok4, ok6;

	if (v4 == NULL || v6 == NULL) {
		printf("1..0 # SKIP WINDROSE_GEO_V4, WINDROSE_GEO_V6 unset\n");
		return 0;
	}
	model = make_model((const char *const[]){ v4, v6 },
			   strcmp(v4, v6) == 0 ? 1 : 2);
	view = need(view_reduce(model->policy, &in));
	table = need(table_build(model, view, NULL));
	printf("1..2\n# %zu classes\n", geo_class_count(model->geo));
	ok4 = check_family(table, v4, NET_V4, networks);
	printf("%s 1 - IPv4, %lu networks\n", ok4 ? "ok" : "not ok", networks);
	ok6 = check_family(table, v6, NET_V6, networks);
	printf("%s 2 - IPv6, %lu networks\n", ok6 ? "ok" : "not ok", networks);
	table_free(table);
	view_free(view);
	model_unref(model);
	return ok4 && ok6 ? 0 : 1;
}
