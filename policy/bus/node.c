/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/node.h"

#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "policy/bus/node_impl.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

static const char *const roles[] = { "dns", "health", "steer", "edge" };

enum { ROLES = sizeof(roles) / sizeof(roles[0]) };

static_assert(ROLES == NODE_EDGE + 1, "a word for every role");

const char *node_role_name(enum node_role role)
{
	return roles[role];
}

struct node node_of(enum node_role role, const char *name, int64_t wall_ms)
{
	struct node node = {
		.role = role,
		.speaks = MEMBER_SPEAKS,
		.wall_made_ms = wall_ms,
	};

	static_assert(sizeof(PACKAGE_VERSION) <= NODE_VERSION_SIZE,
		      "the version fits");
	memcpy(node.version, PACKAGE_VERSION, sizeof(PACKAGE_VERSION));
	snprintf(node.name, sizeof(node.name), "%.*s", NODE_NAME_SIZE - 1,
		 name);
	return node;
}

void node_put_alarm(struct node *node, const char *responder, const char *kind,
		    const char *text, int64_t wall_since_ms)
{
	struct node_alarm *alarm = &node->alarms[node->alarm_count];

	if (node->alarm_count == NODE_ALARMS_MAX)
		return;
	node->alarm_count++;
	*alarm = (struct node_alarm){ .wall_since_ms = wall_since_ms };
	snprintf(alarm->responder, sizeof(alarm->responder), "%s", responder);
	snprintf(alarm->kind, sizeof(alarm->kind), "%s", kind);
	snprintf(alarm->text, sizeof(alarm->text), "%s", text);
}

bool node_has_plan(const struct node *node, uint64_t epoch, uint64_t sequence)
{
	return node->plan_epoch > epoch ||
	       (node->plan_epoch == epoch && node->plan_sequence >= sequence);
}

bool node_follows(const struct node *node)
{
	return node->role == NODE_DNS || node->role == NODE_EDGE;
}

static void parse_local(struct member_reader *r, struct node *node)
{
	const json_t *list = member_array(r, "local", NODE_LOCAL_MAX);

	for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) {
		struct member_reader item =
			member_item(list, i, "node command", r->err);

		member_name(&item, "text", node->local[i], NODE_TEXT_SIZE);
		r->failed = item.failed;
		node->local_count = i + 1;
	}
}

static void parse_alarms(struct member_reader *r, struct node *node)
{
	const json_t *list = member_array(r, "alarms", NODE_ALARMS_MAX);

	for (size_t i = 0; i < json_array_size(list) && !r->failed; i++) {
		struct member_reader item =
			member_item(list, i, "node alarm", r->err);
		struct node_alarm *a = &node->alarms[i];

		member_name(&item, "responder", a->responder,
			    sizeof(a->responder));
		member_name(&item, "kind", a->kind, sizeof(a->kind));
		member_text(&item, "text", a->text, sizeof(a->text));
		a->wall_since_ms = member_integer(&item, "wall_since_ms", 0,
						  MEMBER_EXACT_MAX);
		r->failed = item.failed;
		node->alarm_count = i + 1;
	}
}

static void parse_policy(struct member_reader *r, struct node *node)
{
	node->takes_policy = member_flag(r, "takes_policy");
	member_text(r, "next_digest", node->next_digest,
		    sizeof(node->next_digest));
	member_text(r, "refused_digest", node->refused_digest,
		    sizeof(node->refused_digest));
	member_text(r, "refused_reason", node->refused_reason,
		    sizeof(node->refused_reason));
	node->mute_count =
		(uint32_t)member_integer(r, "mute_count", 0, UINT32_MAX);
	member_text(r, "mute", node->mute, sizeof(node->mute));
	node->failures = (uint64_t)member_integer(r, "failures", 0, INT64_MAX);
	node->empties = (uint64_t)member_integer(r, "empties", 0, INT64_MAX);
	node->counted_ms =
		member_integer(r, "counted_ms", 0, NODE_COUNTED_MS_MAX);
}

static bool parse_node(struct member_reader *r, struct node *node)
{
	member_name(r, "name", node->name, sizeof(node->name));
	member_require(r, "role");
	node->role = (enum node_role)member_word(r, "role", roles, ROLES);
	node->leads = member_flag(r, "leads");
	member_text(r, "version", node->version, sizeof(node->version));
	node->speaks = (uint32_t)member_integer(r, "speaks", 0, UINT32_MAX);
	member_text(r, "policy_digest", node->policy_digest,
		    sizeof(node->policy_digest));
	node->plan_epoch =
		(uint64_t)member_integer(r, "plan_epoch", 0, MEMBER_EXACT_MAX);
	node->plan_sequence = (uint64_t)member_integer(r, "plan_sequence", 0,
						       MEMBER_EXACT_MAX);
	node->wall_applied_ms =
		member_integer(r, "wall_applied_ms", 0, MEMBER_EXACT_MAX);
	node->wall_made_ms =
		member_integer(r, "wall_made_ms", 0, MEMBER_EXACT_MAX);
	member_text(r, "trouble", node->trouble, sizeof(node->trouble));
	node->queries = (uint64_t)member_integer(r, "queries", 0, INT64_MAX);
	node->refused = (uint64_t)member_integer(r, "refused", 0, INT64_MAX);
	parse_local(r, node);
	parse_alarms(r, node);
	parse_policy(r, node);
	return !r->failed;
}

bool node_parse(const void *octets, size_t len, struct node *out,
		struct error *err)
{
	json_t *json = member_load("node", octets, len, NODE_OCTETS_MAX, err);
	struct member_reader r = { .object = json, .what = "node", .err = err };
	struct node node = { 0 };
	bool ok;

	if (json == NULL)
		return false;
	ok = parse_node(&r, &node);
	json_decref(json);
	if (ok)
		*out = node;
	return ok;
}

static json_t *write_local(const struct node *node)
{
	json_t *list = json_array();

	for (size_t i = 0; i < node->local_count; i++) {
		struct member_writer w = member_begin();

		member_put_text(&w, "text", node->local[i]);
		member_append(&list, member_take(&w));
	}
	return list;
}

static json_t *write_alarms(const struct node *node)
{
	json_t *list = json_array();

	for (size_t i = 0; i < node->alarm_count; i++) {
		const struct node_alarm *a = &node->alarms[i];
		struct member_writer w = member_begin();

		member_put_text(&w, "responder", a->responder);
		member_put_text(&w, "kind", a->kind);
		member_put_text(&w, "text", a->text);
		member_put_integer(&w, "wall_since_ms", a->wall_since_ms);
		member_append(&list, member_take(&w));
	}
	return list;
}

struct member_writer node_begin(const struct node *node)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "name", node->name);
	member_put_text(&w, "role", roles[node->role]);
	member_put_flag(&w, "leads", node->leads);
	member_put_text(&w, "version", node->version);
	member_put_integer(&w, "speaks", node->speaks);
	member_put_text(&w, "policy_digest", node->policy_digest);
	member_put_integer(&w, "plan_epoch", (int64_t)node->plan_epoch);
	member_put_integer(&w, "plan_sequence", (int64_t)node->plan_sequence);
	member_put_integer(&w, "wall_applied_ms", node->wall_applied_ms);
	member_put_integer(&w, "wall_made_ms", node->wall_made_ms);
	member_put_text(&w, "trouble", node->trouble);
	member_put_integer(&w, "queries", (int64_t)node->queries);
	member_put_integer(&w, "refused", (int64_t)node->refused);
	member_put_flag(&w, "takes_policy", node->takes_policy);
	member_put_text(&w, "next_digest", node->next_digest);
	member_put_text(&w, "refused_digest", node->refused_digest);
	member_put_text(&w, "refused_reason", node->refused_reason);
	member_put_integer(&w, "mute_count", node->mute_count);
	member_put_text(&w, "mute", node->mute);
	member_put_integer(&w, "failures", (int64_t)node->failures);
	member_put_integer(&w, "empties", (int64_t)node->empties);
	if (node->local_count > 0)
		member_put_json(&w, "local", write_local(node));
	if (node->alarm_count > 0)
		member_put_json(&w, "alarms", write_alarms(node));
	return w;
}

char *node_write(const struct node *node, size_t *len)
{
	struct member_writer w = node_begin(node);

	return member_finish(&w, NODE_DIGITS, len);
}
