/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_nest -- flat geo databases to one of MaxMind's nested schema, of both
 * families, which is all that other servers read.
 *
 *   bench_nest [--type NAME] [--v6-bits N] OUTPUT.mmdb INPUT.mmdb ...
 *
 * IPv4 comes from the first input that has it, at ::/96 and, as MaxMind's own
 * files have it, at ::ffff:0:0/96; IPv6 from the first that has that.  Nothing
 * of IPv6 is told apart beyond --v6-bits, so that the file is as large as a
 * commercial one.
 *
 * Whole trees are copied, not networks inserted one by one: millions take a
 * second or two.
 *
 * Source: MaxMind DB File Format Specification 2.0.
 */
#include "policy/base/error.h"
#include "policy/base/option.h"
#include "tests/bench/nest_record.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxminddb.h>

enum {
	V4_AT = 96,      /* bits of IPv6 above an IPv4 address */
	MAPPED_AT = 80,  /* bits of 0 before the 16 of 1: RFC 4291, 2.5.5.2 */
	NODE_OCTETS = 7, /* two records of 28 bits */
	SEPARATOR_OCTETS = 16, /* between tree and data */
};

/* What a side of a node leads to while the tree is made. */
#define NOTHING UINT32_MAX
#define DATA UINT32_C(0x80000000) /* the rest: where in the data */

/* Where a flat record's nested one is; open addressing by flat offset. */
struct known {
	uint32_t flat, nested; /* flat + 1; 0: free */
};

/* One family of one input. */
struct source {
	MMDB_s db;
	bool open;
	unsigned limit_bits; /* nothing is told apart beyond */
	struct known *known;
	size_t known_count, known_room; /* the latter a power of two */
};

struct nest {
	uint32_t (*nodes)[2];
	size_t node_count, node_room;
	struct octets data;
	struct source v4, v6;
	uint32_t v4_root; /* NOTHING before it was copied */
};

/* What a side of a flat node leads to. */
struct side {
	unsigned type; /* MMDB_RECORD_TYPE_ */
	uint32_t node;
	MMDB_entry_s entry;
};

static struct known *known_at(const struct source *s, uint32_t flat)
{
	size_t at = flat * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	while (s->known[at & (s->known_room - 1)].flat != 0 &&
	       s->known[at & (s->known_room - 1)].flat != flat)
		at++;
	return &s->known[at & (s->known_room - 1)];
}

static void grow_known(struct source *s)
{
	struct source before = *s;

	s->known_room = before.known_room == 0 ? 1 << 16 : s->known_room * 2;
	s->known = nest_must(calloc(s->known_room, sizeof(*s->known)));
	for (size_t i = 0; i < before.known_room; i++)
		if (before.known[i].flat != 0)
			*known_at(s, before.known[i].flat) = before.known[i];
	free(before.known);
}

/* Where the nested record is; made when it is the first of its kind. */
static uint32_t nested_of(struct nest *n, struct source *s, MMDB_entry_s entry)
{
	struct known *k;

	if (s->known_count * 2 >= s->known_room)
		grow_known(s);
	k = known_at(s, entry.offset + 1);
	if (k->flat == 0) {
		*k = (struct known){ entry.offset + 1,
				     (uint32_t)n->data.count };
		nest_put_record(&n->data, &entry);
		s->known_count++;
	}
	return DATA | k->nested;
}

static uint32_t new_node(struct nest *n)
{
	if (n->node_count == n->node_room) {
		n->node_room = n->node_room == 0 ? 1 << 20 : n->node_room * 2;
		n->nodes = nest_must(
			realloc(n->nodes, n->node_room * sizeof(*n->nodes)));
	}
	return (uint32_t)n->node_count++;
}

/* Both; other ways into IPv4's part of a tree of both lead to nothing. */
static void sides_of(const struct source *s, const struct side *side,
		     struct side out[2])
{
	MMDB_search_node_s node;

	if (side->type != MMDB_RECORD_TYPE_SEARCH_NODE ||
	    MMDB_read_node(&s->db, side->node, &node) != MMDB_SUCCESS) {
		out[0] = out[1] = *side;
		return;
	}
	out[0] = (struct side){ node.left_record_type,
				(uint32_t)node.left_record,
				node.left_record_entry };
	out[1] = (struct side){ node.right_record_type,
				(uint32_t)node.right_record,
				node.right_record_entry };
}

static bool is_way_to_v4(const struct nest *n, const struct source *s,
			 const struct side *side)
{
	return s == &n->v6 && side->type == MMDB_RECORD_TYPE_SEARCH_NODE &&
	       side->node == s->db.ipv4_start_node.node_value && side->node > 0;
}

/* A node whose sides are alike is none: its place is what they are. */
static uint32_t settle(struct nest *n, uint32_t node, const uint32_t to[2])
{
	if (to[0] == to[1] && to[0] >= DATA) {
		n->node_count--; /* they made none, so it is the last */
		return to[0];
	}
	memcpy(n->nodes[node], to, sizeof(n->nodes[node]));
	return node;
}

static uint32_t copy(struct nest *n, struct source *s, struct side side,
		     unsigned bits)
{
	struct side sides[2];
	uint32_t node, to[2];

	if (is_way_to_v4(n, s, &side))
		return NOTHING;
	while (side.type == MMDB_RECORD_TYPE_SEARCH_NODE &&
	       bits >= s->limit_bits) { /* any one stands for all of them */
		sides_of(s, &side, sides);
		side = sides[sides[0].type == MMDB_RECORD_TYPE_EMPTY];
	}
	if (side.type == MMDB_RECORD_TYPE_DATA)
		return nested_of(n, s, side.entry);
	if (side.type != MMDB_RECORD_TYPE_SEARCH_NODE)
		return NOTHING;
	node = new_node(n);
	sides_of(s, &side, sides);
	for (unsigned i = 0; i < 2; i++)
		to[i] = copy(n, s, sides[i], bits + 1);
	return settle(n, node, to);
}

static uint32_t copy_v4(struct nest *n)
{
	const struct side root = {
		.type = MMDB_RECORD_TYPE_SEARCH_NODE,
		.node = n->v4.db.metadata.ip_version == 6
				? (uint32_t)n->v4.db.ipv4_start_node.node_value
				: 0,
	};

	if (n->v4.open && n->v4_root == NOTHING)
		n->v4_root = copy(n, &n->v4, root, 0);
	return n->v4_root;
}

/* Which way to IPv4's part the bits so far are on: RFC 4291, 2.5.5. */
enum way { WAY_ASIDE, WAY_ZEROS, WAY_MAPPED };

static enum way way_on(enum way way, unsigned bits, unsigned bit)
{
	if (way == WAY_ZEROS && bit == 0)
		return WAY_ZEROS;
	return bit == 1 && (way == WAY_MAPPED ||
			    (way == WAY_ZEROS && bits == MAPPED_AT))
		       ? WAY_MAPPED
		       : WAY_ASIDE;
}

/* Goes down both ways, whatever there is of IPv6, and hangs IPv4 there. */
static uint32_t copy_both(struct nest *n, struct side side, unsigned bits,
			  enum way way)
{
	struct side sides[2];
	uint32_t node, to[2];

	if (way == WAY_ASIDE)
		return copy(n, &n->v6, side, bits);
	if (bits == V4_AT)
		return copy_v4(n);
	node = new_node(n);
	sides_of(&n->v6, &side, sides);
	for (unsigned i = 0; i < 2; i++)
		to[i] = copy_both(n, sides[i], bits + 1, way_on(way, bits, i));
	return settle(n, node, to);
}

/* As the tree has it: nodes, "nothing", then what is in the data. */
static uint32_t record_of(const struct nest *n, uint32_t to)
{
	if (to < DATA)
		return to;
	if (to == NOTHING)
		return (uint32_t)n->node_count;
	return (uint32_t)n->node_count + SEPARATOR_OCTETS + (to & ~DATA);
}

static void put_tree(struct octets *o, const struct nest *n)
{
	static const uint8_t separator[SEPARATOR_OCTETS];

	for (size_t i = 0; i < n->node_count; i++) {
		uint32_t left = record_of(n, n->nodes[i][0]);
		uint32_t right = record_of(n, n->nodes[i][1]);
		const uint8_t node[NODE_OCTETS] = {
			(uint8_t)(left >> 16),
			(uint8_t)(left >> 8),
			(uint8_t)left,
			(uint8_t)(left >> 24 << 4 | right >> 24),
			(uint8_t)(right >> 16),
			(uint8_t)(right >> 8),
			(uint8_t)right,
		};

		nest_put(o, node, sizeof(node));
	}
	nest_put(o, separator, sizeof(separator));
}

/* Beside the path first, so that nobody ever reads half of it. */
static bool write_to(const char *path, const struct octets *o)
{
	char beside[4096];
	FILE *out;
	bool ok;

	snprintf(beside, sizeof(beside), "%s.new", path);
	out = fopen(beside, "w");
	if (out == NULL)
		return false;
	ok = fwrite(o->at, 1, o->count, out) == o->count;
	return fclose(out) == 0 && ok && rename(beside, path) == 0;
}

static size_t count_networks(const struct nest *n)
{
	size_t count = 0;

	for (size_t i = 0; i < n->node_count; i++)
		for (unsigned j = 0; j < 2; j++)
			count += n->nodes[i][j] >= DATA &&
				 n->nodes[i][j] != NOTHING;
	return count;
}

static bool open_inputs(struct nest *n, const char *const *paths, int count)
{
	for (int i = 0; i < count; i++) {
		MMDB_s db;
		struct source *s;

		if (MMDB_open(paths[i], MMDB_MODE_MMAP, &db) != MMDB_SUCCESS) {
			fprintf(stderr, "bench_nest: %s: no database\n",
				paths[i]);
			return false;
		}
		s = db.metadata.ip_version == 6 ? &n->v6 : &n->v4;
		MMDB_close(&db);
		if (s->open ||
		    MMDB_open(paths[i], MMDB_MODE_MMAP, &s->db) != MMDB_SUCCESS)
			return false;
		s->open = true;
	}
	if (n->v6.open && !n->v4.open) /* one file of both */
		n->v4.open = MMDB_open(n->v6.db.filename, MMDB_MODE_MMAP,
				       &n->v4.db) == MMDB_SUCCESS;
	return n->v4.open;
}

static bool make(struct nest *n, const char *path, const char *type)
{
	const struct side root = {
		.type = n->v6.open ? MMDB_RECORD_TYPE_SEARCH_NODE
				   : MMDB_RECORD_TYPE_EMPTY,
	};
	struct octets file = { 0 };
	bool ok = false;

	copy_both(n, root, 0, WAY_ZEROS);
	put_tree(&file, n);
	nest_put(&file, n->data.at, n->data.count);
	nest_put_metadata(&file, &(struct nest_metadata){
					 type, (uint32_t)n->node_count,
					 NODE_OCTETS * 4,
					 n->v4.db.metadata.build_epoch });
	if ((n->node_count + SEPARATOR_OCTETS + n->data.count) >> 28 != 0)
		fputs("bench_nest: too large for records of 28 bits\n", stderr);
	else
		ok = write_to(path, &file);
	if (ok)
		printf("%s: %zu networks, %zu nodes, %zu records, %.1f MiB\n",
		       path, count_networks(n), n->node_count,
		       n->v4.known_count + n->v6.known_count,
		       (double)file.count / (1 << 20));
	free(file.at);
	return ok;
}

static void nest_fini(struct nest *n)
{
	struct source *const sources[] = { &n->v4, &n->v6 };

	for (size_t i = 0; i < 2; i++) {
		if (sources[i]->open)
			MMDB_close(&sources[i]->db);
		free(sources[i]->known);
	}
	free(n->nodes);
	free(n->data.at);
}

int main(int argc, char **argv)
{
	const char *type = "Nested-City";
	unsigned v6_bits = 128;
	const struct option_row rows[] = {
		{ "type", OPTION_TEXT, &type, "NAME",
		  "database type (default Nested-City)", 0, 0 },
		{ "v6-bits", OPTION_NUMBER, &v6_bits, "N",
		  "nothing of IPv6 is told apart beyond (default 128)", 1,
		  128 },
	};
	const char **paths = nest_must(calloc((size_t)argc, sizeof(*paths)));
	struct nest n = { .v4_root = NOTHING };
	struct error err = { .text = "no OUTPUT or no INPUT" };
	int count = option_parse(rows, 2, argc, argv, paths, &err);
	bool ok = false;

	n.v4.limit_bits = 128;
	n.v6.limit_bits = v6_bits;
	if (count < 2) {
		fprintf(stderr, "bench_nest: %s\n", err.text);
		option_print(rows, 2, stderr);
	} else if (open_inputs(&n, paths + 1, count - 1)) {
		ok = make(&n, paths[0], type);
	}
	nest_fini(&n);
	free(paths);
	return ok ? 0 : 1;
}
