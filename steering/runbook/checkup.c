/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/checkup.h"

#include "policy/base/clock.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis_url.h"
#include "steering/runbook/patient.h"
#include "steering/runbook/rights.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

enum {
	SCAN_COUNT = 500,
	KEYS_MAX = 2 * BUS_KEYS_MAX + 64, /* looked at */
	USERS_MAX = 256,
	REPLICAS_MAX = 64,
};

bool checkup_meet(struct checkup *c, const struct redis_place *place,
		  const struct redis_login *login, struct patient *out)
{
	*out = (struct patient){
		.target = { .place = *place,
			    .path = place->host[0] == '\0' ? c->url->path : "",
			    .login = login,
			    .tls = c->tls,
			    .key = "" },
		.found = &c->found,
	};
	c->found.about[0] = '\0';
	if (c->several)
		patient_name(&out->target, c->found.about,
			     sizeof(c->found.about));
	if (!patient_meet(out))
		return false;
	c->answered++;
	return true;
}

char *checkup_info(struct patient *p)
{
	redisReply *reply = patient_ask(p, PATIENT_WORDS("INFO"));
	char *info = NULL;

	if (reply != NULL && reply->type == REDIS_REPLY_STRING)
		info = strdup(reply->str);
	freeReplyObject(reply);
	return info;
}

static void look_at_setting(struct patient *p, const char *name,
			    const char *info)
{
	redisReply *reply =
		patient_ask(p, PATIENT_WORDS("CONFIG", "GET", name));

	if (reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 &&
	    reply->element[1]->type == REDIS_REPLY_STRING)
		diagnosis_take_config(p->found, name, reply->element[1]->str,
				      info);
	freeReplyObject(reply);
}

/* Judged in the middle of the way there and back. */
static void look_at_clock(struct patient *p)
{
	int64_t before_ms = clock_wall_ms(), after_ms, server_ms;
	redisReply *reply = patient_ask(p, PATIENT_WORDS("TIME"));

	after_ms = clock_wall_ms();
	if (reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 &&
	    reply->element[0]->type == REDIS_REPLY_STRING &&
	    reply->element[1]->type == REDIS_REPLY_STRING) {
		server_ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
			    strtoll(reply->element[1]->str, NULL, 10) / 1000;
		diagnosis_take_clock(p->found,
				     server_ms - (before_ms + after_ms) / 2);
	}
	freeReplyObject(reply);
}

/* False: the server cannot say, or is gone. */
static bool try_right(struct patient *p, const char *user,
		      const struct right *right)
{
	const char *argv[RIGHT_ARGS_MAX + 3] = { "ACL", "DRYRUN", user };
	/* A script's text says nothing; its first key does. */
	const char *about = strcmp(right->argv[0], "EVAL") == 0
				    ? right->argv[3]
				    : right->argv[1];
	redisReply *reply;
	bool able = true;

	for (int i = 0; i < right->argc; i++)
		argv[3 + i] = right->argv[i];
	reply = patient_try(p, 3 + right->argc, argv);
	if (reply == NULL)
		return false;
	/* "OK", or a sentence that is no error; Redis 6 knows no DRYRUN. */
	if (reply->type == REDIS_REPLY_ERROR) {
		if (strncmp(reply->str, "ERR", 3) != 0)
			patient_refused(p, "ACL DRYRUN", reply->str);
		able = false;
	} else if (reply->str != NULL && strcmp(reply->str, "OK") != 0) {
		diagnosis_add(p->found, AILMENT_RIGHTS,
			      "user %s may not %s %.100s: %.100s", user,
			      right->argv[0], right->argc > 1 ? about : "",
			      reply->str);
	}
	freeReplyObject(reply);
	return able;
}

static void look_at_rights(const struct checkup *c, struct patient *p)
{
	redisReply *users = patient_ask(p, PATIENT_WORDS("ACL", "USERS"));
	struct right right;

	if (users == NULL || users->type != REDIS_REPLY_ARRAY) {
		freeReplyObject(users);
		return;
	}
	for (size_t i = 0; i < users->elements && i < USERS_MAX; i++) {
		const char *user = users->element[i]->str;

		for (size_t n = 0;
		     user != NULL && right_of(user, c->url->env, n, &right);
		     n++)
			if (!try_right(p, user, &right)) {
				freeReplyObject(users);
				return;
			}
	}
	freeReplyObject(users);
}

/* "yes" for the append-only file needs no save points beside it. */
void checkup_settings(struct checkup *c, struct patient *p, const char *info)
{
	char appends[8] = "";

	diagnosis_info_field(info, "aof_enabled", appends, sizeof(appends));
	if (strcmp(appends, "1") != 0)
		look_at_setting(p, "save", info);
	look_at_setting(p, "client-output-buffer-limit", info);
	look_at_setting(p, "min-replicas-to-write", info);
	look_at_clock(p);
	/* Redis does not carry users to replicas: each has its own. */
	look_at_rights(c, p);
}

static void look_at_string(struct checkup *c, struct patient *p,
			   const char *key, const char *name)
{
	char most[24];
	redisReply *reply;

	/* One more than fits shows that it does not fit. */
	snprintf(most, sizeof(most), "%d", BUS_VALUE_MAX);
	reply = patient_ask(p, PATIENT_WORDS("GETRANGE", key, "0", most));
	/* It may have expired meanwhile. */
	if (reply != NULL && reply->type == REDIS_REPLY_STRING &&
	    reply->len > 0)
		content_take_value(&c->found, &c->trust,
				   &(struct content_key){ name, reply->str,
							  (size_t)reply->len });
	freeReplyObject(reply);
}

static void look_at_set(struct patient *p, const char *key, const char *name)
{
	redisReply *reply = patient_ask(p, PATIENT_WORDS("SCARD", key));

	if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
		content_take_set(p->found, name, reply->integer);
	freeReplyObject(reply);
}

/* name is the key without its prefix. */
static void look_at_key(struct checkup *c, struct patient *p, const char *key,
			const char *name)
{
	const char *due = content_type_of(name);
	redisReply *type =
		due == NULL ? NULL : patient_ask(p, PATIENT_WORDS("TYPE", key));

	if (type == NULL || type->str == NULL) {
		freeReplyObject(type);
		return;
	}
	c->keys++;
	if (strcmp(type->str, due) == 0) {
		if (strcmp(due, "string") == 0)
			look_at_string(c, p, key, name);
		else if (strcmp(due, "set") == 0)
			look_at_set(p, key, name);
	} else if (strcmp(type->str, "none") != 0) {
		diagnosis_add(&c->found, AILMENT_WRONG_TYPE,
			      "%s is a %s; it should be a %s", key, type->str,
			      due);
	}
	freeReplyObject(type);
}

/* One reply to SCAN: the next cursor, and keys.  False: it was the last. */
static bool look_at_some(struct checkup *c, struct patient *p, char *cursor,
			 size_t size)
{
	char prefix[60], pattern[80], count[16];
	size_t len = (size_t)snprintf(prefix, sizeof(prefix),
				      "windrose:{%s}:", c->url->env);
	redisReply *reply;
	bool more = false;

	snprintf(pattern, sizeof(pattern), "%s*", prefix);
	snprintf(count, sizeof(count), "%d", SCAN_COUNT);
	reply = patient_ask(p, PATIENT_WORDS("SCAN", cursor, "MATCH", pattern,
					     "COUNT", count));
	if (reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 &&
	    reply->element[0]->type == REDIS_REPLY_STRING &&
	    reply->element[1]->type == REDIS_REPLY_ARRAY) {
		const redisReply *keys = reply->element[1];

		snprintf(cursor, size, "%s", reply->element[0]->str);
		for (size_t i = 0; i < keys->elements; i++)
			if (keys->element[i]->type == REDIS_REPLY_STRING &&
			    strncmp(keys->element[i]->str, prefix, len) == 0)
				look_at_key(c, p, keys->element[i]->str,
					    keys->element[i]->str + len);
		more = strcmp(cursor, "0") != 0;
	}
	freeReplyObject(reply);
	return more;
}

static void look_at_keys(struct checkup *c, struct patient *p)
{
	char cursor[32] = "0";

	while (look_at_some(c, p, cursor, sizeof(cursor)) && c->keys < KEYS_MAX)
		;
	if (c->keys >= KEYS_MAX)
		diagnosis_add(&c->found, AILMENT_SIZE,
			      "there are more than %d keys; the rest was not "
			      "looked at",
			      KEYS_MAX);
}

void checkup_replica(struct checkup *c, const struct redis_place *place,
		     const char *master)
{
	struct patient p;
	char *info = NULL;

	if (checkup_meet(c, place, &c->url->login, &p))
		info = checkup_info(&p);
	if (info != NULL) {
		diagnosis_take_replica(&c->found, info, master);
		checkup_settings(c, &p, info);
	}
	free(info);
	patient_close(&p);
}

static void look_at_replicas(struct checkup *c, const char *info)
{
	struct redis_place place = { .port = 0 };

	for (unsigned n = 0; n < REPLICAS_MAX; n++)
		if (diagnosis_info_replica(info, n, place.host,
					   sizeof(place.host), &place.port))
			checkup_replica(c, &place, "");
}

void checkup_master(struct checkup *c, struct patient *p, const char *info)
{
	diagnosis_take_info(&c->found, info);
	diagnosis_info_field(info, "redis_version", c->version,
			     sizeof(c->version));
	memcpy(c->holder, c->found.about, sizeof(c->holder));
	checkup_settings(c, p, info);
	look_at_keys(c, p);
	if (c->several)
		look_at_replicas(c, info);
}
