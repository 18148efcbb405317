/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/value.h"

#include "policy/base/nearest.h"
#include "policy/language/acceptance.h"
#include "policy/language/anchor.h"
#include "policy/language/binding.h"
#include "policy/language/calendar.h"
#include "policy/language/code.h"
#include "policy/language/metrics.h"
#include "policy/language/number.h"
#include "policy/language/probing.h"
#include "policy/language/refer.h"
#include "policy/language/responders.h"
#include "policy/language/scalar.h"
#include "policy/language/sources.h"
#include "policy/language/window.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define FOLLOWS(type, first, size, second)                    \
	static_assert(offsetof(type, second) ==               \
			      offsetof(type, first) + (size), \
		      "value_list() and the readers of pairs rely on it")

FOLLOWS(struct policy_zone, nameservers, sizeof(void *), nameserver_count);
FOLLOWS(struct policy_endpoint, a, sizeof(void *), a_count);
FOLLOWS(struct policy_endpoint, aaaa, sizeof(void *), aaaa_count);
FOLLOWS(struct policy_binding, alpn, sizeof(void *), alpn_count);
FOLLOWS(struct policy_binding, ech, sizeof(void *), ech_octets);
FOLLOWS(struct canary_stage, percents, sizeof(void *), percent_count);
FOLLOWS(struct policy_region, latitude, sizeof(double), longitude);
FOLLOWS(struct policy_vantage, latitude, sizeof(double), longitude);
FOLLOWS(struct policy_vantage, anchors, sizeof(void *), anchor_count);
FOLLOWS(struct policy_safety, confirm, sizeof(void *), confirm_count);
FOLLOWS(struct rollout_wave, nodes, sizeof(void *), node_count);
FOLLOWS(struct policy_verify, responders, sizeof(void *), responder_count);
FOLLOWS(struct policy_check, statuses, sizeof(void *), status_count);
FOLLOWS(struct policy_check, headers, sizeof(void *), header_count);
FOLLOWS(struct policy_window, spans, sizeof(void *), span_count);
FOLLOWS(struct policy_review, severities, sizeof(void *), severity_count);
FOLLOWS(struct policy_check, arguments, sizeof(void *), argument_count);
static_assert(sizeof(enum steer) == sizeof(unsigned), "words are unsigned");

void value_list(void *target, void *list, size_t count)
{
	memcpy(target, &list, sizeof(list));
	memcpy((char *)target + sizeof(list), &count, sizeof(count));
}

const char *value_want(const struct schema_row *row, char *buf, size_t size)
{
	size_t used;

	if (row->words == NULL)
		return schema_kind_text(row->kind);
	used = (size_t)snprintf(buf, size, "%s", row->words[0]);
	for (size_t i = 1; row->words[i] != NULL && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 row->words[i + 1] == NULL ? " or "
								   : ", ",
					 row->words[i]);
	return buf;
}

void value_refuse(struct draft *d, const struct schema_row *row,
		  struct tree *node)
{
	char buf[120];
	const char *want = value_want(row, buf, sizeof(buf));

	if (tree_is_empty(node))
		draft_refuse(d, CODE_VALUE_WRONG, node, "%s is empty; write %s",
			     row->key, want);
	else if (node->kind == TREE_TEXT)
		draft_refuse(d, CODE_VALUE_WRONG, node,
			     "%s is \"%.80s\"; write %s", row->key, node->text,
			     want);
	else if (node->kind == TREE_NONE)
		node->refused = true;
	else
		draft_refuse(d, CODE_VALUE_WRONG, node, "%s is %s; write %s",
			     row->key,
			     node->kind == TREE_LIST && node->count == 0
				     ? "an empty list"
				     : tree_kind_name(node->kind),
			     want);
}

const char *value_text(struct draft *d, const struct schema_row *row,
		       struct tree *node)
{
	if (node->kind == TREE_TEXT && !tree_is_empty(node))
		return node->text;
	value_refuse(d, row, node);
	return NULL;
}

size_t value_items(struct draft *d, const struct schema_row *row,
		   struct tree *node, struct tree **first)
{
	if (node->kind == TREE_TEXT && !tree_is_empty(node)) {
		*first = node;
		return 1;
	}
	if (node->kind != TREE_LIST || node->count == 0) {
		value_refuse(d, row, node);
		return 0;
	}
	*first = node->first;
	for (struct tree *at = node->first; at != NULL; at = at->next)
		if (value_text(d, row, at) == NULL)
			node->refused = true;
	return node->count;
}

bool value_fits(struct draft *d, const struct schema_row *row,
		struct tree *node, size_t count, const char *nouns)
{
	if (count <= (size_t)row->max)
		return true;
	draft_refuse(d, CODE_TOO_MANY, node,
		     "%s has %zu %s; at most %g are allowed", row->key, count,
		     nouns, row->max);
	return false;
}

static void put_text(struct draft *d, const char *text, void *target)
{
	const char *copy = draft_text(d, text);

	memcpy(target, &copy, sizeof(copy));
}

static void read_text(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	if (node->kind == TREE_TEXT && node->text[0] != '\0')
		put_text(d, node->text, target);
	else
		value_refuse(d, row, node);
}

static void read_path(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);

	if (text == NULL)
		return;
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || text[0] != '/') {
			value_refuse(d, row, node);
			return;
		}
	put_text(d, text, target);
}

static const char *join(struct draft *d, const char *name)
{
	char path[SOURCES_PATH_SIZE];

	if (!sources_join(d->sources, name, path)) {
		errors_add(d->errs, CODE_FILE_UNREADABLE, (struct place){ 0 },
			   "path %.80s... is too long", name);
		return NULL;
	}
	return draft_text(d, path);
}

static void read_file(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	const char *path;

	/* The caller reads what has no place in a struct. */
	if (text == NULL || row->offset == SIZE_MAX)
		return;
	path = join(d, text);
	memcpy(target, &path, sizeof(path));
}

static void read_files(struct draft *d, const struct schema_row *row,
		       struct tree *node, void *target)
{
	struct policy_geo *geo =
		(struct policy_geo *)(void *)((char *)target - row->offset);
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);

	if (count > (size_t)row->max) {
		draft_refuse(d, CODE_TOO_MANY, node,
			     "%s has %zu files; at most %g are read", row->key,
			     count, row->max);
		return;
	}
	if (node->refused)
		return;
	geo->databases = draft_alloc(d, count, sizeof(char *));
	geo->database_at = draft_alloc(d, count, sizeof(struct place));
	if (geo->databases == NULL || geo->database_at == NULL)
		return;
	geo->database_count = count;
	for (size_t i = 0; i < count; i++, at = at->next) {
		geo->databases[i] = join(d, at->text);
		geo->database_at[i] = at->at;
	}
}

static void read_host(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	char name[SCALAR_DOMAIN_SIZE];

	if (text == NULL)
		return;
	if (!scalar_domain(text, name)) {
		value_refuse(d, row, node);
		return;
	}
	name[strlen(name) - 1] = '\0';
	put_text(d, name, target);
}

static void read_domain(struct draft *d, const struct schema_row *row,
			struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	char name[SCALAR_DOMAIN_SIZE];

	if (text == NULL)
		return;
	if (!scalar_domain(text, name))
		value_refuse(d, row, node);
	else
		put_text(d, name, target);
}

static void read_mailbox(struct draft *d, const struct schema_row *row,
			 struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	char name[SCALAR_DOMAIN_SIZE];

	if (text == NULL)
		return;
	if (!scalar_mailbox(text, name))
		value_refuse(d, row, node);
	else
		put_text(d, name, target);
}

static void read_domains(struct draft *d, const struct schema_row *row,
			 struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	const char **list;

	if (!value_fits(d, row, node, count, "names"))
		return;
	list = draft_alloc(d, count, sizeof(char *));
	if (list == NULL || count == 0)
		return;
	for (size_t i = 0; i < count; i++, at = at->next) {
		if (!at->refused)
			read_domain(d, row, at, &list[i]);
		if (at->refused)
			node->refused = true;
	}
	if (!node->refused)
		value_list(target, list, count);
}

static void read_word(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	char known[120];
	const char *near;
	unsigned count = 0;

	if (text == NULL)
		return;
	for (; row->words[count] != NULL; count++) {
		if (strcmp(row->words[count], text) == 0) {
			if (row->kind == SCHEMA_FLAG)
				*(bool *)target = count == 1;
			else
				memcpy(target, &count, sizeof(count));
			return;
		}
	}
	near = nearest_word(text, row->words, count);
	if (near != NULL)
		draft_refuse(d, CODE_WORD_UNKNOWN, node,
			     "%s \"%.63s\" is not known; did you mean \"%s\"?",
			     row->key, text, near);
	else
		draft_refuse(d, CODE_WORD_UNKNOWN, node,
			     "%s \"%.63s\" is not known; write %s", row->key,
			     text, value_want(row, known, sizeof(known)));
}

/* AS 0 is nobody's: RFC 7607. */
static void read_asn(struct draft *d, const struct schema_row *row,
		     struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	uint32_t asn;

	if (text == NULL)
		return;
	if (!scalar_asn(text, &asn) || asn == 0)
		value_refuse(d, row, node);
	else
		memcpy(target, &asn, sizeof(asn));
}

static void read_addr(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	struct net_addr addr;

	if (text == NULL)
		return;
	if (!net_addr_parse(text, &addr))
		value_refuse(d, row, node);
	else
		memcpy(target, &addr, sizeof(addr));
}

/* One address of an RRset; before[0..count) are those already taken. */
static void read_rr_addr(struct draft *d, const struct schema_row *row,
			 struct tree *node, struct net_addr *before,
			 size_t count)
{
	bool v4 = row->kind == SCHEMA_V4;
	struct net_addr addr;

	if (!net_addr_parse(node->text, &addr)) {
		value_refuse(d, row, node);
	} else if ((addr.family == NET_V4) != v4) {
		draft_refuse(d, CODE_VALUE_WRONG, node,
			     "%s has the %s address %s; write it below %s",
			     row->key, v4 ? "IPv6" : "IPv4", node->text,
			     v4 ? "AAAA" : "A");
	} else {
		before[count] = addr;
		if (net_is_among(&addr, before, count))
			draft_refuse(d, CODE_VALUE_TWICE, node,
				     "%s has %s twice; remove one", row->key,
				     node->text);
	}
}

static void read_addrs(struct draft *d, const struct schema_row *row,
		       struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	struct net_addr *list;

	if (!value_fits(d, row, node, count, "addresses"))
		return;
	list = draft_alloc(d, count, sizeof(*list));
	if (list == NULL || count == 0)
		return;
	for (size_t i = 0; i < count; i++, at = at->next) {
		if (!at->refused)
			read_rr_addr(d, row, at, list, i);
		if (at->refused)
			node->refused = true;
	}
	if (!node->refused)
		value_list(target, list, count);
}

static value_reader *const readers[] = {
	[SCHEMA_TEXT] = read_text,
	[SCHEMA_PATH] = read_path,
	[SCHEMA_FILE] = read_file,
	[SCHEMA_FILES] = read_files,
	[SCHEMA_HOST] = read_host,
	[SCHEMA_DOMAIN] = read_domain,
	[SCHEMA_DOMAINS] = read_domains,
	[SCHEMA_MAILBOX] = read_mailbox,
	[SCHEMA_NUMBER] = number_read,
	[SCHEMA_WHOLE] = number_read,
	[SCHEMA_PORT] = number_read,
	[SCHEMA_PERCENT] = number_read,
	[SCHEMA_PERCENTS] = number_read,
	[SCHEMA_SECONDS] = number_read,
	[SCHEMA_MILLIS] = number_read,
	[SCHEMA_WAY] = number_read,
	[SCHEMA_BITS] = number_read,
	[SCHEMA_STATUS] = probing_read,
	[SCHEMA_LINE] = probing_read,
	[SCHEMA_URL] = metrics_read,
	[SCHEMA_QUERY] = metrics_read,
	[SCHEMA_VECTOR] = metrics_read,
	[SCHEMA_QTYPE] = probing_read,
	[SCHEMA_PROGRAM] = probing_read,
	[SCHEMA_TEXTS] = probing_read,
	[SCHEMA_FIELD] = probing_read,
	[SCHEMA_FIELDS] = probing_read,
	[SCHEMA_LOCATION] = number_read,
	[SCHEMA_WORD] = read_word,
	[SCHEMA_FLAG] = read_word,
	[SCHEMA_ASN] = read_asn,
	[SCHEMA_ADDR] = read_addr,
	[SCHEMA_V4] = read_addrs,
	[SCHEMA_V6] = read_addrs,
	[SCHEMA_TARGET] = binding_read,
	[SCHEMA_ALPN] = binding_read,
	[SCHEMA_ECH] = binding_read,
	[SCHEMA_TIMEZONE] = calendar_read,
	[SCHEMA_DAYS] = calendar_read,
	[SCHEMA_HOURS] = calendar_read,
	[SCHEMA_INSTANT] = calendar_read,
	[SCHEMA_ANCHORS] = anchor_read,
	[SCHEMA_RESPONDERS] = responders_read,
	[SCHEMA_CODE] = acceptance_read,
	[SCHEMA_SEVERITIES] = acceptance_read,
	[SCHEMA_SET] = refer_read,
	[SCHEMA_HEALTH] = NULL,
	[SCHEMA_SERVICE] = refer_read,
	[SCHEMA_REGION] = refer_read,
	[SCHEMA_REGIONS] = refer_read,
	[SCHEMA_JURISDICTIONS] = refer_read,
	[SCHEMA_NEW_JURISDICTIONS] = refer_read,
	[SCHEMA_WINDOWS] = refer_read,
	[SCHEMA_CHECKS] = NULL,
	[SCHEMA_ENDPOINTS] = NULL,
	[SCHEMA_ORDER] = NULL,
	[SCHEMA_STEP] = NULL,
};

static_assert(sizeof(readers) / sizeof(readers[0]) == SCHEMA_STEP + 1,
	      "a row a kind");

void value_read(struct draft *d, const struct schema_row *row,
		struct tree *node, void *target)
{
	if (readers[row->kind] != NULL)
		readers[row->kind](d, row, node, target);
}
