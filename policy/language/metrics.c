/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/metrics.h"

#include "policy/language/code.h"
#include "policy/language/placeholder.h"

#include <string.h>

enum { URL_MAX = 1000 };

static void put_text(struct draft *d, const char *text, size_t len,
		     void *target)
{
	char *copy = draft_alloc(d, len + 1, 1);

	if (copy == NULL)
		return;
	memcpy(copy, text, len);
	memcpy(target, &copy, sizeof(copy));
}

/* Of a server: with a host, without what only a page has. */
static bool is_url(const char *text)
{
	size_t scheme = strncmp(text, "http://", 7) == 0    ? 7
			: strncmp(text, "https://", 8) == 0 ? 8
							    : 0;

	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}?#", *c))
			return false;
	return scheme > 0 && text[scheme] != '\0' && text[scheme] != '/' &&
	       strlen(text) <= URL_MAX;
}

static void read_url(struct draft *d, const struct schema_row *row,
		     struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	size_t len;

	if (text == NULL)
		return;
	if (!is_url(text)) {
		value_refuse(d, row, node);
		return;
	}
	len = strlen(text);
	while (text[len - 1] == '/')
		len--;
	put_text(d, text, len, target);
}

static void read_query(struct draft *d, const struct schema_row *row,
		       struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	const char *at = text;
	enum placeholder which;
	size_t len;

	if (text == NULL)
		return;
	for (; (at = placeholder_find(at, &which, &len)) != NULL; at += len)
		if (which == PLACEHOLDER_UNKNOWN) {
			draft_refuse(d, CODE_VALUE_WRONG, node,
				     "%s has %.*s, which stands for nothing; "
				     "write " PLACEHOLDER_WORDS,
				     row->key, (int)(len < 40 ? len : 40), at);
			return;
		}
	if (!placeholder_in(text, PLACEHOLDER_ARM) &&
	    !placeholder_in(text, PLACEHOLDER_ENDPOINTS)) {
		draft_refuse(d, CODE_CANARY_QUERY, node,
			     "%s asks the same of the canary and of the "
			     "stable version; use $arm or $endpoints",
			     row->key);
		return;
	}
	put_text(d, text, strlen(text), target);
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

/* One for all endpoints: there is nothing that a placeholder would be. */
static void read_vector(struct draft *d, const struct schema_row *row,
			struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	enum placeholder which;
	const char *at;
	size_t len;

	if (text == NULL)
		return;
	at = placeholder_find(text, &which, &len);
	if (is_blank(text))
		value_refuse(d, row, node);
	else if (at != NULL)
		draft_refuse(d, CODE_VALUE_WRONG, node,
			     "%s has %.*s, which stands for nothing here: one "
			     "query is asked for all endpoints; have its "
			     "labels say which",
			     row->key, (int)(len < 40 ? len : 40), at);
	else
		put_text(d, text, strlen(text), target);
}

void metrics_read(struct draft *d, const struct schema_row *row,
		  struct tree *node, void *target)
{
	static value_reader *const readers[] = { read_url, read_query,
						 read_vector };

	readers[row->kind - SCHEMA_URL](d, row, node, target);
}

/* Its key of that name, where there is one and it should not be. */
static void refuse_key(struct draft *d, const struct policy_canary *c,
		       const struct tree *metrics, const char *key)
{
	const struct tree *node = tree_find(metrics, key);

	if (node != NULL)
		errors_add(d->errs, CODE_KEYS_BOTH, node->key->at,
			   "canary \"%s\" is measured by edges, which need no "
			   "%s; remove one of the two",
			   c->name, key);
}

static void judge_source(struct draft *d, const struct policy_canary *c,
			 const struct tree *metrics)
{
	static const char *const keys[] = { "prometheus", "errors", "requests",
					    "latency", "timeout" };
	const struct policy_metrics *m = &c->metrics;

	for (size_t i = 0; m->edges && i < sizeof(keys) / sizeof(keys[0]); i++)
		refuse_key(d, c, metrics, keys[i]);
	if (m->edges)
		return;
	if (tree_find(metrics, "prometheus") == NULL)
		errors_add(d->errs, CODE_KEY_MISSING, metrics->key->at,
			   "metrics of canary \"%s\" have no source; write "
			   "prometheus, or edges: true",
			   c->name);
	else if (tree_find(metrics, "errors") == NULL ||
		 tree_find(metrics, "requests") == NULL)
		errors_add(d->errs, CODE_KEY_MISSING, metrics->key->at,
			   "metrics of canary \"%s\" need queries for errors "
			   "and for requests; write both",
			   c->name);
}

/* Keys of rollback_when that nothing would look at. */
static void judge_unmeasured(struct draft *d, const struct policy_canary *c,
			     const struct tree *node)
{
	const struct tree *when = tree_find(node, "rollback_when");

	if (when != NULL)
		errors_add(d->errs, CODE_KEY_POINTLESS, when->key->at,
			   "canary \"%s\" is not measured, so rollback_when "
			   "never is; write metrics or remove it",
			   c->name);
}

static void judge_times(struct draft *d, const struct policy_canary *c,
			const struct tree *metrics)
{
	if (c->metrics.timeout_ms > c->metrics.interval_ms)
		errors_add(
			d->errs, CODE_TIMES_ORDER,
			draft_place(metrics, "timeout"),
			"metrics of canary \"%s\" have a timeout longer than "
			"their interval; make it shorter",
			c->name);
	if (c->rollback.no_data_ms < 4 * c->metrics.interval_ms)
		errors_add(d->errs, CODE_TIMES_ORDER,
			   draft_place(metrics, "interval"),
			   "metrics of canary \"%s\" come less than four times "
			   "within no_data of rollback_when; make the interval "
			   "shorter",
			   c->name);
}

static void judge_latency(struct draft *d, const struct policy_canary *c,
			  const struct tree *node)
{
	const struct tree *when = tree_find(node, "rollback_when");
	const struct tree *ratio =
		when == NULL ? NULL : tree_find(when, "latency_ratio");

	if (ratio != NULL && !c->metrics.edges &&
	    tree_find(tree_find(node, "metrics"), "latency") == NULL)
		errors_add(d->errs, CODE_KEY_POINTLESS, ratio->key->at,
			   "latency of canary \"%s\" is not measured, so "
			   "latency_ratio says nothing; write "
			   "metrics.latency or remove it",
			   c->name);
}

void metrics_judge(struct draft *d, const struct policy_canary *canary,
		   const struct tree *node)
{
	struct tree *metrics;

	if (!draft_usable(node, "metrics", &metrics))
		return;
	if (metrics == NULL) {
		judge_unmeasured(d, canary, node);
		return;
	}
	judge_source(d, canary, metrics);
	judge_times(d, canary, metrics);
	judge_latency(d, canary, node);
}
