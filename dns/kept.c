/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/kept.h"

#include "dns/lastgood.h"
#include "dns/verdicts.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/report.h"
#include "policy/decide/view.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define PLAN "plan"
#define REPORT "report:"
#define HEARD "heard:"
#define LOCAL "local"
#define VERDICTS "verdicts"

enum { NAME_SIZE = sizeof(REPORT) + REPORT_NAME_SIZE };

const char *const kept_passing[] = { REPORT, HEARD, VERDICTS, NULL };

void kept_plan(struct lastgood *lastgood, const void *octets, size_t len)
{
	lastgood_set(lastgood, PLAN, octets, len);
}

void kept_report(struct lastgood *lastgood, const char *vantage,
		 const void *octets, size_t len)
{
	char name[NAME_SIZE], heard[24];

	snprintf(name, sizeof(name), REPORT "%s", vantage);
	lastgood_set(lastgood, name, octets, len);
	snprintf(name, sizeof(name), HEARD "%s", vantage);
	snprintf(heard, sizeof(heard), "%" PRId64, clock_wall_ms());
	lastgood_set(lastgood, name, heard, strlen(heard));
}

/* Takes json. */
static void keep_json(struct lastgood *lastgood, const char *name, json_t *json)
{
	char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

	if (text != NULL)
		lastgood_set(lastgood, name, text, strlen(text));
	free(text);
	json_decref(json);
}

void kept_local(struct lastgood *lastgood, const struct local *local)
{
	if (lastgood != NULL)
		keep_json(lastgood, LOCAL, local_write(local));
}

void kept_verdicts(struct lastgood *lastgood, const struct view *before,
		   const struct view *view)
{
	if (lastgood != NULL &&
	    (before == NULL || !verdicts_same(before, view)))
		keep_json(lastgood, VERDICTS, verdicts_write(view));
}

void kept_doubt(struct lastgood *lastgood, const struct world *world)
{
	size_t len;

	if (lastgood != NULL)
		lastgood_doubt(lastgood, world_plan(world) == NULL &&
						 lastgood_get(lastgood, PLAN,
							      &len) != NULL);
}

static json_t *read_json(const struct lastgood *lastgood, const char *name)
{
	size_t len = 0;
	const char *octets = lastgood_get(lastgood, name, &len);

	return octets == NULL ? NULL : json_loadb(octets, len, 0, NULL);
}

/*
 * The newest one that may be followed, of all generations.  When there is none
 * the newest stays on disk: a trusted key may be missing that comes back.
 */
static void read_plan(struct lastgood *lastgood, const struct verifier *trusted,
		      const struct policy *policy, struct world *world)
{
	size_t len = 0;
	const char *octets = lastgood_get(lastgood, PLAN, &len);

	while (octets != NULL && follow_take(&world->follow, trusted, policy,
					     octets, len) != FOLLOW_TAKEN)
		octets = lastgood_older(lastgood, PLAN,
					world->follow.refusal.text, &len);
	world->plan_fits = octets != NULL;
	if (octets != NULL)
		lastgood_set(lastgood, PLAN, octets, len);
}

struct reading {
	struct lastgood *lastgood;
	const struct policy *policy;
	struct world *world;
	struct world_time at;
};

/* How long ago it was heard: 0 when that is not known, or in the future. */
static int64_t age_of(const struct reading *r, const char *vantage)
{
	char name[NAME_SIZE];
	const char *text;
	int64_t age_ms;
	size_t len;

	snprintf(name, sizeof(name), HEARD "%s", vantage);
	text = lastgood_get(r->lastgood, name, &len);
	if (text == NULL)
		return 0;
	age_ms = r->at.wall_ms - strtoll(text, NULL, 10);
	return age_ms > 0 && age_ms <= r->at.wall_ms ? age_ms : 0;
}

static void read_report(void *arg, const char *name, const char *octets,
			size_t len)
{
	const struct reading *r = arg;
	struct error err = { .text = "" };
	struct report *report;
	char quoted[300];

	if (strncmp(name, REPORT, strlen(REPORT)) != 0)
		return;
	name += strlen(REPORT);
	report = report_parse(octets, len, &err);
	if (report != NULL && strcmp(report->vantage, name) == 0) {
		(void)heard_take(&r->world->heard, r->policy, report,
				 r->at.now_ms - age_of(r, name), r->at.wall_ms);
		return;
	}
	report_free(report);
	log_event(LOG_LEVEL_WARN, "dns", "kept-report-refused", "error=%s",
		  log_quote(report == NULL ? err.text : "of another vantage",
			    quoted, sizeof(quoted)));
}

static void read_local(const struct reading *r)
{
	json_t *json = read_json(r->lastgood, LOCAL);

	if (json == NULL)
		return;
	local_parse(json, &r->world->local);
	json_decref(json);
	(void)local_adopt(&r->world->local, r->policy, r->at.wall_ms);
}

/* The view before the first: it knows of each endpoint what was held. */
static void read_verdicts(const struct reading *r)
{
	json_t *json = read_json(r->lastgood, VERDICTS);

	if (json == NULL)
		return;
	r->world->view = world_look(r->world, r->policy, r->at);
	if (r->world->view != NULL)
		verdicts_hold(json, r->world->view);
	json_decref(json);
}

void kept_read(struct lastgood *lastgood, const struct verifier *trusted,
	       const struct policy *policy, struct world_time at,
	       struct world *world)
{
	struct reading reading = { lastgood, policy, world, at };

	read_plan(lastgood, trusted, policy, world);
	lastgood_each(lastgood, read_report, &reading);
	read_local(&reading);
	read_verdicts(&reading);
}
