/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/command.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "policy/bus/target.h"
#include "policy/language/policy.h"
#include "policy/language/scalar.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

/* A sender's clock may be this far ahead of ours. */
enum { COMMAND_CLOCK_SLACK_MS = 60000, COMMAND_WEIGHT_MAX = 1000000 };

/* clang-format off */
static const struct kind_row {
	const char *name;
	enum target_kind target;
	bool expires; /* an expiry is due */
	bool ramps;   /* over_ms may be stated */
} kinds[] = {
	[COMMAND_NONE]           = { "none",           TARGET_NOTHING,  false, false },
	[COMMAND_DRAIN]          = { "drain",          TARGET_PLACE,    true,  true  },
	[COMMAND_UNDRAIN]        = { "undrain",        TARGET_PLACE,    false, true  },
	[COMMAND_FAILOVER]       = { "failover",       TARGET_SERVICE,  true,  false },
	[COMMAND_WEIGHT]         = { "weight",         TARGET_ENDPOINT, true,  false },
	[COMMAND_CANCEL]         = { "cancel",         TARGET_ID,       false, false },
	[COMMAND_ROLLBACK]       = { "rollback",       TARGET_PLAN,     false, false },
	[COMMAND_CANARY_START]   = { "canary-start",   TARGET_CANARY,   false, false },
	[COMMAND_CANARY_PROMOTE] = { "canary-promote", TARGET_CANARY,   false, false },
	[COMMAND_CANARY_PAUSE]   = { "canary-pause",   TARGET_CANARY,   false, false },
	[COMMAND_CANARY_RESUME]  = { "canary-resume",  TARGET_CANARY,   false, false },
	[COMMAND_CANARY_ABORT]   = { "canary-abort",   TARGET_CANARY,   false, false },
	[COMMAND_APPROVE]        = { "approve",        TARGET_ID,       false, false },
	[COMMAND_FREEZE]         = { "freeze",         TARGET_FROZEN,   true,  false },
	[COMMAND_UNFREEZE]       = { "unfreeze",       TARGET_FROZEN,   false, false },
	[COMMAND_UNDO]           = { "undo",           TARGET_ID,       false, false },
	[COMMAND_PIN]            = { "pin",            TARGET_PIN,      true,  false },
};
/* clang-format on */

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };
static_assert(KIND_COUNT == COMMAND_PIN + 1, "a row per kind");

const char *command_kind_name(enum command_kind kind)
{
	return (unsigned)kind < KIND_COUNT ? kinds[kind].name : "none";
}

const char *command_verb(const struct command *command)
{
	if (command->drill && command->kind == COMMAND_DRAIN)
		return "drill";
	if (command->drill && command->kind == COMMAND_UNDRAIN)
		return "drill abort";
	return command_kind_name(command->kind);
}

enum command_kind command_kind_of(const char *name)
{
	for (unsigned i = COMMAND_NONE + 1; i < KIND_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (enum command_kind)i;
	return COMMAND_NONE;
}

bool command_is_newer(enum command_kind kind)
{
	return kind > COMMAND_APPROVE;
}

/*
 * A member that this version does not know may change what the command means,
 * so it is refused, unlike in reports: half a command is worse than none.
 */
static void check_members(struct member_reader *r)
{
	static const char *const known[] = {
		"id",       "kind",
		"target",   "to",
		"weight",   "author",
		"reason",   "wall_made_ms",
		"over_ms",  "wall_expires_ms",
		"approval", "force",
		"drill",    "abort_errors_pct",
		"clients",
	};
	void *at = json_object_iter((json_t *)(uintptr_t)r->object);

	for (; at != NULL;
	     at = json_object_iter_next((json_t *)(uintptr_t)r->object, at)) {
		const char *name = json_object_iter_key(at);
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= strcmp(known[i], name) == 0;
		if (!found)
			member_fail(r, "member \"%.40s\" is not known", name);
	}
}

static enum command_kind read_kind(struct member_reader *r)
{
	char name[COMMAND_NAME_SIZE] = "";
	enum command_kind kind;

	member_name(r, "kind", name, sizeof(name));
	kind = command_kind_of(name);
	if (kind == COMMAND_NONE)
		member_fail(r, "kind \"%s\" is not known", name);
	return kind;
}

/* strict: a member that is not known is an error. */
static bool parse(const struct json_t *json, bool strict, struct command *out,
		  struct error *err)
{
	struct member_reader r = {
		.object = json,
		.what = "command",
		.err = err,
	};
	struct command c = { .kind = COMMAND_NONE };

	if (!json_is_object(json)) {
		error_set(err, "command: must be a JSON object");
		return false;
	}
	if (strict)
		check_members(&r);
	member_name(&r, "id", c.id, sizeof(c.id));
	c.kind = read_kind(&r);
	member_name(&r, "target", c.target, sizeof(c.target));
	member_text(&r, "to", c.to, sizeof(c.to));
	member_text(&r, "clients", c.clients, sizeof(c.clients));
	c.weight =
		(uint32_t)member_integer(&r, "weight", 0, COMMAND_WEIGHT_MAX);
	member_name(&r, "author", c.author, sizeof(c.author));
	member_name(&r, "reason", c.reason, sizeof(c.reason));
	c.wall_made_ms =
		member_integer(&r, "wall_made_ms", 0, MEMBER_EXACT_MAX);
	c.wall_expires_ms =
		member_integer(&r, "wall_expires_ms", 0, MEMBER_EXACT_MAX);
	c.over_ms = member_integer(&r, "over_ms", 0, MEMBER_EXACT_MAX);
	c.approval = member_flag(&r, "approval");
	c.force = member_flag(&r, "force");
	c.drill = member_flag(&r, "drill");
	c.abort_errors_pct = member_number(&r, "abort_errors_pct", 0, 100);
	if (!strict)
		c.drill_epoch = (uint64_t)member_integer(&r, "drill_epoch", 0,
							 MEMBER_EXACT_MAX);
	if (!r.failed)
		*out = c;
	return !r.failed;
}

bool command_parse(const struct json_t *json, struct command *out,
		   struct error *err)
{
	return parse(json, true, out, err);
}

bool command_read(const struct json_t *json, struct command *out,
		  struct error *err)
{
	return parse(json, false, out, err);
}

struct json_t *command_write(const struct command *c)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "id", c->id);
	member_put_text(&w, "kind", command_kind_name(c->kind));
	member_put_text(&w, "target", c->target);
	member_put_text(&w, "to", c->to);
	member_put_text(&w, "clients", c->clients);
	member_put_integer(&w, "weight", c->weight);
	member_put_text(&w, "author", c->author);
	member_put_text(&w, "reason", c->reason);
	member_put_integer(&w, "wall_made_ms", c->wall_made_ms);
	member_put_integer(&w, "wall_expires_ms", c->wall_expires_ms);
	member_put_integer(&w, "over_ms", c->over_ms);
	member_put_flag(&w, "approval", c->approval);
	member_put_flag(&w, "force", c->force);
	member_put_flag(&w, "drill", c->drill);
	member_put_number(&w, "abort_errors_pct", c->abort_errors_pct);
	member_put_integer(&w, "drill_epoch", (int64_t)c->drill_epoch);
	return member_take(&w);
}

static bool check_expiry(const struct command *c, int64_t longest_ms,
			 int64_t wall_ms, struct error *err)
{
	const char *name = command_kind_name(c->kind);
	char most[SCALAR_DURATION_SIZE];

	if (c->wall_expires_ms == 0 && !kinds[c->kind].expires)
		return true;
	if (c->wall_expires_ms == 0) {
		error_set(err, "%s: an expiry is due (--for)", name);
		return false;
	}
	if (c->wall_expires_ms <= wall_ms) {
		error_set(err, "%s: it has expired", name);
		return false;
	}
	if (c->wall_expires_ms - wall_ms >
	    longest_ms + COMMAND_CLOCK_SLACK_MS) {
		error_set(err,
			  "%s: lasts longer than safety.max_override allows "
			  "(%s)",
			  name, scalar_duration_text(longest_ms, most));
		return false;
	}
	return true;
}

static bool check_times(const struct command *c, int64_t max_override_ms,
			int64_t wall_ms, struct error *err)
{
	const char *name = command_kind_name(c->kind);
	char most[SCALAR_DURATION_SIZE];

	if (c->wall_made_ms > wall_ms + COMMAND_CLOCK_SLACK_MS) {
		error_set(err,
			  "%s: made %" PRId64
			  " s in the future; is the sender's clock right?",
			  name, (c->wall_made_ms - wall_ms) / 1000);
		return false;
	}
	if (c->over_ms != 0 && !kinds[c->kind].ramps) {
		error_set(err, "%s: cannot be spread over time", name);
		return false;
	}
	if (c->over_ms < 0 || c->over_ms > max_override_ms) {
		error_set(err,
			  "%s: spread over longer than "
			  "safety.max_override allows (%s)",
			  name, scalar_duration_text(max_override_ms, most));
		return false;
	}
	return check_expiry(c, max_override_ms, wall_ms, err);
}

/* It is a region's loss that is played, at once and whole. */
static bool check_drill(const struct command *c, struct error *err)
{
	if (!c->drill && c->abort_errors_pct > 0) {
		error_set(err, "%s: only a drill is aborted by errors",
			  command_kind_name(c->kind));
		return false;
	}
	if (!c->drill || c->kind == COMMAND_UNDRAIN ||
	    (c->kind == COMMAND_DRAIN && c->over_ms == 0 &&
	     strchr(c->target, '/') == NULL))
		return true;
	error_set(err, "drill: it is of a region, and at once");
	return false;
}

/* Who asks for what, whatever it concerns. */
static bool check_form(const struct command *command, struct error *err)
{
	const char *name = command_kind_name(command->kind);

	if (command->id[0] == '\0' ||
	    strpbrk(command->id, " \t/\"\\") != NULL) {
		error_set(err,
			  "%s: the id is empty or has blanks, quotes or "
			  "slashes",
			  name);
		return false;
	}
	if (command->author[0] == '\0') {
		error_set(err, "%s: who asks? (author)", name);
		return false;
	}
	if (command->reason[0] == '\0') {
		error_set(err, "%s: a reason is due (--reason)", name);
		return false;
	}
	if (command->weight > COMMAND_WEIGHT_MAX) {
		error_set(err, "%s: weight %" PRIu32 " is more than %d", name,
			  command->weight, COMMAND_WEIGHT_MAX);
		return false;
	}
	if (command->clients[0] != '\0' && command->kind != COMMAND_PIN) {
		error_set(err, "%s: only a pin is for some clients", name);
		return false;
	}
	return check_drill(command, err);
}

bool command_check(const struct command *command, const struct policy *policy,
		   int64_t wall_ms, struct error *err)
{
	return check_form(command, err) &&
	       target_check(command, kinds[command->kind].target, policy,
			    err) &&
	       check_times(command, policy->safety.max_override_ms, wall_ms,
			   err);
}

bool command_check_bare(const struct command *command, int64_t max_override_ms,
			int64_t wall_ms, struct error *err)
{
	return check_form(command, err) &&
	       check_times(command, max_override_ms, wall_ms, err);
}

/* Does a drain's or weight's target name this endpoint? */
static bool concerns(const struct command *c, const struct policy *policy,
		     size_t service, size_t endpoint)
{
	const struct policy_service *s = &policy->services[service];
	const struct policy_endpoint *e = &s->endpoints[endpoint];
	size_t len = strlen(s->name);

	if (strncmp(c->target, s->name, len) == 0 && c->target[len] == '/')
		return strcmp(c->target + len + 1, e->name) == 0;
	return c->kind == COMMAND_DRAIN && strchr(c->target, '/') == NULL &&
	       strcmp(c->target, policy->regions[e->region].name) == 0;
}

double command_drain_share(const struct command *c, int64_t wall_ms)
{
	int64_t passed_ms = wall_ms - c->wall_made_ms;

	if (c->over_ms <= 0 || passed_ms >= c->over_ms)
		return 0;
	if (passed_ms < 0)
		return 1;
	return 1 - (double)passed_ms / (double)c->over_ms;
}

struct command_effect command_effect_on(const struct command *command,
					const struct policy *policy,
					size_t service, size_t endpoint,
					int64_t wall_ms)
{
	struct command_effect effect = { .share = 1 };
	const struct policy_service *s = &policy->services[service];
	int region = s->endpoints[endpoint].region;

	if (command->kind == COMMAND_DRAIN) {
		effect.concerns = concerns(command, policy, service, endpoint);
		if (effect.concerns)
			effect.share = command_drain_share(command, wall_ms);
	} else if (command->kind == COMMAND_WEIGHT) {
		effect.concerns = concerns(command, policy, service, endpoint);
		effect.weighs = effect.concerns;
		effect.weight = command->weight;
	} else if (command->kind == COMMAND_FAILOVER) {
		effect.concerns = strcmp(command->target, s->name) == 0;
		if (effect.concerns &&
		    strcmp(command->to, policy->regions[region].name) != 0)
			effect.share = 0;
	}
	return effect;
}
