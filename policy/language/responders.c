/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/responders.h"

#include "policy/language/code.h"
#include "policy/language/scalar.h"

#include <string.h>

enum { DNS_PORT = 53 };

/* What follows the host's end at colon. */
static bool parse_port(const char *colon, uint16_t *out)
{
	uint32_t port;

	if (!scalar_whole(colon + 1, &port) || port == 0 || port > UINT16_MAX)
		return false;
	*out = (uint16_t)port;
	return true;
}

/* An address alone, or before a port; then an IPv6 one is in brackets. */
static bool parse(const char *text, struct policy_responder *out)
{
	const char *colon = strrchr(text, ':');
	char host[NET_TEXT_SIZE];
	size_t len;

	out->port = DNS_PORT;
	if (net_addr_parse(text, &out->addr))
		return true;
	len = colon == NULL ? 0 : (size_t)(colon - text);
	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return net_addr_parse(host, &out->addr) &&
	       (out->addr.family == NET_V6) == (colon[-1] == ']') &&
	       parse_port(colon, &out->port);
}

/* As the bus takes keys; the length is that of a name in a node's record. */
static bool is_node_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0 && len <= POLICY_NAME_MAX;
}

void responders_read(struct draft *d, const struct schema_row *row,
		     struct tree *node, void *target)
{
	struct policy_responder *list;
	size_t i = 0;

	if (node->kind != TREE_MAP || node->count == 0) {
		value_refuse(d, row, node);
		return;
	}
	if (!value_fits(d, row, node, node->count, "responders"))
		return;
	list = draft_alloc(d, node->count, sizeof(*list));
	if (list == NULL)
		return;
	for (struct tree *at = node->first; at != NULL; at = at->next, i++) {
		if (at->kind != TREE_TEXT || !is_node_name(at->key->text) ||
		    !parse(at->text, &list[i]))
			draft_refuse(d, CODE_VALUE_WRONG, at,
				     "responder \"%.80s\": write the name of "
				     "its node, and an address with or without "
				     "a port, like dns-a: \"192.0.2.53:5300\"",
				     at->key->text);
		if (at->refused)
			node->refused = true;
		list[i].name = draft_text(d, at->key->text);
	}
	if (!node->refused)
		value_list(target, list, node->count);
}
