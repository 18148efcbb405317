/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/diagnosis.h"

#include "policy/base/error.h"
#include "policy/bus/bus.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"
#include "policy/bus/served.h"
#include "policy/bus/sign.h"
#include "policy/bus/witness.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct ailment_row {
	const char *name, *remedy;
} ailments[] = {
	[AILMENT_UNREACHABLE] = { "unreachable", "start the server, or correct the host and port of the url; look at bind and protected-mode of its configuration, and at firewalls" },
	[AILMENT_PASSWORD]    = { "password",    "put USER:PASSWORD@ of the server's ACL file into the url, percent-encoded" },
	[AILMENT_REFUSED]     = { "refused",     "see what the server says" },
	[AILMENT_NOT_LOOKED]  = { "not-looked",  "ask again as a user that may look: see the user \"doctor\" of contrib/redis/users.acl" },
	[AILMENT_NOT_MASTER]  = { "not-master",  "name the primary in the url, or promote this one (REPLICAOF NO ONE)" },
	[AILMENT_RIGHTS]      = { "rights",      "give the user the rights of its role in contrib/redis/users.acl" },
	[AILMENT_EVICTION]    = { "eviction",    "set maxmemory-policy noeviction: keys that are evicted are reports and plans that are forgotten in silence" },
	[AILMENT_PERSISTENCE] = { "persistence", "set save or appendonly so that the audit outlives a restart, and see that the disk has room" },
	[AILMENT_REPLICATION] = { "replication", "see that each replica runs and reaches the primary, and that its masteruser and masterauth are right" },
	[AILMENT_CLOCK]       = { "clock",       "run NTP on both machines: commands expire by the clock" },
	[AILMENT_WRONG_TYPE]  = { "wrong-type",  "delete the key (DEL); its owner writes it again" },
	[AILMENT_UNREADABLE]  = { "unreadable",  "find out who writes there; the owner's next publication repairs it, DEL removes it" },
	[AILMENT_UNSIGNED]    = { "unsigned",    "find out who wrote it; nodes do not follow it, and its owner replaces it" },
	[AILMENT_SIZE]        = { "size",        "make room: raise the server's limit, or split the policy or the fleet between environments" },
	[AILMENT_BUFFERS]     = { "buffers",     "set client-output-buffer-limit as the server has it of its own: normal 0 0 0, pubsub 32mb 8mb 60" },
};
/* clang-format on */

static_assert(sizeof(ailments) / sizeof(ailments[0]) == AILMENT_COUNT,
	      "each ailment has its row");

const char *ailment_name(enum ailment ailment)
{
	return ailments[ailment].name;
}

const char *ailment_remedy(enum ailment ailment)
{
	return ailments[ailment].remedy;
}

void diagnosis_add(struct diagnosis *d, enum ailment ailment, const char *fmt,
		   ...)
{
	va_list args;

	if (d->count == DIAGNOSIS_MAX) {
		d->more++;
		return;
	}
	d->findings[d->count].ailment = ailment;
	va_start(args, fmt);
	vsnprintf(d->findings[d->count++].text, DIAGNOSIS_TEXT_SIZE, fmt, args);
	va_end(args);
}

bool diagnosis_info_field(const char *info, const char *name, char *out,
			  size_t size)
{
	size_t len = strlen(name);

	for (const char *line = info; line != NULL && *line != '\0';
	     line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 1;
		snprintf(out, size, "%.*s", (int)strcspn(line, "\r\n"), line);
		return true;
	}
	return false;
}

static bool says(const char *info, const char *name, const char *value)
{
	char text[100];

	return diagnosis_info_field(info, name, text, sizeof(text)) &&
	       strcmp(text, value) == 0;
}

/* 0 when it is not there. */
static int64_t number(const char *info, const char *name)
{
	char text[32];

	return diagnosis_info_field(info, name, text, sizeof(text))
		       ? strtoll(text, NULL, 10)
		       : 0;
}

static bool is_near(int64_t value, int64_t limit)
{
	return limit > 0 && value >= limit / 100 * DIAGNOSIS_NEAR_PCT;
}

/* "ip=10.0.0.2,port=6379,state=online,offset=1234,lag=0" */
static void take_replica(struct diagnosis *d, const char *line)
{
	const char *lag = strstr(line, ",lag=");
	int address = (int)strcspn(line, ",");

	if (strstr(line, ",state=online") == NULL)
		diagnosis_add(d, AILMENT_REPLICATION,
			      "the replica %.*s is not in step: %s", address,
			      line, line);
	else if (lag != NULL && strtoll(lag + 5, NULL, 10) > DIAGNOSIS_LAG_S)
		diagnosis_add(d, AILMENT_REPLICATION,
			      "the replica %.*s is %lld s behind", address,
			      line, strtoll(lag + 5, NULL, 10));
}

static void take_replication(struct diagnosis *d, const char *info)
{
	char host[100] = "?", port[16] = "?", line[200], name[32];

	if (says(info, "role", "slave")) {
		diagnosis_info_field(info, "master_host", host, sizeof(host));
		diagnosis_info_field(info, "master_port", port, sizeof(port));
		diagnosis_add(d, AILMENT_NOT_MASTER,
			      "the server is a replica of %s:%s and takes no "
			      "writes",
			      host, port);
	}
	if (says(info, "master_link_status", "down"))
		diagnosis_add(d, AILMENT_REPLICATION,
			      "the replica has lost its primary, %lld s ago",
			      (long long)number(
				      info, "master_link_down_since_seconds"));
	for (int i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "slave%d", i);
		if (!diagnosis_info_field(info, name, line, sizeof(line)))
			break;
		take_replica(d, line);
	}
}

static void take_memory(struct diagnosis *d, const char *info)
{
	int64_t used = number(info, "used_memory");
	int64_t most = number(info, "maxmemory");
	char policy[32] = "noeviction";

	diagnosis_info_field(info, "maxmemory_policy", policy, sizeof(policy));
	if (most > 0 && strcmp(policy, "noeviction") != 0)
		diagnosis_add(d, AILMENT_EVICTION,
			      "maxmemory is %" PRId64
			      " octets and maxmemory-policy %s: the server "
			      "will forget keys when it is full",
			      most, policy);
	if (is_near(used, most))
		diagnosis_add(d, AILMENT_SIZE,
			      "%" PRId64 " of %" PRId64
			      " octets of memory (maxmemory) are used",
			      used, most);
}

static void take_saving(struct diagnosis *d, const char *info)
{
	if (says(info, "rdb_last_bgsave_status", "err"))
		diagnosis_add(d, AILMENT_PERSISTENCE,
			      "the last save to disk failed");
	if (says(info, "aof_enabled", "1") &&
	    says(info, "aof_last_write_status", "err"))
		diagnosis_add(d, AILMENT_PERSISTENCE,
			      "the append-only file cannot be written");
}

static void take_clients(struct diagnosis *d, const char *info)
{
	int64_t clients = number(info, "connected_clients");
	int64_t most = number(info, "maxclients");
	int64_t cut = number(info, "client_output_buffer_limit_disconnections");

	if (is_near(clients, most))
		diagnosis_add(d, AILMENT_SIZE,
			      "%" PRId64 " of %" PRId64
			      " connections (maxclients) are used",
			      clients, most);
	if (cut > 0)
		diagnosis_add(d, AILMENT_BUFFERS,
			      "%" PRId64 " clients were cut off for reading "
			      "too slowly since the server started",
			      cut);
}

void diagnosis_take_info(struct diagnosis *d, const char *info)
{
	if (says(info, "loading", "1"))
		diagnosis_add(d, AILMENT_REFUSED,
			      "the server is still loading its data");
	take_replication(d, info);
	take_memory(d, info);
	take_saving(d, info);
	take_clients(d, info);
}

/* "CLASS HARD SOFT SECONDS", of each class; 0 is no limit. */
static void take_buffers(struct diagnosis *d, const char *value)
{
	static const struct {
		const char *class;
		int64_t least;
		const char *what;
	} needs[] = {
		{ "pubsub ", DIAGNOSIS_BUFFER_MIN, "notices and requests" },
		{ "normal ", 2 * (int64_t)BUS_VALUE_MAX, "plans and reports" },
	};

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		const char *at = strstr(value, needs[i].class);
		char *end;
		int64_t hard, soft;

		if (at == NULL)
			continue;
		hard = strtoll(at + strlen(needs[i].class), &end, 10);
		soft = strtoll(end, NULL, 10);
		if ((hard > 0 && hard < needs[i].least) ||
		    (soft > 0 && soft < needs[i].least))
			diagnosis_add(d, AILMENT_BUFFERS,
				      "client-output-buffer-limit %.*s: who "
				      "reads %s is cut off below %" PRId64
				      " octets",
				      (int)(end - at), at, needs[i].what,
				      needs[i].least);
	}
}

void diagnosis_take_config(struct diagnosis *d, const char *name,
			   const char *value)
{
	if (strcmp(name, "save") == 0 && *value == '\0')
		diagnosis_add(d, AILMENT_PERSISTENCE,
			      "neither save nor appendonly is set: the audit "
			      "on the bus ends with the server");
	else if (strcmp(name, "client-output-buffer-limit") == 0)
		take_buffers(d, value);
}

void diagnosis_take_clock(struct diagnosis *d, int64_t ahead_ms)
{
	if (ahead_ms > DIAGNOSIS_CLOCK_MS || ahead_ms < -DIAGNOSIS_CLOCK_MS)
		diagnosis_add(d, AILMENT_CLOCK,
			      "the server's clock is %.1f s %s ours",
			      (double)(ahead_ms < 0 ? -ahead_ms : ahead_ms) /
				      1000,
			      ahead_ms < 0 ? "behind" : "ahead of");
}

enum value_kind {
	KIND_PLAN,
	KIND_HEAD,
	KIND_NUMBER,
	KIND_LEASE,
	KIND_REPORT,
	KIND_NODE,
	KIND_SERVED,
	KIND_OTHER, /* not a string */
};

/* clang-format off */
static const struct key_row {
	const char *name;
	bool has_id; /* the name goes on with one */
	const char *type;
	enum value_kind kind;
	size_t most; /* octets; 0: no limit of its own */
} keys[] = {
	{ "plan",      false, "string", KIND_PLAN,   PLAN_OCTETS_MAX },
	{ "plan-head", false, "string", KIND_HEAD,   0 },
	{ "epoch",     false, "string", KIND_NUMBER, 0 },
	{ "lease",     false, "string", KIND_LEASE,  0 },
	{ "vantage:",  true,  "string", KIND_REPORT, REPORT_OCTETS_MAX },
	{ "node:",     true,  "string", KIND_NODE,   0 },
	{ "nodes",     false, "set",    KIND_OTHER,  0 },
	{ "served:",   true,  "string", KIND_SERVED, SERVED_OCTETS_MAX },
	{ "vantages",  false, "set",    KIND_OTHER,  0 },
	{ "edges",     false, "set",    KIND_OTHER,  0 },
	{ "notices:",  true,  "string", KIND_NUMBER, 0 },
	{ "audit",     false, "stream", KIND_OTHER,  0 },
};
/* clang-format on */

static const struct key_row *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].has_id ? strncmp(name, keys[i].name,
					     strlen(keys[i].name)) == 0
				   : strcmp(name, keys[i].name) == 0)
			return &keys[i];
	return NULL;
}

const char *diagnosis_type_of(const char *name)
{
	const struct key_row *row = find_key(name);

	return row == NULL ? NULL : row->type;
}

static void take_plan(struct diagnosis *d, const struct verifier *trusted,
		      const struct diagnosis_key *key)
{
	const char *payload;
	struct plan *plan;
	struct error err;
	size_t len;

	if (!sign_peek(key->octets, key->len, &payload, &len)) {
		diagnosis_add(d, AILMENT_UNSIGNED,
			      "%s is in no signed envelope", key->name);
		return;
	}
	if (trusted != NULL && !sign_unwrap(trusted, SIGN_PLAN, key->octets,
					    key->len, &payload, &len, &err)) {
		diagnosis_add(d, AILMENT_UNSIGNED, "%s: %s", key->name,
			      err.text);
		return;
	}
	plan = plan_parse(payload, len, &err);
	if (plan == NULL)
		diagnosis_add(d, AILMENT_UNREADABLE, "%s: %s", key->name,
			      err.text);
	plan_free(plan);
}

static void take_report(struct diagnosis *d, const struct witnesses *trusted,
			const struct diagnosis_key *key)
{
	struct error err = { .text = "it says to be of another vantage" };
	const char *vantage = key->name + strlen("vantage:"), *payload;
	struct report *report;
	size_t len;

	if (!witnesses_read(trusted, vantage, key->octets, key->len, &payload,
			    &len, &err)) {
		diagnosis_add(d, AILMENT_UNSIGNED, "%s: %s", key->name,
			      err.text);
		return;
	}
	report = report_parse(payload, len, &err);
	if (report == NULL || strcmp(report->vantage, vantage) != 0)
		diagnosis_add(d, AILMENT_UNREADABLE, "%s: %s", key->name,
			      err.text);
	report_free(report);
}

static void take_node(struct diagnosis *d, const struct diagnosis_key *key)
{
	struct error err = { .text = "it says to be another node" };
	struct node node;

	if (!node_parse(key->octets, key->len, &node, &err) ||
	    strcmp(node.name, key->name + strlen("node:")) != 0)
		diagnosis_add(d, AILMENT_UNREADABLE, "%s: %s", key->name,
			      err.text);
}

/* Whoever signed it. */
static void take_served(struct diagnosis *d, const struct diagnosis_key *key)
{
	struct error err = { .text = "it says to be of another edge" };
	const char *node = key->name + strlen("served:"), *payload;
	struct served *served;
	size_t len;

	if (!sign_peek(key->octets, key->len, &payload, &len)) {
		payload = key->octets;
		len = key->len;
	}
	served = served_parse(payload, len, &err);
	if (served == NULL || strcmp(served->node, node) != 0)
		diagnosis_add(d, AILMENT_UNREADABLE, "%s: %s", key->name,
			      err.text);
	served_free(served);
}

/* Decimal numbers, one space between; more may follow where rest is true. */
static void take_numbers(struct diagnosis *d, const struct diagnosis_key *key,
			 unsigned count, bool rest)
{
	const char *at = key->octets;

	for (unsigned i = 0; i < count; i++) {
		size_t digits = strspn(at, "0123456789");
		bool last = i + 1 == count && !rest;

		if (digits == 0 || digits > 16 ||
		    at[digits] != (last ? '\0' : ' ')) {
			diagnosis_add(d, AILMENT_UNREADABLE,
				      "%s holds \"%.20s\", which is not what "
				      "an agent writes",
				      key->name, key->octets);
			return;
		}
		at += digits + !last;
	}
}

void diagnosis_take_value(struct diagnosis *d,
			  const struct diagnosis_trust *trust,
			  const struct diagnosis_key *key)
{
	const struct key_row *row = find_key(key->name);

	if (row == NULL || key->octets == NULL)
		return;
	if (is_near((int64_t)key->len, (int64_t)row->most))
		diagnosis_add(d, AILMENT_SIZE,
			      "%s has %zu of the %zu octets that readers take",
			      key->name, key->len, row->most);
	switch (row->kind) {
	case KIND_PLAN:
		take_plan(d, trust->plans, key);
		break;
	case KIND_REPORT:
		take_report(d, trust->reports, key);
		break;
	case KIND_NODE:
		take_node(d, key);
		break;
	case KIND_SERVED:
		take_served(d, key);
		break;
	case KIND_HEAD:
		take_numbers(d, key, 2, false);
		break;
	case KIND_NUMBER:
		take_numbers(d, key, 1, false);
		break;
	case KIND_LEASE:
		take_numbers(d, key, 1, true);
		break;
	case KIND_OTHER:
		break;
	}
}

void diagnosis_take_set(struct diagnosis *d, const char *name, int64_t ids)
{
	if (is_near(ids, BUS_KEYS_MAX))
		diagnosis_add(d, AILMENT_SIZE,
			      "%s has %" PRId64
			      " ids; readers take no more than %d",
			      name, ids, BUS_KEYS_MAX);
}
