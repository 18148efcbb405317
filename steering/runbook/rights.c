/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/rights.h"

#include <stdio.h>
#include <string.h>

enum {
	DNS = 1,
	HEALTH = 2,
	STEER = 4,
	EDGE = 8,
	OPERATOR = 16,
	NODES = DNS | HEALTH | STEER | EDGE, /* who has a record */
	READERS = NODES | OPERATOR,
	LISTENERS = DNS | HEALTH | STEER | OPERATOR, /* to reports */
	WATCHERS = HEALTH | STEER | OPERATOR,        /* of nodes */
	PUBLIC = DNS | HEALTH | STEER | OPERATOR,    /* of policies */
	WEIGHERS = HEALTH | STEER | OPERATOR,        /* of what edges saw */
};

static const struct role {
	const char *name;
	unsigned bit;
} roles[] = {
	{ "dns", DNS },   { "health", HEALTH },     { "steer", STEER },
	{ "edge", EDGE }, { "operator", OPERATOR },
};

/*
 * A word that begins with ":" is a key or channel of the environment, "%" in
 * it the user's own name and "@" its vantage.
 */
/* clang-format off */
static const struct row {
	unsigned roles;
	const char *argv[RIGHT_ARGS_MAX];
} rows[] = {
	{ NODES | OPERATOR, { "PING" } },
	{ NODES | OPERATOR, { "ROLE" } },
	{ NODES | OPERATOR, { "READONLY" } },
	{ READERS,          { "SUBSCRIBE", ":notify:plan" } },
	{ READERS,          { "UNSUBSCRIBE", ":notify:plan" } },
	{ READERS,          { "GETRANGE", ":plan", "0", "1" } },
	{ LISTENERS,        { "SUBSCRIBE", ":notify:reports" } },
	{ LISTENERS,        { "SRANDMEMBER", ":vantages", "1" } },
	{ LISTENERS,        { "GETRANGE", ":vantage:any", "0", "1" } },
	{ LISTENERS,        { "EVAL", "return 1", "1", ":vantages" } },
	{ LISTENERS,        { "EXISTS", ":vantage:any" } },
	{ LISTENERS,        { "SREM", ":vantages", "any" } },
	{ WATCHERS,         { "SUBSCRIBE", ":notify:nodes" } },
	{ WATCHERS,         { "SRANDMEMBER", ":nodes", "1" } },
	{ WATCHERS,         { "GETRANGE", ":node:any", "0", "1" } },
	{ WATCHERS,         { "EVAL", "return 1", "1", ":nodes" } },
	{ WATCHERS,         { "EXISTS", ":node:any" } },
	{ WATCHERS,         { "SREM", ":nodes", "any" } },
	{ WEIGHERS,         { "SUBSCRIBE", ":notify:served" } },
	{ WEIGHERS,         { "UNSUBSCRIBE", ":notify:served" } },
	{ WEIGHERS,         { "SRANDMEMBER", ":edges", "1" } },
	{ WEIGHERS,         { "GETRANGE", ":served:any", "0", "1" } },
	{ WEIGHERS,         { "EVAL", "return 1", "1", ":edges" } },
	{ WEIGHERS,         { "EXISTS", ":served:any" } },
	{ WEIGHERS,         { "SREM", ":edges", "any" } },
	{ EDGE,             { "EVAL", "return 1", "3", ":served:%", ":edges", ":notices:served" } },
	{ EDGE,             { "SET", ":served:%", "x", "PX", "1" } },
	{ EDGE,             { "TYPE", ":edges" } },
	{ EDGE,             { "DEL", ":edges" } },
	{ EDGE,             { "SADD", ":edges", "%" } },
	{ EDGE,             { "INCR", ":notices:served" } },
	{ EDGE,             { "SET", ":notices:served", "1" } },
	{ EDGE,             { "PUBLISH", ":notify:served", "x" } },
	{ PUBLIC,           { "GETRANGE", ":bundle:any", "0", "1" } },
	{ STEER | OPERATOR, { "SET", ":bundle:any", "x", "PX", "1" } },
	{ NODES,            { "EVAL", "return 1", "3", ":node:%", ":nodes", ":notices:nodes" } },
	{ NODES,            { "SET", ":node:%", "x", "PX", "1" } },
	{ NODES,            { "TYPE", ":nodes" } },
	{ NODES,            { "DEL", ":nodes" } },
	{ NODES,            { "SADD", ":nodes", "%" } },
	{ NODES,            { "INCR", ":notices:nodes" } },
	{ NODES,            { "SET", ":notices:nodes", "1" } },
	{ NODES,            { "PUBLISH", ":notify:nodes", "x" } },
	{ NODES,            { "GET", ":notices:plan" } },
	{ HEALTH,           { "EVAL", "return 1", "3", ":vantage:@", ":vantages", ":notices:reports" } },
	{ HEALTH,           { "SET", ":vantage:@", "x", "PX", "1" } },
	{ HEALTH,           { "TYPE", ":vantages" } },
	{ HEALTH,           { "DEL", ":vantages" } },
	{ HEALTH,           { "SADD", ":vantages", "@" } },
	{ HEALTH,           { "INCR", ":notices:reports" } },
	{ HEALTH,           { "SET", ":notices:reports", "1" } },
	{ HEALTH,           { "PUBLISH", ":notify:reports", "x" } },
	{ STEER,            { "EVAL", "return 1", "5", ":plan", ":plan-head", ":lease", ":epoch", ":notices:plan" } },
	{ STEER,            { "SET", ":lease", "x", "PX", "1" } },
	{ STEER,            { "SET", ":epoch", "1" } },
	{ STEER,            { "SET", ":plan-head", "1 1" } },
	{ STEER,            { "SET", ":plan", "x" } },
	{ STEER,            { "INCR", ":notices:plan" } },
	{ STEER,            { "SET", ":notices:plan", "1" } },
	{ STEER,            { "PUBLISH", ":notify:plan", "x" } },
	{ STEER,            { "GET", ":lease" } },
	{ STEER,            { "GET", ":epoch" } },
	{ STEER,            { "GET", ":plan-head" } },
	{ STEER,            { "DEL", ":lease" } },
	{ STEER,            { "XADD", ":audit", "MAXLEN", "~", "1", "*", "entry", "x" } },
	{ STEER,            { "SUBSCRIBE", ":request" } },
	{ STEER,            { "PUBLISH", ":reply:x", "x" } },
	{ OPERATOR,         { "PUBLISH", ":request", "x" } },
	{ OPERATOR,         { "SUBSCRIBE", ":reply:x" } },
	{ OPERATOR,         { "UNSUBSCRIBE", ":reply:x" } },
};
/* clang-format on */

/* 0: none's. */
static unsigned role_of(const char *user)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		size_t len = strlen(roles[i].name);

		if (strncmp(user, roles[i].name, len) == 0 &&
		    (user[len] == '\0' || user[len] == '-'))
			return roles[i].bit;
	}
	return 0;
}

static void fill_word(const char *word, const char *user, const char *env,
		      char *out)
{
	const char *dash = strchr(user, '-');
	const char *vantage = dash == NULL ? user : dash + 1;
	size_t at = 0;

	if (*word == ':')
		at = (size_t)snprintf(out, RIGHT_ARG_SIZE,
				      "windrose:{%s}:", env);
	for (word += *word == ':'; *word != '\0' && at < RIGHT_ARG_SIZE - 1;
	     word++) {
		const char *text = *word == '%' ? user : vantage;

		if (*word == '%' || *word == '@')
			at += (size_t)snprintf(out + at, RIGHT_ARG_SIZE - at,
					       "%.64s", text);
		else
			out[at++] = *word;
	}
	out[at < RIGHT_ARG_SIZE ? at : RIGHT_ARG_SIZE - 1] = '\0';
}

bool right_of(const char *user, const char *env, size_t nth,
	      struct right *right)
{
	unsigned role = role_of(user);
	const struct row *row = rows, *end = rows + sizeof(rows) / sizeof(*row);

	for (; row < end; row++)
		if ((row->roles & role) != 0 && nth-- == 0)
			break;
	if (row == end)
		return false;
	right->argc = 0;
	while (right->argc < RIGHT_ARGS_MAX && row->argv[right->argc] != NULL) {
		fill_word(row->argv[right->argc], user, env,
			  right->argv[right->argc]);
		right->argc++;
	}
	return true;
}
