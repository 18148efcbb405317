/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_subnets -- client subnets drawn from a geo database's networks, each
 * network as likely as another: lines "NETWORK COUNTRY", in random order.
 *
 *   bench_subnets [--count N] [--seed N] DATABASE.mmdb ...
 *
 * A network is a random /24, or /56 of IPv6, inside one of the database's, or
 * around it where that is smaller: what resolvers send.  Where it is smaller
 * the country is "-", since others may share the subnet.
 */
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/base/net.h"
#include "policy/base/option.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxminddb.h>

enum { SUBNETS_V4_BITS = 24, SUBNETS_V6_BITS = 56 };

struct subnet {
	struct net_prefix network;
	MMDB_entry_s entry;
};

/* Reservoir sampling over one database and family. */
struct draw {
	MMDB_s *db;
	enum net_family family;
	struct net_addr at; /* of the node that is looked at */
	struct subnet *taken;
	size_t room;
	uint64_t seen, seed;
};

static uint64_t draw_bits(struct draw *d)
{
	return hash_mix(d->seed += UINT64_C(0x9e3779b97f4a7c15));
}

static unsigned subnet_bits(enum net_family family)
{
	return family == NET_V4 ? SUBNETS_V4_BITS : SUBNETS_V6_BITS;
}

static void take(struct draw *d, unsigned bits, MMDB_entry_s entry)
{
	uint64_t at = d->seen++;

	if (at >= d->room)
		at = draw_bits(d) % d->seen;
	if (at >= d->room)
		return;
	d->taken[at].network =
		(struct net_prefix){ .addr = d->at, .bits = (uint8_t)bits };
	d->taken[at].entry = entry;
}

/* Goes down both sides of a node; IPv4's part of a tree of both is passed
 * over on the way through IPv6. */
static void walk(struct draw *d, uint32_t node, unsigned bits)
{
	uint8_t *octet = &d->at.octets[bits / 8 % 16];
	uint8_t bit = (uint8_t)(0x80 >> bits % 8);
	MMDB_search_node_s sides;

	if (bits >= net_bits(d->family) ||
	    MMDB_read_node(d->db, node, &sides) != MMDB_SUCCESS)
		return;
	for (unsigned right = 0; right < 2; right++) {
		uint64_t record =
			right ? sides.right_record : sides.left_record;
		unsigned type = right ? sides.right_record_type
				      : sides.left_record_type;
		MMDB_entry_s entry = right ? sides.right_record_entry
					   : sides.left_record_entry;

		if (right)
			*octet |= bit;
		if (type == MMDB_RECORD_TYPE_DATA)
			take(d, bits + 1, entry);
		else if (type == MMDB_RECORD_TYPE_SEARCH_NODE &&
			 (d->family == NET_V4 ||
			  record != d->db->ipv4_start_node.node_value))
			walk(d, (uint32_t)record, bits + 1);
	}
	*octet &= (uint8_t)~bit;
}

static const char *country_of(MMDB_entry_s entry, char text[3])
{
	static const char *const flat[] = { "country_code", NULL };
	static const char *const nested[] = { "country", "iso_code", NULL };
	MMDB_entry_data_s value;

	if ((MMDB_aget_value(&entry, &value, flat) != MMDB_SUCCESS ||
	     !value.has_data) &&
	    (MMDB_aget_value(&entry, &value, nested) != MMDB_SUCCESS ||
	     !value.has_data))
		return "-";
	if (value.type != MMDB_DATA_TYPE_UTF8_STRING || value.data_size != 2)
		return "-";
	memcpy(text, value.utf8_string, 2);
	text[2] = '\0';
	return text;
}

/* A random subnet of the network. */
static void print_one(struct draw *d, const struct subnet *s)
{
	struct net_prefix p = s->network;
	unsigned bits = subnet_bits(d->family);
	char text[NET_TEXT_SIZE], country[3];
	uint64_t noise = draw_bits(d);

	p.addr.family = d->family;
	for (unsigned bit = p.bits; bit < bits; bit++, noise >>= 1)
		p.addr.octets[bit / 8] |=
			(uint8_t)((noise & 1) << (7 - bit % 8));
	p.addr = net_mask(&p.addr, bits);
	printf("%s/%u %s\n", net_addr_text(&p.addr, text), bits,
	       p.bits <= bits ? country_of(s->entry, country) : "-");
}

/* False when the file could not be read; none of this family is no error. */
static bool draw_family(MMDB_s *db, enum net_family family, unsigned count,
			unsigned seed)
{
	struct draw d = {
		.db = db,
		.family = family,
		.taken = calloc(count, sizeof(struct subnet)),
		.room = count,
		.seed = seed,
	};
	bool both = db->metadata.ip_version == 6;
	bool here = both || family == NET_V4;

	if (d.taken == NULL)
		return false;
	if (here)
		walk(&d,
		     both && family == NET_V4
			     ? (uint32_t)db->ipv4_start_node.node_value
			     : 0,
		     0);
	if (d.seen < d.room)
		d.room = d.seen;
	for (size_t i = d.room; i > 0; i--) { /* in no order of addresses */
		size_t j = draw_bits(&d) % i;

		print_one(&d, &d.taken[j]);
		d.taken[j] = d.taken[i - 1];
	}
	fprintf(stderr, "%s: %llu networks of IPv%d\n", db->filename,
		(unsigned long long)d.seen, (int)family);
	free(d.taken);
	return true;
}

static bool draw_all(const char *path, unsigned count, unsigned seed)
{
	MMDB_s db;
	int status = MMDB_open(path, MMDB_MODE_MMAP, &db);
	bool ok;

	if (status != MMDB_SUCCESS) {
		fprintf(stderr, "%s: %s\n", path, MMDB_strerror(status));
		return false;
	}
	ok = draw_family(&db, NET_V4, count, seed) &&
	     draw_family(&db, NET_V6, count, seed);
	MMDB_close(&db);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned count = 100000, seed = 1;
	const struct option_row rows[] = {
		{ "count", OPTION_NUMBER, &count, "N",
		  "subnets of each family and database (default 100000)", 1,
		  10000000 },
		{ "seed", OPTION_NUMBER, &seed, "N",
		  "another one draws others (default 1)", 0, 1000000000 },
	};
	const char **paths = calloc((size_t)argc, sizeof(*paths));
	struct error err = { 0 };
	int left = option_parse(rows, 2, argc, argv, paths, &err);
	bool ok = left > 0;

	if (!ok) {
		fprintf(stderr,
			"bench_subnets: %s\nusage: bench_subnets [options] "
			"DATABASE.mmdb ...\n",
			err.text);
		option_print(rows, 2, stderr);
	}
	for (int i = 0; i < left && ok; i++)
		ok = draw_all(paths[i], count, seed);
	free(paths);
	return ok ? 0 : 1;
}
