/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/doctor.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/option.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis_error.h"
#include "policy/bus/redis_url.h"
#include "policy/bus/sign.h"
#include "policy/bus/witness.h"
#include "steering/runbook/change.h"
#include "steering/runbook/diagnosis.h"
#include "steering/runbook/rights.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <jansson.h>

enum {
	PATIENCE_S = 3,
	SCAN_COUNT = 500,
	KEYS_MAX = 2 * BUS_KEYS_MAX + 64, /* looked at */
	USERS_MAX = 256,
};

struct options {
	const char *bus;
	struct option_list trust, vantages;
	bool json, help;
};

struct doctor {
	struct redis_url url;
	redisContext *server; /* NULL: it is gone */
	struct verifier *plan_keys;
	struct witnesses *vantage_keys;
	struct diagnosis found;
	char prefix[60];  /* "windrose:{ENV}:" */
	char version[32]; /* of the server */
	size_t keys;      /* looked at */
};

static bool read_options(struct options *o, int argc, char **argv,
			 struct error *err)
{
	const struct option_row rows[] = {
		{ "bus", OPTION_TEXT, &o->bus, "URL",
		  "redis://... of the bus (WINDROSE_BUS)", 0, 0 },
		{ "trust", OPTION_LIST, &o->trust, "FILE",
		  "public key (PEM) whose plans are right; may be repeated", 0,
		  0 },
		{ "trust-vantage", OPTION_LIST, &o->vantages, "VANTAGE=FILE",
		  "public key (PEM) whose reports are right; may be repeated",
		  0, 0 },
		{ "json", OPTION_FLAG, &o->json, NULL, "answer in JSON", 0, 0 },
		{ "help", OPTION_FLAG, &o->help, NULL, "this text", 0, 0 },
	};
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	int left = -1;

	error_set(err, "out of memory");
	if (operands != NULL)
		left = option_parse(rows, sizeof(rows) / sizeof(rows[0]), argc,
				    argv, operands, err);
	if (left >= 0 && o->help) {
		printf("usage: windrose bus doctor [options]\n\n");
		option_print(rows, sizeof(rows) / sizeof(rows[0]), stdout);
	} else if (left >= 0 &&
		   (left != 1 || strcmp(operands[0], "doctor") != 0)) {
		error_set(err, "the word after bus must be doctor");
		left = -1;
	}
	free(operands);
	return left >= 0;
}

/* The server is gone: nothing more can be asked. */
static void lose(struct doctor *d, const char *why)
{
	diagnosis_add(&d->found, AILMENT_UNREACHABLE, "%s", why);
	redisFree(d->server);
	d->server = NULL;
}

static void take_refusal(struct doctor *d, const char *asked, const char *text)
{
	const struct redis_error *e = redis_error_of(text);
	enum ailment ailment = AILMENT_REFUSED;

	if (strcmp(e->code, "NOPERM") == 0)
		ailment = AILMENT_NOT_LOOKED;
	else if (strcmp(e->code, "WRONGPASS") == 0 ||
		 strcmp(e->code, "NOAUTH") == 0)
		ailment = AILMENT_PASSWORD;
	diagnosis_add(&d->found, ailment, "%s: %s (%.120s)", asked, e->words,
		      text);
}

/* Errors are replies, too.  NULL: the server is gone, which is told. */
static redisReply *ask_words(struct doctor *d, int argc, const char **argv)
{
	redisReply *reply;

	if (d->server == NULL)
		return NULL;
	reply = redisCommandArgv(d->server, argc, argv, NULL);
	if (reply != NULL)
		return reply;
	if (d->server->err == REDIS_ERR_IO && errno == EAGAIN)
		lose(d, "the server is there and does not answer");
	else
		lose(d, d->server->errstr);
	return NULL;
}

#define WORDS(...) ((const char *[]){ __VA_ARGS__, NULL })

/* Words up to NULL.  NULL when it was refused, which is told. */
static redisReply *ask(struct doctor *d, const char **words)
{
	redisReply *reply;
	int count = 0;

	while (words[count] != NULL)
		count++;
	reply = ask_words(d, count, words);
	if (reply == NULL || reply->type != REDIS_REPLY_ERROR)
		return reply;
	take_refusal(d, words[0], reply->str);
	freeReplyObject(reply);
	return NULL;
}

static bool connect_to(struct doctor *d)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	const struct redis_url *url = &d->url;
	const struct redis_place *place = &url->places[0];

	d->server = place->host[0] == '\0'
			    ? redisConnectUnixWithTimeout(url->path, patience)
			    : redisConnectWithTimeout(place->host, place->port,
						      patience);
	if (d->server == NULL) {
		diagnosis_add(&d->found, AILMENT_UNREACHABLE, "out of memory");
		return false;
	}
	if (d->server->err != 0) {
		lose(d, d->server->errstr);
		return false;
	}
	return redisSetTimeout(d->server, patience) == REDIS_OK;
}

/* Whoever may not even say PING is asked nothing more. */
static bool greet(struct doctor *d)
{
	const struct redis_login *login = &d->url.login;
	redisReply *reply;

	if (login->has_password) {
		reply = login->user[0] == '\0'
				? ask(d, WORDS("AUTH", login->password))
				: ask(d, WORDS("AUTH", login->user,
					       login->password));
		if (reply == NULL)
			return false;
		freeReplyObject(reply);
	}
	reply = ask(d, WORDS("PING"));
	if (reply != NULL)
		freeReplyObject(reply);
	return reply != NULL;
}

/* "yes" for the append-only file needs no save points beside it. */
static void look_at_config(struct doctor *d, const char *name)
{
	redisReply *reply = ask(d, WORDS("CONFIG", "GET", name));

	if (reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 &&
	    reply->element[1]->type == REDIS_REPLY_STRING)
		diagnosis_take_config(&d->found, name, reply->element[1]->str);
	freeReplyObject(reply);
}

static void look_at_server(struct doctor *d)
{
	redisReply *reply = ask(d, WORDS("INFO"));
	char appends[8] = "";

	if (reply != NULL && reply->type == REDIS_REPLY_STRING) {
		diagnosis_take_info(&d->found, reply->str);
		diagnosis_info_field(reply->str, "aof_enabled", appends,
				     sizeof(appends));
		diagnosis_info_field(reply->str, "redis_version", d->version,
				     sizeof(d->version));
	}
	freeReplyObject(reply);
	if (strcmp(appends, "1") != 0)
		look_at_config(d, "save");
	look_at_config(d, "client-output-buffer-limit");
}

/* Judged in the middle of the way there and back. */
static void look_at_clock(struct doctor *d)
{
	int64_t before_ms = clock_wall_ms(), after_ms, server_ms;
	redisReply *reply = ask(d, WORDS("TIME"));

	after_ms = clock_wall_ms();
	if (reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 &&
	    reply->element[0]->type == REDIS_REPLY_STRING &&
	    reply->element[1]->type == REDIS_REPLY_STRING) {
		server_ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
			    strtoll(reply->element[1]->str, NULL, 10) / 1000;
		diagnosis_take_clock(&d->found,
				     server_ms - (before_ms + after_ms) / 2);
	}
	freeReplyObject(reply);
}

/* False: the server cannot say, or is gone. */
static bool try_right(struct doctor *d, const char *user,
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
	reply = ask_words(d, 3 + right->argc, argv);
	if (reply == NULL)
		return false;
	/* "OK", or a sentence that is no error; Redis 6 knows no DRYRUN. */
	if (reply->type == REDIS_REPLY_ERROR) {
		if (strncmp(reply->str, "ERR", 3) != 0)
			take_refusal(d, "ACL DRYRUN", reply->str);
		able = false;
	} else if (reply->str != NULL && strcmp(reply->str, "OK") != 0) {
		diagnosis_add(&d->found, AILMENT_RIGHTS,
			      "user %s may not %s %.100s: %.100s", user,
			      right->argv[0], right->argc > 1 ? about : "",
			      reply->str);
	}
	freeReplyObject(reply);
	return able;
}

static void look_at_rights(struct doctor *d)
{
	redisReply *users = ask(d, WORDS("ACL", "USERS"));
	struct right right;

	if (users == NULL || users->type != REDIS_REPLY_ARRAY) {
		freeReplyObject(users);
		return;
	}
	for (size_t i = 0; i < users->elements && i < USERS_MAX; i++) {
		const char *user = users->element[i]->str;

		for (size_t n = 0;
		     user != NULL && right_of(user, d->url.env, n, &right); n++)
			if (!try_right(d, user, &right)) {
				freeReplyObject(users);
				return;
			}
	}
	freeReplyObject(users);
}

static void look_at_string(struct doctor *d, const char *key, const char *name)
{
	char most[24];
	redisReply *reply;

	/* One more than fits shows that it does not fit. */
	snprintf(most, sizeof(most), "%d", BUS_VALUE_MAX);
	reply = ask(d, WORDS("GETRANGE", key, "0", most));
	/* It may have expired meanwhile. */
	if (reply != NULL && reply->type == REDIS_REPLY_STRING &&
	    reply->len > 0)
		diagnosis_take_value(&d->found,
				     &(struct diagnosis_trust){
					     d->plan_keys, d->vantage_keys },
				     &(struct diagnosis_key){
					     name, reply->str,
					     (size_t)reply->len });
	freeReplyObject(reply);
}

static void look_at_set(struct doctor *d, const char *key, const char *name)
{
	redisReply *reply = ask(d, WORDS("SCARD", key));

	if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
		diagnosis_take_set(&d->found, name, reply->integer);
	freeReplyObject(reply);
}

static void look_at_key(struct doctor *d, const char *key)
{
	const char *name = key + strlen(d->prefix);
	const char *due = diagnosis_type_of(name);
	redisReply *type = due == NULL ? NULL : ask(d, WORDS("TYPE", key));

	if (type == NULL || type->str == NULL) {
		freeReplyObject(type);
		return;
	}
	d->keys++;
	if (strcmp(type->str, due) == 0) {
		if (strcmp(due, "string") == 0)
			look_at_string(d, key, name);
		else if (strcmp(due, "set") == 0)
			look_at_set(d, key, name);
	} else if (strcmp(type->str, "none") != 0) {
		diagnosis_add(&d->found, AILMENT_WRONG_TYPE,
			      "%s is a %s; it should be a %s", key, type->str,
			      due);
	}
	freeReplyObject(type);
}

/* One reply to SCAN: the next cursor, and keys.  False: it was the last. */
static bool look_at_some(struct doctor *d, char *cursor, size_t size)
{
	char pattern[80], count[16];
	redisReply *reply;
	bool more = false;

	snprintf(pattern, sizeof(pattern), "%s*", d->prefix);
	snprintf(count, sizeof(count), "%d", SCAN_COUNT);
	reply = ask(d, WORDS("SCAN", cursor, "MATCH", pattern, "COUNT", count));
	if (reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
	    reply->elements == 2 &&
	    reply->element[0]->type == REDIS_REPLY_STRING &&
	    reply->element[1]->type == REDIS_REPLY_ARRAY) {
		const redisReply *keys = reply->element[1];

		snprintf(cursor, size, "%s", reply->element[0]->str);
		for (size_t i = 0; i < keys->elements; i++)
			if (keys->element[i]->type == REDIS_REPLY_STRING &&
			    strncmp(keys->element[i]->str, d->prefix,
				    strlen(d->prefix)) == 0)
				look_at_key(d, keys->element[i]->str);
		more = strcmp(cursor, "0") != 0;
	}
	freeReplyObject(reply);
	return more;
}

static void look_at_keys(struct doctor *d)
{
	char cursor[32] = "0";

	while (look_at_some(d, cursor, sizeof(cursor)) && d->keys < KEYS_MAX)
		;
	if (d->keys >= KEYS_MAX)
		diagnosis_add(&d->found, AILMENT_SIZE,
			      "there are more than %d keys; the rest was not "
			      "looked at",
			      KEYS_MAX);
}

static void examine(struct doctor *d)
{
	if (!connect_to(d) || !greet(d))
		return;
	look_at_server(d);
	look_at_clock(d);
	look_at_rights(d);
	look_at_keys(d);
}

static void print_text(const struct doctor *d)
{
	for (size_t i = 0; i < d->found.count; i++)
		printf("%s: %s\n    do: %s\n",
		       ailment_name(d->found.findings[i].ailment),
		       d->found.findings[i].text,
		       ailment_remedy(d->found.findings[i].ailment));
	if (d->found.more > 0)
		printf("and %zu more\n", d->found.more);
	if (d->found.count == 0)
		printf("nothing is wrong: Redis %s, %zu keys looked at\n",
		       d->version, d->keys);
}

static bool print_json(const struct doctor *d)
{
	json_t *list = json_array();
	json_t *all;

	for (size_t i = 0; i < d->found.count; i++) {
		enum ailment ailment = d->found.findings[i].ailment;

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s}", "what",
						ailment_name(ailment), "text",
						d->found.findings[i].text, "do",
						ailment_remedy(ailment)));
	}
	all = json_pack("{s:b, s:s, s:I, s:I, s:o}", "ok", d->found.count == 0,
			"version", d->version, "keys", (json_int_t)d->keys,
			"more", (json_int_t)d->found.more, "findings", list);
	if (all == NULL)
		return false;
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
	return true;
}

static int status_of(const struct diagnosis *found)
{
	if (found->count == 0)
		return EXIT_DONE;
	for (size_t i = 0; i < found->count; i++)
		if (found->findings[i].ailment == AILMENT_UNREACHABLE)
			return EXIT_UNREACHABLE;
	return EXIT_FAILED;
}

static int tell(const struct doctor *d, bool json)
{
	if (!json)
		print_text(d);
	else if (!print_json(d))
		return EXIT_FAILED;
	return status_of(&d->found);
}

static bool prepare(struct doctor *d, const struct options *o,
		    struct error *err)
{
	const char *bus = o->bus == NULL ? getenv("WINDROSE_BUS") : o->bus;

	if (bus == NULL) {
		error_set(err, "which bus?  use --bus URL (or WINDROSE_BUS)");
		return false;
	}
	if (!redis_url_parse(bus, &d->url, err))
		return false;
	if (d->url.tls || d->url.master[0] != '\0' || d->url.place_count > 1) {
		error_set(err, "the doctor looks at one server, without TLS: "
			       "name it, redis://HOST:PORT");
		return false;
	}
	snprintf(d->prefix, sizeof(d->prefix), "windrose:{%s}:", d->url.env);
	d->vantage_keys = witnesses_open(WITNESS_VANTAGES, o->vantages.items,
					 o->vantages.count, err);
	if (d->vantage_keys == NULL || o->trust.count == 0)
		return d->vantage_keys != NULL;
	d->plan_keys = verifier_open(o->trust.items, o->trust.count, err);
	return d->plan_keys != NULL;
}

int doctor_run(int argc, char **argv)
{
	struct options options = { 0 };
	struct doctor doctor = { 0 };
	int status = EXIT_USAGE;
	struct error err;

	if (!read_options(&options, argc, argv, &err) ||
	    (!options.help && !prepare(&doctor, &options, &err))) {
		fprintf(stderr, "windrose bus: %s\n", err.text);
		witnesses_free(doctor.vantage_keys);
		return EXIT_USAGE;
	}
	if (options.help)
		return EXIT_DONE;
	examine(&doctor);
	status = tell(&doctor, options.json);
	if (doctor.server != NULL)
		redisFree(doctor.server);
	verifier_free(doctor.plan_keys);
	witnesses_free(doctor.vantage_keys);
	return status;
}
