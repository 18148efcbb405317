/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/cluster_map.h"

#include "steering/runbook/diagnosis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8 }; /* ahead of the slots */

/* What stands behind a line's first eight words. */
struct line {
	char words[WORDS_MAX][320]; /* cut */
	const char *slots;
};

/* "ID HOST:PORT@BUS,NAME FLAGS MASTER PING PONG EPOCH LINK [SLOTS...]" */
static bool read_line(const char *at, struct line *out)
{
	for (size_t i = 0; i < WORDS_MAX; i++) {
		size_t len = strcspn(at, " \n");

		if (len == 0)
			return false;
		snprintf(out->words[i], sizeof(out->words[i]), "%.*s", (int)len,
			 at);
		at += len + (at[len] == ' ');
	}
	out->slots = at;
	return true;
}

/* Whole words between commas: "master" is not in "nomaster,x". */
static bool has_flag(const char *flags, const char *flag)
{
	size_t len = strlen(flag);

	for (const char *at = flags; (at = strstr(at, flag)) != NULL; at += len)
		if ((at == flags || at[-1] == ',') &&
		    (at[len] == '\0' || at[len] == ','))
			return true;
	return false;
}

static void read_place(const char *text, const struct cluster_view *view,
		       struct redis_place *out)
{
	const char *bus = text + strcspn(text, "@");
	const char *name = strchr(bus, ',');
	const char *colon = bus;
	size_t named = name == NULL ? 0 : strcspn(++name, ",");

	while (colon > text && *colon != ':')
		colon--;
	*out = *view->asked;
	out->port = (uint16_t)strtoul(*colon == ':' ? colon + 1 : "", NULL, 10);
	if (view->by_name && named > 0)
		snprintf(out->host, sizeof(out->host), "%.*s", (int)named,
			 name);
	else if (colon > text)
		snprintf(out->host, sizeof(out->host), "%.*s",
			 (int)(colon - text), text);
}

/* "17", "0-5460", "[93->-ID]" or "[77-<-ID]" */
static void read_slots(const char *at, const struct cluster_view *view,
		       struct cluster_node *node, struct cluster_map *map)
{
	for (; *at != '\0' && *at != '\n'; at += *at == ' ') {
		bool moves = *at == '[';
		char *end;
		unsigned long first = strtoul(at + moves, &end, 10),
			      last = *end == '-' && !moves
					     ? strtoul(end + 1, NULL, 10)
					     : first;

		map->moving |= moves && first == view->slot;
		for (unsigned long n = first;
		     !moves && n <= last && n < CLUSTER_SLOTS; n++)
			map->served[n] |= !node->failed;
		node->holds |=
			!moves && first <= view->slot && view->slot <= last;
		at += strcspn(at, " \n");
	}
}

bool cluster_map_read(const char *text, const struct cluster_view *view,
		      struct cluster_map *out)
{
	struct line line;

	memset(out, 0, sizeof(*out));
	for (const char *at = text; *at != '\0'; at += *at == '\n') {
		struct cluster_node *node = &out->nodes[out->count];

		if (out->count == CLUSTER_NODES_MAX || !read_line(at, &line))
			break;
		at += strcspn(at, "\n");
		/* Not one of them yet, or no more. */
		if (has_flag(line.words[2], "handshake"))
			continue;
		snprintf(node->id, sizeof(node->id), "%.40s", line.words[0]);
		snprintf(node->master, sizeof(node->master), "%.40s",
			 line.words[3]);
		read_place(line.words[1], view, &node->place);
		node->failed = has_flag(line.words[2], "fail");
		node->suspected = has_flag(line.words[2], "fail?");
		node->lost = strcmp(line.words[7], "connected") != 0;
		read_slots(line.slots, view, node, out);
		out->count++;
	}
	return out->count > 0;
}

const struct cluster_node *cluster_map_holder(const struct cluster_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->nodes[i].holds && !map->nodes[i].failed)
			return &map->nodes[i];
	return NULL;
}

static void judge_nodes(struct diagnosis *d, const struct cluster_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct cluster_node *node = &map->nodes[i];
		const char *what = node->failed      ? "has failed"
				   : node->suspected ? "may have failed"
				   : node->lost      ? "is out of its reach"
						     : NULL;

		if (what != NULL)
			diagnosis_add(d, AILMENT_CLUSTER,
				      "the node %.20s... at %.100s:%u %s, it "
				      "says",
				      node->id, node->place.host,
				      node->place.port, what);
	}
}

static void judge_slots(struct diagnosis *d, const struct cluster_map *map)
{
	unsigned left = 0, first = 0;

	for (unsigned n = CLUSTER_SLOTS; n-- > 0;)
		if (!map->served[n]) {
			left++;
			first = n;
		}
	if (left > 0)
		diagnosis_add(d, AILMENT_CLUSTER,
			      "%u of %d slots are served by nobody, the first "
			      "is %u",
			      left, CLUSTER_SLOTS, first);
}

void cluster_map_judge(struct diagnosis *d, const struct cluster_map *map,
		       const struct cluster_view *view)
{
	judge_nodes(d, map);
	judge_slots(d, map);
	if (cluster_map_holder(map) == NULL)
		diagnosis_add(d, AILMENT_CLUSTER,
			      "slot %u, in which all keys of the bus are, is "
			      "served by nobody",
			      view->slot);
	if (map->moving)
		diagnosis_add(d, AILMENT_CLUSTER,
			      "slot %u, in which all keys of the bus are, is "
			      "being moved",
			      view->slot);
}

void cluster_map_compare(struct diagnosis *d, const struct cluster_map *first,
			 const struct cluster_map *other, unsigned slot)
{
	const struct cluster_node *a = cluster_map_holder(first);
	const struct cluster_node *b = cluster_map_holder(other);

	if (a != NULL && (b == NULL || strcmp(a->id, b->id) != 0))
		diagnosis_add(d, AILMENT_DISAGREEMENT,
			      "it names %.100s:%u as who serves slot %u, "
			      "another node %.100s:%u",
			      b == NULL ? "nobody" : b->place.host,
			      b == NULL ? 0 : b->place.port, slot,
			      a->place.host, a->place.port);
}
