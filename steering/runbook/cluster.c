/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/cluster.h"

#include "steering/runbook/checkup.h"
#include "steering/runbook/cluster_map.h"
#include "steering/runbook/patient.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

bool cluster_is_one(const char *info)
{
	char enabled[8] = "";

	diagnosis_info_field(info, "cluster_enabled", enabled, sizeof(enabled));
	return strcmp(enabled, "1") == 0;
}

/* False when it does not tell. */
static bool ask_slot(const struct checkup *c, struct patient *p, unsigned *slot)
{
	char key[64];
	redisReply *reply;
	bool told;

	snprintf(key, sizeof(key), "windrose:{%s}:plan", c->url->env);
	reply = patient_ask(p, PATIENT_WORDS("CLUSTER", "KEYSLOT", key));
	told = reply != NULL && reply->type == REDIS_REPLY_INTEGER &&
	       reply->integer >= 0 && reply->integer < CLUSTER_SLOTS;
	if (told)
		*slot = (unsigned)reply->integer;
	freeReplyObject(reply);
	return told;
}

/* Where MOVED sends its clients: to names, or to addresses. */
static bool ask_by_name(struct patient *p)
{
	redisReply *reply =
		patient_ask(p,
			    PATIENT_WORDS("CONFIG", "GET",
					  "cluster-preferred-endpoint-type"));
	bool by_name = reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
		       reply->elements == 2 && reply->element[1]->str != NULL &&
		       strcmp(reply->element[1]->str, "hostname") == 0;

	freeReplyObject(reply);
	return by_name;
}

static bool ask_map(struct patient *p, const struct cluster_view *view,
		    struct cluster_map *out)
{
	redisReply *reply = patient_ask(p, PATIENT_WORDS("CLUSTER", "NODES"));
	bool told = reply != NULL && reply->str != NULL &&
		    cluster_map_read(reply->str, view, out);

	freeReplyObject(reply);
	return told;
}

struct maps {
	struct cluster_map first, other;
};

/* Asked for its own view; then as what it is to us. */
static void examine_node(struct checkup *c, const struct cluster_node *node,
			 struct cluster_view view, struct maps *maps)
{
	struct patient p;
	char *info = NULL;

	view.asked = &node->place;
	if (checkup_meet(c, &node->place, &c->url->login, &p))
		info = checkup_info(&p);
	if (info != NULL && ask_map(&p, &view, &maps->other))
		cluster_map_compare(&c->found, &maps->first, &maps->other,
				    view.slot);
	if (info != NULL && node == cluster_map_holder(&maps->first))
		checkup_master(c, &p, info);
	else if (info != NULL && strcmp(node->master, "-") == 0)
		checkup_settings(c, &p, info);
	free(info);
	patient_close(&p);
}

/* The replicas of the one with our slot are looked at as its own. */
static bool is_its_replica(const struct cluster_map *map,
			   const struct cluster_node *node)
{
	const struct cluster_node *holder = cluster_map_holder(map);

	return holder != NULL && strcmp(node->master, holder->id) == 0;
}

void cluster_examine(struct checkup *c, struct patient *p)
{
	struct maps *maps = calloc(1, sizeof(*maps));
	struct cluster_view view = { .asked = &p->target.place };

	if (maps == NULL) {
		diagnosis_add(&c->found, AILMENT_REFUSED, "out of memory");
		return;
	}
	view.by_name = ask_by_name(p);
	if (ask_slot(c, p, &view.slot) && ask_map(p, &view, &maps->first)) {
		cluster_map_judge(&c->found, &maps->first, &view);
		for (size_t i = 0; i < maps->first.count; i++)
			if (!maps->first.nodes[i].failed &&
			    maps->first.nodes[i].place.port != 0 &&
			    !is_its_replica(&maps->first,
					    &maps->first.nodes[i]))
				examine_node(c, &maps->first.nodes[i], view,
					     maps);
	}
	free(maps);
}
