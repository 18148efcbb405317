/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/anchor.h"

#include "policy/language/code.h"
#include "policy/language/scalar.h"
#include "policy/language/value.h"

#include <string.h>

enum { HOST_SIZE = SCALAR_DOMAIN_SIZE };

/* The host without brackets, and the text of the port; false: not so. */
static bool split(const char *text, char host[HOST_SIZE], const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - text);
	bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';

	if (bracketed) {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= HOST_SIZE ||
	    (memchr(text, ':', len) != NULL) != bracketed)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	*port = colon + 1;
	return true;
}

/* A mistyped address is no name: no top-level domain is a number. */
static bool ends_in_number(const char *name)
{
	const char *dot = strrchr(name, '.');
	const char *last = dot == NULL ? name : dot + 1;

	return strspn(last, "0123456789") == strlen(last);
}

static bool parse(struct draft *d, const char *text, struct policy_anchor *out)
{
	char host[HOST_SIZE], name[SCALAR_DOMAIN_SIZE];
	const char *digits;
	uint32_t port;

	if (!split(text, host, &digits) || !scalar_whole(digits, &port) ||
	    port == 0 || port > UINT16_MAX)
		return false;
	out->port = (uint16_t)port;
	if (net_addr_parse(host, &out->addr))
		return true;
	if (!scalar_domain(host, name))
		return false;
	/* Names are resolved without the final dot. */
	name[strlen(name) - 1] = '\0';
	if (ends_in_number(name))
		return false;
	out->name = draft_text(d, name);
	return true;
}

void anchor_read(struct draft *d, const struct schema_row *row,
		 struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	struct policy_anchor *list;

	if (!value_fits(d, row, node, count, "addresses"))
		return;
	list = draft_alloc(d, count, sizeof(*list));
	if (list == NULL || count == 0)
		return;
	for (size_t i = 0; i < count; i++, at = at->next) {
		if (!at->refused && !parse(d, at->text, &list[i]))
			value_refuse(d, row, at);
		if (at->refused)
			node->refused = true;
	}
	if (!node->refused)
		value_list(target, list, count);
}

void anchor_judge(struct draft *d, const struct policy_vantage *vantage,
		  const struct tree *node)
{
	struct tree *anchors;

	if (draft_usable(node, "anchors", &anchors) &&
	    vantage->anchor_count == 1)
		errors_warn(d->errs, CODE_ANCHOR_ALONE, anchors->at,
			    "vantage \"%s\" has one anchor, and abstains when "
			    "that alone is down; name another",
			    vantage->name);
}
