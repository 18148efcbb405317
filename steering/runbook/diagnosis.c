/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/diagnosis.h"

#include "policy/bus/bus.h"

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
	[AILMENT_TLS]         = { "tls",         "write rediss:// where the server speaks TLS, and redis:// where it does not" },
	[AILMENT_CERTIFICATE] = { "certificate", "renew it; programs read the new one at their next reconnect, Redis with CONFIG SET tls-cert-file" },
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
	[AILMENT_SENTINEL]    = { "sentinel",    "start it, or correct the hosts and the name of the master in the url (SENTINEL MASTERS tells names)" },
	[AILMENT_QUORUM]      = { "quorum",      "run three sentinels on machines that do not fail together, all with the same \"sentinel monitor NAME HOST PORT 2\"" },
	[AILMENT_DISAGREEMENT] = { "disagreement", "ask again in a minute: a fail-over may be under way; if it stays, see that they reach each other, and SENTINEL RESET or CLUSTER MEET the one that is behind" },
	[AILMENT_CLUSTER]     = { "cluster",     "see redis-cli --cluster check HOST:PORT, and mend it with --cluster fix" },
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
	struct symptom *symptom;
	va_list args;

	if (d->count == DIAGNOSIS_MAX) {
		d->more++;
		return;
	}
	symptom = &d->findings[d->count++];
	symptom->ailment = ailment;
	symptom->remedy = ailments[ailment].remedy;
	memcpy(symptom->about, d->about, sizeof(symptom->about));
	va_start(args, fmt);
	vsnprintf(symptom->text, sizeof(symptom->text), fmt, args);
	va_end(args);
}

/* Which of the three it is, the words say. */
void diagnosis_add_trouble(struct diagnosis *d, const char *words,
			   const char *detail)
{
	enum ailment ailment =
		strstr(words, "certificate") != NULL ? AILMENT_CERTIFICATE
		: strstr(words, "TLS") != NULL       ? AILMENT_TLS
						     : AILMENT_UNREACHABLE;
	size_t len = strcspn(words, ":;"), before = d->count;

	diagnosis_add(d, ailment, "%.*s%s%s%s", (int)len, words,
		      *detail == '\0' ? "" : " (", detail,
		      *detail == '\0' ? "" : ")");
	if (words[len] != '\0' && d->count > before)
		d->findings[before].remedy = words + len + 2;
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

bool diagnosis_is_near(int64_t value, int64_t limit)
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

static void take_lost_primary(struct diagnosis *d, const char *info)
{
	int64_t since_s = number(info, "master_link_down_since_seconds");

	if (!says(info, "master_link_status", "down"))
		return;
	if (since_s < 0)
		diagnosis_add(d, AILMENT_REPLICATION,
			      "the replica has not reached its primary yet");
	else
		diagnosis_add(d, AILMENT_REPLICATION,
			      "the replica has lost its primary, %" PRId64
			      " s ago",
			      since_s);
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
	take_lost_primary(d, info);
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
	if (diagnosis_is_near(used, most))
		diagnosis_add(d, AILMENT_SIZE,
			      "%" PRId64 " of %" PRId64
			      " octets of memory (maxmemory) are used",
			      used, most);
}

static void take_saving(struct diagnosis *d, const char *info)
{
	if (says(info, "rdb_last_bgsave_status", "err"))
		diagnosis_add(d, AILMENT_PERSISTENCE,
			      "the last save to disk failed; unless "
			      "stop-writes-on-bgsave-error is no, writes are "
			      "refused");
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

	if (diagnosis_is_near(clients, most))
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

void diagnosis_take_replica(struct diagnosis *d, const char *info,
			    const char *master)
{
	char host[200] = "?", port[16] = "?", at[220];

	diagnosis_info_field(info, "master_host", host, sizeof(host));
	diagnosis_info_field(info, "master_port", port, sizeof(port));
	snprintf(at, sizeof(at), "%s:%s", host, port);
	if (!says(info, "role", "slave"))
		diagnosis_add(d, AILMENT_REPLICATION,
			      "it is a master, and should be a replica");
	else if (*master != '\0' && strcmp(at, master) != 0)
		diagnosis_add(d, AILMENT_REPLICATION,
			      "it is a replica of %s, not of the master %s", at,
			      master);
	take_lost_primary(d, info);
	take_memory(d, info);
	take_clients(d, info);
}

bool diagnosis_info_replica(const char *info, unsigned nth, char *host,
			    size_t size, uint16_t *port)
{
	char name[32], line[300];
	const char *at, *number;

	snprintf(name, sizeof(name), "slave%u", nth);
	if (!diagnosis_info_field(info, name, line, sizeof(line)) ||
	    strncmp(line, "ip=", 3) != 0)
		return false;
	at = line + 3;
	number = strstr(at, ",port=");
	if (number == NULL || (size_t)(number - at) >= size)
		return false;
	snprintf(host, size, "%.*s", (int)(number - at), at);
	*port = (uint16_t)strtoul(number + 6, NULL, 10);
	return *port != 0;
}

void diagnosis_take_paper(struct diagnosis *d, const char *whose,
			  int64_t left_s)
{
	if (left_s / 86400 < DIAGNOSIS_PAPER_DAYS)
		diagnosis_add(d, AILMENT_CERTIFICATE,
			      "%s certificate ends in %" PRId64 " days", whose,
			      left_s / 86400);
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

static void take_replicas_due(struct diagnosis *d, const char *value,
			      const char *info)
{
	int64_t due = strtoll(value, NULL, 10);
	int64_t good = number(info, "min_slaves_good_slaves");

	/* The server tells of them only where some are due. */
	if (good >= 0 && good < due)
		diagnosis_add(d, AILMENT_REPLICATION,
			      "it refuses writes: min-replicas-to-write is "
			      "%" PRId64 ", and %" PRId64
			      " replicas are in step",
			      due, good);
}

void diagnosis_take_config(struct diagnosis *d, const char *name,
			   const char *value, const char *info)
{
	if (strcmp(name, "save") == 0 && *value == '\0')
		diagnosis_add(d, AILMENT_PERSISTENCE,
			      "neither save nor appendonly is set: the audit "
			      "on the bus ends with the server");
	else if (strcmp(name, "client-output-buffer-limit") == 0)
		take_buffers(d, value);
	else if (strcmp(name, "min-replicas-to-write") == 0)
		take_replicas_due(d, value, info);
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
