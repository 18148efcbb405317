/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/patient.h"

#include "policy/bus/redis_dialog.h"
#include "policy/bus/redis_error.h"
#include "steering/runbook/diagnosis.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <hiredis/hiredis.h>

enum { PATIENCE_MS = 3000 };

const char *patient_name(const struct redis_target *target, char *buf,
			 size_t size)
{
	const struct redis_place *place = &target->place;

	if (target->path[0] != '\0')
		snprintf(buf, size, "%s", target->path);
	else if (strchr(place->host, ':') != NULL)
		snprintf(buf, size, "[%s]:%u", place->host, place->port);
	else
		snprintf(buf, size, "%s:%u", place->host, place->port);
	return buf;
}

void patient_refused(struct patient *p, const char *asked, const char *text)
{
	const struct redis_error *e = redis_error_of(text);
	enum ailment ailment = AILMENT_REFUSED;

	if (strcmp(e->code, "NOPERM") == 0)
		ailment = AILMENT_NOT_LOOKED;
	else if (strcmp(e->code, "WRONGPASS") == 0 ||
		 strcmp(e->code, "NOAUTH") == 0 || strcmp(asked, "AUTH") == 0)
		ailment = AILMENT_PASSWORD;
	diagnosis_add(p->found, ailment, "%s: %s (%.120s)", asked, e->words,
		      text);
}

/* Does anything come back when it is asked without TLS? */
static bool speaks_plain(const struct patient *p)
{
	struct redis_target plain = p->target;
	struct redis_dialog *d;
	redisReply *reply = NULL;

	plain.tls = NULL;
	d = redis_dialog_open(&plain, PATIENCE_MS);
	if (d != NULL)
		reply = redis_dialog_ask(d, 1, PATIENT_WORDS("PING"));
	freeReplyObject(reply);
	redis_dialog_free(d);
	return reply != NULL;
}

/* Goes there again, and only listens: see redis_dialog_listen(). */
static void listen_again(struct patient *p)
{
	redis_dialog_free(p->dialog);
	p->dialog = redis_dialog_open(&p->target, PATIENCE_MS);
	if (p->dialog != NULL)
		redis_dialog_listen(p->dialog);
}

/* Nothing more can be asked.  What is only guessed of TLS is looked into. */
static void lose(struct patient *p)
{
	const char *detail, *words = redis_dialog_trouble(p->dialog, &detail);

	if (p->target.tls != NULL && strstr(words, "perhaps") != NULL) {
		listen_again(p);
		words = "out of memory";
		if (p->dialog != NULL)
			words = redis_dialog_trouble(p->dialog, &detail);
	} else if (strstr(words, "is this its TLS port") != NULL &&
		   speaks_plain(p)) {
		words = "the server speaks no TLS here: write redis://, or use "
			"its TLS port";
	}
	diagnosis_add_trouble(p->found, words, detail);
	patient_close(p);
}

redisReply *patient_try(struct patient *p, int argc, const char **argv)
{
	redisReply *reply;

	if (p->dialog == NULL)
		return NULL;
	reply = redis_dialog_ask(p->dialog, argc, argv);
	if (reply == NULL)
		lose(p);
	return reply;
}

redisReply *patient_ask(struct patient *p, const char **words)
{
	redisReply *reply;
	int count = 0;

	while (words[count] != NULL)
		count++;
	reply = patient_try(p, count, words);
	if (reply == NULL || reply->type != REDIS_REPLY_ERROR)
		return reply;
	patient_refused(p, words[0], reply->str);
	freeReplyObject(reply);
	return NULL;
}

static bool authenticate(struct patient *p)
{
	const struct redis_login *login = p->target.login;
	redisReply *reply;

	if (!login->has_password)
		return true;
	reply = login->user[0] == '\0'
			? patient_ask(p, PATIENT_WORDS("AUTH", login->password))
			: patient_ask(p, PATIENT_WORDS("AUTH", login->user,
						       login->password));
	freeReplyObject(reply);
	return reply != NULL;
}

static void look_at_papers(struct patient *p)
{
	int64_t theirs_s, ours_s;

	redis_dialog_papers(p->dialog, &theirs_s, &ours_s);
	diagnosis_take_paper(p->found, "the server's", theirs_s);
	diagnosis_take_paper(p->found, "our", ours_s);
}

/* A server that cannot save to disk refuses PING too, and can be asked. */
static bool is_answering(struct patient *p)
{
	redisReply *reply = patient_try(p, 1, PATIENT_WORDS("PING"));
	bool ok = reply != NULL && (reply->type != REDIS_REPLY_ERROR ||
				    redis_error_of(reply->str)->only_writes);

	if (reply != NULL && !ok)
		patient_refused(p, "PING", reply->str);
	freeReplyObject(reply);
	return ok;
}

bool patient_meet(struct patient *p)
{
	const char *detail;

	p->dialog = redis_dialog_open(&p->target, PATIENCE_MS);
	if (p->dialog == NULL) {
		diagnosis_add(p->found, AILMENT_UNREACHABLE, "out of memory");
		return false;
	}
	if (redis_dialog_trouble(p->dialog, &detail) != NULL) {
		lose(p);
		return false;
	}
	if (!authenticate(p) || !is_answering(p))
		return false;
	look_at_papers(p);
	return true;
}

void patient_close(struct patient *p)
{
	redis_dialog_free(p->dialog);
	p->dialog = NULL;
}
