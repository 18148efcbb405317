/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/probing.h"

#include "policy/language/code.h"
#include "policy/language/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ldns/ldns.h>

static bool read_range(struct draft *d, const struct schema_row *row,
		       struct tree *node, struct status_range *out)
{
	uint32_t first, last;

	if (!scalar_range(node->text, &first, &last))
		value_refuse(d, row, node);
	else if (first < row->min || last > row->max)
		draft_refuse(d, CODE_VALUE_RANGE, node,
			     "%s is %.80s; it must be %g to %g", row->key,
			     node->text, row->min, row->max);
	else
		*out = (struct status_range){ (uint16_t)first, (uint16_t)last };
	return !node->refused;
}

static void read_statuses(struct draft *d, const struct schema_row *row,
			  struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	struct status_range *list = draft_alloc(d, count, sizeof(*list));

	if (list == NULL || count == 0)
		return;
	for (size_t i = 0; i < count; i++, at = at->next)
		if (at->refused || !read_range(d, row, at, &list[i]))
			node->refused = true;
	if (!node->refused)
		value_list(target, list, count);
}

/* RFC 9110, 5.6.2 */
static bool is_token(const char *text)
{
	static const char letters[] = "!#$%&'*+-.^_`|~0123456789"
				      "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return text[0] != '\0' && strspn(text, letters) == strlen(text);
}

/* Of ASCII, RFC 9110, 5.5; blanks around a value are none of it. */
static bool is_line(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len > 0 && text[0] != ' ' && text[len - 1] != ' ';
}

static void put_text(struct draft *d, const char *text, void *target)
{
	const char *copy = draft_text(d, text);

	memcpy(target, &copy, sizeof(copy));
}

static void read_line(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);

	if (text == NULL)
		return;
	if (!is_line(text))
		value_refuse(d, row, node);
	else
		put_text(d, text, target);
}

/* RFC 6895, 3.1: 128 to 255 are no types of records. */
static void read_qtype(struct draft *d, const struct schema_row *row,
		       struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	unsigned type;

	if (text == NULL)
		return;
	type = ldns_get_rr_type_by_name(text);
	if (type == 0 || type > UINT16_MAX || (type >= 128 && type <= 255) ||
	    type == LDNS_RR_TYPE_OPT)
		value_refuse(d, row, node);
	else
		*(uint16_t *)target = (uint16_t)type;
}

/* Fields that say where a message goes and ends are not the operator's. */
static bool allow_field(struct draft *d, const char *name, struct tree *node)
{
	static const struct {
		const char *name, *instead;
	} taken[] = {
		{ "Host", "write host:" },
		{ "User-Agent", "write user_agent:" },
		{ "Connection", "write connection:" },
		{ "Content-Length", "remove it" },
		{ "Expect", "remove it" },
		{ "TE", "remove it" },
		{ "Transfer-Encoding", "remove it" },
		{ "Upgrade", "remove it" },
	};

	if (!is_token(name)) {
		draft_refuse(d, CODE_VALUE_WRONG, node,
			     "\"%.63s\" is no name of a header field; write "
			     "one like X-Probe",
			     name);
		return false;
	}
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcasecmp(taken[i].name, name) == 0) {
			draft_refuse(d, CODE_VALUE_WRONG, node,
				     "header field %s is not set here; %s",
				     taken[i].name, taken[i].instead);
			return false;
		}
	return true;
}

static void read_field(struct draft *d, const struct schema_row *row,
		       struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);

	if (text != NULL && allow_field(d, text, node))
		put_text(d, text, target);
}

static void read_fields(struct draft *d, const struct schema_row *row,
			struct tree *node, void *target)
{
	struct policy_field *list;
	struct tree *at = node->first;

	if (node->kind != TREE_MAP) {
		value_refuse(d, row, node);
		return;
	}
	if (node->count == 0) {
		draft_refuse(d, CODE_VALUE_WRONG, node,
			     "%s is empty; write at least one", row->key);
		return;
	}
	if ((double)node->count > row->max) {
		draft_refuse(d, CODE_TOO_MANY, node,
			     "%s has %zu fields; at most %g are sent", row->key,
			     node->count, row->max);
		return;
	}
	list = draft_alloc(d, node->count, sizeof(*list));
	if (list == NULL)
		return;
	for (size_t i = 0; i < node->count; i++, at = at->next) {
		if (allow_field(d, at->key->text, at))
			put_text(d, at->key->text, &list[i].name);
		if (!at->refused &&
		    (at->kind != TREE_TEXT || !is_line(at->text)))
			draft_refuse(d, CODE_VALUE_WRONG, at,
				     "%s of \"%.63s\" must be a text of one "
				     "line in ASCII",
				     row->key, at->key->text);
		if (at->refused)
			node->refused = true;
		else
			put_text(d, at->text, &list[i].value);
	}
	if (!node->refused)
		value_list(target, list, node->count);
}

/* Of a folder that the prober was given: no path leads out of it. */
static void read_program(struct draft *d, const struct schema_row *row,
			 struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);

	if (text == NULL)
		return;
	if (!is_line(text) || text[0] == '.' || strchr(text, '/') != NULL ||
	    strlen(text) > POLICY_NAME_MAX)
		value_refuse(d, row, node);
	else
		put_text(d, text, target);
}

static void read_texts(struct draft *d, const struct schema_row *row,
		       struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	const char **list = draft_alloc(d, count, sizeof(*list));

	if (!value_fits(d, row, node, count, "items"))
		return;
	if (list == NULL || count == 0 || node->refused)
		return;
	for (size_t i = 0; i < count; i++, at = at->next)
		list[i] = draft_text(d, at->text);
	value_list(target, list, count);
}

void probing_read(struct draft *d, const struct schema_row *row,
		  struct tree *node, void *target)
{
	static value_reader *const readers[] = {
		[SCHEMA_STATUS] = read_statuses,
		[SCHEMA_LINE] = read_line,
		[SCHEMA_QTYPE] = read_qtype,
		[SCHEMA_PROGRAM] = read_program,
		[SCHEMA_TEXTS] = read_texts,
		[SCHEMA_FIELD] = read_field,
		[SCHEMA_FIELDS] = read_fields,
	};

	readers[row->kind](d, row, node, target);
}

enum {
	OF_HTTP = 1 << CHECK_HTTP,
	OF_HTTPS = 1 << CHECK_HTTPS,
	OF_TCP = 1 << CHECK_TCP,
	OF_DNS = 1 << CHECK_DNS,
	OF_EXTERNAL = 1 << CHECK_EXTERNAL,
	OF_WEB = OF_HTTP | OF_HTTPS,
};

/* clang-format off */
static const struct key_rule {
	const char *map; /* the key is inside of this one; NULL: of the check */
	const char *key;
	int types;         /* that know it */
	const char *whose; /* in words */
} rules[] = {
	{ NULL, "path",               OF_WEB,   "http and https" },
	{ NULL, "host", OF_WEB | OF_EXTERNAL,   "http, https and external" },
	{ NULL, "program",        OF_EXTERNAL,  "external" },
	{ NULL, "arguments",      OF_EXTERNAL,  "external" },
	{ "expect", "status",         OF_WEB,   "http and https" },
	{ "expect", "body",  OF_WEB | OF_TCP,   "http, https and tcp" },
	{ "expect", "rcode",          OF_DNS,   "dns" },
	{ "expect", "rdata",          OF_DNS,   "dns" },
	{ NULL, "query",              OF_DNS,   "dns" },
	{ NULL, "verify",             OF_HTTPS, "https" },
	{ NULL, "certificate_left",   OF_HTTPS, "https" },
	{ NULL, "client_certificate", OF_HTTPS, "https" },
	{ NULL, "client_key",         OF_HTTPS, "https" },
	{ NULL, "http",               OF_WEB,   "http and https" },
	{ NULL, "connection",         OF_WEB,   "http and https" },
	{ NULL, "headers",            OF_WEB,   "http and https" },
	{ NULL, "user_agent",         OF_WEB,   "http and https" },
	{ NULL, "identity",           OF_WEB,   "http and https" },
	{ NULL, "send",               OF_TCP,   "tcp" },
};
/* clang-format on */

static void judge_keys(struct draft *d, const struct policy_check *check,
		       const struct tree *node)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct tree *map =
			rules[i].map == NULL ? node
					     : tree_find(node, rules[i].map);
		const struct tree *at = tree_find(map, rules[i].key);

		if (at != NULL && (rules[i].types & 1 << check->type) == 0)
			errors_add(d->errs, CODE_KEY_POINTLESS, at->key->at,
				   "%s is for %s checks, and \"%s\" is %s; "
				   "remove it",
				   rules[i].key, rules[i].whose, check->name,
				   check_type_name(check->type));
	}
}

static void judge_port(struct draft *d, struct policy_check *check,
		       const struct tree *node)
{
	static const uint16_t ports[] = {
		[CHECK_HTTP] = 80, [CHECK_HTTPS] = 443,  [CHECK_TCP] = 0,
		[CHECK_DNS] = 53,  [CHECK_EXTERNAL] = 0,
	};
	struct tree *port;

	if (!draft_usable(node, "port", &port) || port != NULL)
		return;
	if (check->type == CHECK_TCP)
		errors_add(d->errs, CODE_KEY_MISSING, check->at,
			   "check \"%s\" is tcp and has no port; write port:",
			   check->name);
	check->port = ports[check->type];
}

static void judge_program(struct draft *d, const struct policy_check *check,
			  const struct tree *node)
{
	if (check->type == CHECK_EXTERNAL && tree_find(node, "program") == NULL)
		errors_add(d->errs, CODE_KEY_MISSING, check->at,
			   "check \"%s\" is external and has no program; "
			   "write program:",
			   check->name);
}

static bool is_rdata(uint16_t type, const char *text)
{
	ldns_rr *rr = NULL;
	ldns_status status = LDNS_STATUS_MEM_ERR;
	char *line;

	if (asprintf(&line, ". 0 IN TYPE%u %s", type, text) >= 0) {
		status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);
		free(line);
	}
	if (status != LDNS_STATUS_OK)
		return false;
	ldns_rr_free(rr);
	return true;
}

static void judge_query(struct draft *d, const struct policy_check *check,
			const struct tree *node)
{
	const struct tree *expect = tree_find(node, "expect");
	struct tree *query, *type, *rcode, *rdata;

	if (check->type != CHECK_DNS || !draft_usable(node, "query", &query))
		return;
	if (query == NULL)
		errors_add(d->errs, CODE_KEY_MISSING, check->at,
			   "check \"%s\" is dns and has no query; write query:",
			   check->name);
	if (!draft_usable(expect, "rdata", &rdata) || rdata == NULL)
		return;
	if (draft_usable(expect, "rcode", &rcode) && check->rcode != 0)
		errors_add(d->errs, CODE_KEY_POINTLESS, rdata->key->at,
			   "an answer with rcode %s has no records; remove "
			   "rdata",
			   policy_rcodes[check->rcode]);
	if (draft_usable(query, "type", &type) && type != NULL &&
	    !is_rdata(check->query_type, rdata->text))
		errors_add(d->errs, CODE_VALUE_WRONG, rdata->at,
			   "rdata \"%.80s\" is not what a record of type %s "
			   "holds; write it as in a master file",
			   rdata->text, type->text);
}

static void judge_client(struct draft *d, const struct tree *node)
{
	const struct tree *key = tree_find(node, "client_key");

	if (key != NULL && tree_find(node, "client_certificate") == NULL)
		errors_add(d->errs, CODE_KEY_POINTLESS, key->key->at,
			   "client_key is of no use without a certificate; "
			   "write client_certificate:");
}

void probing_judge(struct draft *d, struct policy_check *check,
		   const struct tree *node)
{
	judge_keys(d, check, node);
	judge_port(d, check, node);
	judge_client(d, node);
	judge_query(d, check, node);
	judge_program(d, check, node);
}

const char *probing_key_for_wildcards(const struct policy_check *check)
{
	if (check->type == CHECK_DNS)
		return check->query_name == NULL ? "query.name" : NULL;
	return check->type != CHECK_TCP && check->host == NULL ? "host" : NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool probing_asks_same(const struct policy_check *a,
		       const struct policy_check *b)
{
	return a->type == b->type && a->port == b->port &&
	       a->type != CHECK_EXTERNAL && same_text(a->path, b->path) &&
	       same_text(a->host, b->host) && same_text(a->send, b->send) &&
	       same_text(a->query_name, b->query_name) &&
	       a->query_type == b->query_type;
}
