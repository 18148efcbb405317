/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/command.h"

#include "policy/base/error.h"
#include "policy/language/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

/* A sender's clock may be this far ahead of ours. */
enum { COMMAND_CLOCK_SLACK_MS = 60000, COMMAND_WEIGHT_MAX = 1000000 };

/* What a kind's target names. */
enum target_kind {
	TARGET_NOTHING,
	TARGET_PLACE, /* REGION or SERVICE/ENDPOINT */
	TARGET_SERVICE,
	TARGET_ENDPOINT, /* SERVICE/ENDPOINT */
	TARGET_ID,
	TARGET_CANARY,
};

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
	[COMMAND_CANARY_START]   = { "canary-start",   TARGET_CANARY,   false, false },
	[COMMAND_CANARY_PROMOTE] = { "canary-promote", TARGET_CANARY,   false, false },
	[COMMAND_CANARY_PAUSE]   = { "canary-pause",   TARGET_CANARY,   false, false },
	[COMMAND_CANARY_RESUME]  = { "canary-resume",  TARGET_CANARY,   false, false },
	[COMMAND_CANARY_ABORT]   = { "canary-abort",   TARGET_CANARY,   false, false },
};

enum field_kind { FIELD_TEXT, FIELD_KIND, FIELD_U32, FIELD_I64 };

/* The JSON members: parser and writer read the same rows. */
static const struct field {
	const char *name;
	enum field_kind kind;
	bool required;
	size_t offset;
	size_t size; /* FIELD_TEXT: with its NUL */
	int64_t max; /* FIELD_U32, FIELD_I64; the least is 0 */
} fields[] = {
	{ "id",     FIELD_TEXT, true,  offsetof(struct command, id),     COMMAND_NAME_SIZE,   0 },
	{ "kind",   FIELD_KIND, true,  offsetof(struct command, kind),   0,                   0 },
	{ "target", FIELD_TEXT, true,  offsetof(struct command, target), COMMAND_TARGET_SIZE, 0 },
	{ "to",     FIELD_TEXT, false, offsetof(struct command, to),     COMMAND_NAME_SIZE,   0 },
	{ "weight", FIELD_U32,  false, offsetof(struct command, weight), 0, COMMAND_WEIGHT_MAX },
	{ "author", FIELD_TEXT, true,  offsetof(struct command, author), COMMAND_NAME_SIZE,   0 },
	{ "reason", FIELD_TEXT, true,  offsetof(struct command, reason), COMMAND_TEXT_SIZE,   0 },
	{ "wall_made_ms",    FIELD_I64, true,  offsetof(struct command, wall_made_ms),    0, INT64_MAX / 4 },
	{ "wall_expires_ms", FIELD_I64, false, offsetof(struct command, wall_expires_ms), 0, INT64_MAX / 4 },
	{ "over_ms",         FIELD_I64, false, offsetof(struct command, over_ms),         0, INT64_MAX / 4 },
};
/* clang-format on */

enum {
	KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]),
	FIELD_COUNT = sizeof(fields) / sizeof(fields[0]),
};
_Static_assert(KIND_COUNT == COMMAND_CANARY_ABORT + 1, "a row per kind");

const char *command_kind_name(enum command_kind kind)
{
	return (unsigned)kind < KIND_COUNT ? kinds[kind].name : "none";
}

enum command_kind command_kind_of(const char *name)
{
	for (unsigned i = COMMAND_NONE + 1; i < KIND_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (enum command_kind)i;
	return COMMAND_NONE;
}

/* Names and reasons go to logs and terminals: no control octets in them. */
static bool is_printable(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != 0; c++)
		if (*c < 0x20 || *c == 0x7f)
			return false;
	return true;
}

static bool parse_text(const struct field *field, const char *text, char *out,
		       struct error *err)
{
	if (strlen(text) >= field->size) {
		error_set(err, "command: \"%s\" has more than %zu octets",
			  field->name, field->size - 1);
		return false;
	}
	if (!is_printable(text)) {
		error_set(err, "command: \"%s\" has control characters",
			  field->name);
		return false;
	}
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool parse_integer(const struct field *field, const json_t *value,
			  char *out, struct error *err)
{
	json_int_t number = json_integer_value(value);
	uint32_t narrow = (uint32_t)number;
	int64_t wide = number;

	if (number < 0 || number > field->max) {
		error_set(err,
			  "command: \"%s\" is %" JSON_INTEGER_FORMAT
			  "; it must be 0 to %" PRId64,
			  field->name, number, field->max);
		return false;
	}
	if (field->kind == FIELD_U32)
		memcpy(out, &narrow, sizeof(narrow));
	else
		memcpy(out, &wide, sizeof(wide));
	return true;
}

static bool parse_kind(const char *name, char *out, struct error *err)
{
	enum command_kind kind = command_kind_of(name);

	if (kind == COMMAND_NONE) {
		error_set(err, "command: kind \"%.40s\" is not known",
			  is_printable(name) ? name : "?");
		return false;
	}
	memcpy(out, &kind, sizeof(kind));
	return true;
}

static bool parse_field(const struct field *field, const json_t *value,
			struct command *c, struct error *err)
{
	char *out = (char *)c + field->offset;
	bool integer = field->kind == FIELD_U32 || field->kind == FIELD_I64;

	if (value == NULL) {
		if (field->required)
			error_set(err, "command: \"%s\" is missing",
				  field->name);
		return !field->required;
	}
	if (integer ? !json_is_integer(value) : !json_is_string(value)) {
		error_set(err, "command: \"%s\" must be %s", field->name,
			  integer ? "an integer" : "text");
		return false;
	}
	if (integer)
		return parse_integer(field, value, out, err);
	if (field->kind == FIELD_KIND)
		return parse_kind(json_string_value(value), out, err);
	return parse_text(field, json_string_value(value), out, err);
}

/*
 * A member that this version does not know may change what the command means,
 * so it is refused, unlike in reports: half a command is worse than none.
 */
static bool members_are_known(const json_t *json, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		bool known = false;

		for (size_t i = 0; i < FIELD_COUNT && !known; i++)
			known = strcmp(fields[i].name, name) == 0;
		if (known)
			continue;
		error_set(err, "command: member \"%.40s\" is not known",
			  is_printable(name) ? name : "?");
		return false;
	}
	return true;
}

bool command_parse(const struct json_t *json, struct command *out,
		   struct error *err)
{
	struct command c = { .kind = COMMAND_NONE };

	if (!json_is_object(json)) {
		error_set(err, "command: not a JSON object");
		return false;
	}
	if (!members_are_known(json, err))
		return false;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (!parse_field(&fields[i],
				 json_object_get(json, fields[i].name), &c,
				 err))
			return false;
	*out = c;
	return true;
}

static json_t *write_field(const struct field *field, const struct command *c)
{
	const char *at = (const char *)c + field->offset;
	uint32_t narrow;
	int64_t wide;

	switch (field->kind) {
	case FIELD_TEXT:
		return json_string(at);
	case FIELD_KIND:
		return json_string(command_kind_name(c->kind));
	case FIELD_U32:
		memcpy(&narrow, at, sizeof(narrow));
		return json_integer(narrow);
	case FIELD_I64:
		memcpy(&wide, at, sizeof(wide));
		return json_integer(wide);
	}
	return NULL;
}

struct json_t *command_write(const struct command *command)
{
	json_t *json = json_object();

	/* json_object_set_new() takes NULL as a failure. */
	for (size_t i = 0; json != NULL && i < FIELD_COUNT; i++) {
		if (json_object_set_new(json, fields[i].name,
					write_field(&fields[i], command)) == 0)
			continue;
		json_decref(json);
		json = NULL;
	}
	return json;
}

/* What SERVICE/ENDPOINT names; false when it names nothing. */
static bool target_endpoint(const char *target, const struct policy *policy,
			    int *service, int *endpoint)
{
	const char *slash = strchr(target, '/');
	char name[COMMAND_TARGET_SIZE];

	if (slash == NULL)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(slash - target), target);
	*service = policy_find_service(policy, name);
	if (*service < 0)
		return false;
	*endpoint =
		policy_find_endpoint(&policy->services[*service], slash + 1);
	return *endpoint >= 0;
}

static bool check_endpoint(const struct command *c, const struct policy *policy,
			   struct error *err)
{
	int service, endpoint;

	if (!target_endpoint(c->target, policy, &service, &endpoint)) {
		error_set(err,
			  "%s: \"%s\" is no SERVICE/ENDPOINT of the policy",
			  command_kind_name(c->kind), c->target);
		return false;
	}
	if (c->kind == COMMAND_WEIGHT &&
	    policy->services[service].endpoints[endpoint].canary >= 0) {
		error_set(err,
			  "weight: \"%s\" is a canary's endpoint, which takes "
			  "a part of its stable one; use canary promote",
			  c->target);
		return false;
	}
	return true;
}

static bool check_place(const struct command *c, const struct policy *policy,
			struct error *err)
{
	if (strchr(c->target, '/') != NULL)
		return check_endpoint(c, policy, err);
	if (policy_find_region(policy, c->target) >= 0)
		return true;
	error_set(err,
		  "%s: \"%s\" is not a region of the policy, nor "
		  "SERVICE/ENDPOINT",
		  command_kind_name(c->kind), c->target);
	return false;
}

static bool service_has_region(const struct policy_service *service, int region)
{
	for (size_t i = 0; i < service->endpoint_count; i++)
		if (service->endpoints[i].region == region &&
		    service->endpoints[i].canary < 0)
			return true;
	return false;
}

static bool check_service(const struct command *c, const struct policy *policy,
			  struct error *err)
{
	int service = policy_find_service(policy, c->target);
	int region = policy_find_region(policy, c->to);

	if (service < 0) {
		error_set(err,
			  "failover: \"%s\" is not a service of the policy",
			  c->target);
		return false;
	}
	if (region < 0) {
		error_set(err, "failover: \"%s\" is not a region of the policy",
			  c->to);
		return false;
	}
	if (!service_has_region(&policy->services[service], region)) {
		error_set(err, "failover: service \"%s\" has no endpoint in %s",
			  c->target, c->to);
		return false;
	}
	return true;
}

static bool check_target(const struct command *c, const struct policy *policy,
			 struct error *err)
{
	switch (kinds[c->kind].target) {
	case TARGET_NOTHING:
		break;
	case TARGET_PLACE:
		return check_place(c, policy, err);
	case TARGET_SERVICE:
		return check_service(c, policy, err);
	case TARGET_ENDPOINT:
		return check_endpoint(c, policy, err);
	case TARGET_ID:
		if (c->target[0] == '\0')
			error_set(err, "cancel: which command (its id)?");
		return c->target[0] != '\0';
	case TARGET_CANARY:
		if (policy_find_canary(policy, c->target) >= 0)
			return true;
		error_set(err, "%s: \"%s\" is not a canary of the policy",
			  command_kind_name(c->kind), c->target);
		return false;
	}
	error_set(err, "command: it has no kind");
	return false;
}

static bool check_expiry(const struct command *c, const struct policy *policy,
			 int64_t wall_ms, struct error *err)
{
	const char *name = command_kind_name(c->kind);
	int64_t longest_ms = policy->safety.max_override_ms;

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
			  "(%" PRId64 " s)",
			  name, longest_ms / 1000);
		return false;
	}
	return true;
}

static bool check_times(const struct command *c, const struct policy *policy,
			int64_t wall_ms, struct error *err)
{
	const char *name = command_kind_name(c->kind);

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
	if (c->over_ms < 0 || c->over_ms > policy->safety.max_override_ms) {
		error_set(err,
			  "%s: spread over longer than "
			  "safety.max_override allows (%" PRId64 " s)",
			  name, policy->safety.max_override_ms / 1000);
		return false;
	}
	return check_expiry(c, policy, wall_ms, err);
}

bool command_check(const struct command *command, const struct policy *policy,
		   int64_t wall_ms, struct error *err)
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
	return check_target(command, policy, err) &&
	       check_times(command, policy, wall_ms, err);
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

static double drain_share(const struct command *c, int64_t wall_ms)
{
	int64_t passed_ms = wall_ms - c->wall_made_ms;

	if (c->over_ms <= 0 || passed_ms >= c->over_ms)
		return 0;
	if (passed_ms <= 0)
		return 1;
	return 1 - (double)passed_ms / (double)c->over_ms;
}

struct command_effect command_effect_on(const struct command *command,
					const struct policy *policy,
					size_t service, size_t endpoint,
					uint32_t weight, int64_t wall_ms)
{
	struct command_effect effect = { .share = 1, .weight = weight };
	const struct policy_service *s = &policy->services[service];
	int region = s->endpoints[endpoint].region;

	if (command->kind == COMMAND_DRAIN) {
		effect.concerns = concerns(command, policy, service, endpoint);
		if (effect.concerns)
			effect.share = drain_share(command, wall_ms);
	} else if (command->kind == COMMAND_WEIGHT) {
		effect.concerns = concerns(command, policy, service, endpoint);
		if (effect.concerns)
			effect.weight = command->weight;
	} else if (command->kind == COMMAND_FAILOVER) {
		effect.concerns = strcmp(command->target, s->name) == 0;
		if (effect.concerns &&
		    strcmp(command->to, policy->regions[region].name) != 0)
			effect.share = 0;
	}
	return effect;
}
