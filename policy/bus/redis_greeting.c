/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/redis_greeting.h"

#include "policy/bus/redis_error.h"

#include <string.h>

#include <hiredis/hiredis.h>

static bool wants_auth(const struct redis_target *t)
{
	return t->login->has_password;
}

static void write_auth(const struct redis_target *t, struct redis_command *c)
{
	redis_command_text(c, "AUTH");
	if (t->login->user[0] != '\0')
		redis_command_text(c, t->login->user);
	redis_command_text(c, t->login->password);
}

static const char *judge_auth(const struct redis_target *t,
			      const redisReply *reply)
{
	(void)t;
	if (reply->type == REDIS_REPLY_ERROR)
		return "the server refuses the user or password";
	return NULL;
}

static bool wants_readonly(const struct redis_target *t)
{
	return t->part == REDIS_REPLICA;
}

static void write_readonly(const struct redis_target *t,
			   struct redis_command *c)
{
	(void)t;
	redis_command_text(c, "READONLY");
}

/* Where there is no cluster it is refused, and not needed. */
static const char *judge_readonly(const struct redis_target *t,
				  const redisReply *reply)
{
	(void)t, (void)reply;
	return NULL;
}

static bool wants_role(const struct redis_target *t)
{
	return t->part == REDIS_MASTER || t->part == REDIS_REPLICA;
}

static void write_role(const struct redis_target *t, struct redis_command *c)
{
	(void)t;
	redis_command_text(c, "ROLE");
}

/* An error that says why, or these words. */
static const char *words_of(const redisReply *reply, const char *words)
{
	const struct redis_error *error;

	if (reply->type != REDIS_REPLY_ERROR)
		return words;
	error = redis_error_of(reply->str);
	return redis_error_is_known(error) ? error->words : words;
}

static bool says(const redisReply *reply, size_t at, const char *word)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements > at &&
	       reply->element[at]->type == REDIS_REPLY_STRING &&
	       strcmp(reply->element[at]->str, word) == 0;
}

/* "master" offset replicas, or "slave" host port state offset. */
static const char *judge_role(const struct redis_target *t,
			      const redisReply *reply)
{
	if (t->part == REDIS_MASTER && !says(reply, 0, "master"))
		return words_of(reply, "the server is no master");
	if (t->part == REDIS_REPLICA && !says(reply, 0, "slave"))
		return words_of(reply, "the server is no replica");
	if (t->part == REDIS_REPLICA && !says(reply, 3, "connected"))
		return "the replica does not hear its master";
	return NULL;
}

static bool wants_keys(const struct redis_target *t)
{
	return t->part != REDIS_ANY;
}

static void write_keys(const struct redis_target *t, struct redis_command *c)
{
	redis_command_text(c, "EVAL");
	redis_command_text(c, "return 1");
	redis_command_number(c, 1);
	redis_command_text(c, t->key);
}

/* Who may not do this may perhaps do what it needs. */
static const char *judge_keys(const struct redis_target *t,
			      const redisReply *reply)
{
	(void)t;
	if (reply->type != REDIS_REPLY_ERROR ||
	    !redis_error_of(reply->str)->ends_link)
		return NULL;
	return redis_error_of(reply->str)->words;
}

static bool wants_ping(const struct redis_target *t)
{
	(void)t;
	return true;
}

static void write_ping(const struct redis_target *t, struct redis_command *c)
{
	(void)t;
	redis_command_text(c, "PING");
}

/* A server that cannot save to disk refuses PING too, and can be read. */
static const char *judge_ping(const struct redis_target *t,
			      const redisReply *reply)
{
	(void)t;
	if (reply->type != REDIS_REPLY_ERROR ||
	    redis_error_of(reply->str)->only_writes)
		return NULL;
	return words_of(reply, "the server refuses to talk");
}

static const struct step {
	bool (*wants)(const struct redis_target *t);
	void (*write)(const struct redis_target *t, struct redis_command *c);
	const char *(*judge)(const struct redis_target *t,
			     const redisReply *reply);
} steps[REDIS_STEPS] = {
	[REDIS_STEP_AUTH] = { wants_auth, write_auth, judge_auth },
	[REDIS_STEP_READONLY] = { wants_readonly, write_readonly,
				  judge_readonly },
	[REDIS_STEP_ROLE] = { wants_role, write_role, judge_role },
	[REDIS_STEP_KEYS] = { wants_keys, write_keys, judge_keys },
	[REDIS_STEP_PING] = { wants_ping, write_ping, judge_ping },
};

enum redis_step redis_greeting_next(const struct redis_target *t,
				    enum redis_step from)
{
	while (from < REDIS_STEPS && !steps[from].wants(t))
		from++;
	return from;
}

void redis_greeting_write(const struct redis_target *t, enum redis_step step,
			  struct redis_command *out)
{
	steps[step].write(t, out);
}

const char *redis_greeting_judge(const struct redis_target *t,
				 enum redis_step step, const redisReply *reply)
{
	return steps[step].judge(t, reply);
}
