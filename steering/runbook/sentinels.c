/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/sentinels.h"

#include "policy/bus/redis_url.h"
#include "steering/runbook/checkup.h"
#include "steering/runbook/patient.h"
#include "steering/runbook/sentinel_view.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

/* False: it knows no master of this name, which is told. */
static bool ask_master(struct checkup *c, struct patient *p,
		       struct sentinel_view *out)
{
	const char *argv[] = { "SENTINEL", "MASTER", c->url->master };
	redisReply *reply = patient_try(p, 3, argv);
	bool known = reply != NULL && sentinel_view_read(reply, out);

	if (reply != NULL && reply->type == REDIS_REPLY_ERROR &&
	    strstr(reply->str, "No such master") == NULL)
		patient_refused(p, "SENTINEL", reply->str);
	else if (reply != NULL && !known)
		diagnosis_add(&c->found, AILMENT_SENTINEL,
			      "it knows no master of the name %s",
			      c->url->master);
	freeReplyObject(reply);
	return known;
}

/* Its own word on whether another master could be named now. */
static void ask_quorum(struct checkup *c, struct patient *p)
{
	const char *argv[] = { "SENTINEL", "CKQUORUM", c->url->master };
	redisReply *reply = patient_try(p, 3, argv);

	if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
		diagnosis_add(&c->found, AILMENT_QUORUM, "%.200s", reply->str);
	freeReplyObject(reply);
}

static void ask_replicas(struct checkup *c, struct patient *p)
{
	redisReply *reply = patient_ask(p, PATIENT_WORDS("SENTINEL", "REPLICAS",
							 c->url->master));

	if (reply != NULL)
		sentinel_view_take_replicas(&c->found, reply);
	freeReplyObject(reply);
}

static bool ask_sentinel(struct checkup *c, const struct redis_place *place,
			 struct sentinel_view *out)
{
	struct patient p;
	bool known = checkup_meet(c, place, &c->url->sentinel, &p) &&
		     ask_master(c, &p, out);

	if (known) {
		patient_name(&p.target, out->name, sizeof(out->name));
		sentinel_view_judge(&c->found, out);
		ask_quorum(c, &p);
		ask_replicas(c, &p);
	}
	patient_close(&p);
	return known;
}

static void examine_master(struct checkup *c, const struct redis_place *place)
{
	struct patient p;
	char *info = NULL;

	if (checkup_meet(c, place, &c->url->login, &p))
		info = checkup_info(&p);
	if (info != NULL)
		checkup_master(c, &p, info);
	free(info);
	patient_close(&p);
}

void sentinels_examine(struct checkup *c)
{
	struct sentinel_view views[REDIS_PLACES_MAX];
	const struct sentinel_view *best;
	size_t known = 0;

	for (size_t i = 0; i < c->url->place_count; i++)
		known += ask_sentinel(c, &c->url->places[i], &views[known]);
	c->found.about[0] = '\0';
	best = sentinel_view_compare(&c->found, views, known);
	if (best != NULL)
		examine_master(c, &best->master);
}
