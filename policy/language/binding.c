/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/binding.h"

#include "policy/language/code.h"
#include "policy/language/scalar.h"

#include <string.h>

#include <openssl/evp.h>

enum { ALPN_MAX = 255, BASE64_GROUP = 4 };

static void read_target(struct draft *d, const struct schema_row *row,
			struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	char name[SCALAR_DOMAIN_SIZE] = ".";
	const char *copy;

	if (text == NULL)
		return;
	if (strcmp(text, ".") != 0 && !scalar_domain(text, name)) {
		value_refuse(d, row, node);
		return;
	}
	copy = draft_text(d, name);
	memcpy(target, &copy, sizeof(copy));
}

/* One protocol; list[0..count) are those before it.  RFC 9460, 7.1.1. */
static void read_protocol(struct draft *d, struct tree *node, const char **list,
			  size_t count)
{
	size_t len = strlen(node->text);

	list[count] = draft_text(d, node->text);
	if (len == 0 || len > ALPN_MAX)
		draft_refuse(d, CODE_VALUE_RANGE, node,
			     "alpn has a protocol of %zu octets; write 1 to %d",
			     len, ALPN_MAX);
	for (size_t i = 0; i < count; i++)
		if (list[i] != NULL && strcmp(list[i], node->text) == 0)
			draft_refuse(d, CODE_VALUE_TWICE, node,
				     "alpn has \"%.63s\" twice; remove one",
				     node->text);
}

static void read_alpn(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	const char **list = draft_alloc(d, count, sizeof(list[0]));
	size_t octets = 0;

	if (list == NULL || count == 0)
		return;
	for (size_t i = 0; i < count; i++, at = at->next) {
		if (!at->refused)
			read_protocol(d, at, list, i);
		if (at->refused)
			node->refused = true;
		else
			octets += 1 + strlen(at->text);
	}
	if (octets > (size_t)row->max)
		draft_refuse(d, CODE_VALUE_RANGE, node,
			     "alpn is %zu octets long; at most %g are allowed",
			     octets, row->max);
	if (!node->refused)
		value_list(target, list, count);
}

/* One spelling only; EVP_DecodeBlock() alone would let others pass. */
static bool decode(const char *text, size_t len, uint8_t *octets, size_t *count)
{
	char again[2 * POLICY_ECH_OCTETS_MAX];
	int decoded =
		EVP_DecodeBlock(octets, (const unsigned char *)text, (int)len);

	if (decoded <= 0 || len % BASE64_GROUP != 0)
		return false;
	for (size_t i = 1; i <= 2 && text[len - i] == '='; i++)
		decoded--;
	*count = (size_t)decoded;
	EVP_EncodeBlock((unsigned char *)again, octets, decoded);
	return strcmp(again, text) == 0;
}

/* RFC 9849, 4: an ECHConfigList begins with the length of the rest. */
static bool is_config_list(const uint8_t *octets, size_t count)
{
	return count > 2 && (size_t)(octets[0] << 8 | octets[1]) == count - 2;
}

static void read_ech(struct draft *d, const struct schema_row *row,
		     struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	size_t len = text == NULL ? 0 : strlen(text), count;
	uint8_t *octets;

	if (text == NULL)
		return;
	if (len > (size_t)row->max / 3 * 4) {
		draft_refuse(d, CODE_VALUE_RANGE, node,
			     "ech is longer than %g octets; write fewer keys",
			     row->max);
		return;
	}
	octets = draft_alloc(d, len + 1, 1);
	if (octets == NULL)
		return;
	if (decode(text, len, octets, &count) && is_config_list(octets, count))
		value_list(target, octets, count);
	else
		value_refuse(d, row, node);
}

void binding_read(struct draft *d, const struct schema_row *row,
		  struct tree *node, void *target)
{
	if (row->kind == SCHEMA_TARGET)
		read_target(d, row, node, target);
	else if (row->kind == SCHEMA_ALPN)
		read_alpn(d, row, node, target);
	else
		read_ech(d, row, node, target);
}

/*
 * RFC 9460, 2.4.2: an alias has no parameters; 2.5.1: to "." it says that
 * there is no such service, which is what no steered name is for.
 */
static void judge_alias(struct draft *d, const struct policy_service *s,
			const struct policy_binding *b, struct tree *map)
{
	static const char *const keys[] = { "alpn", "no_default_alpn", "port",
					    "ech" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct tree *at = tree_find(map, keys[i]);

		if (at != NULL)
			errors_add(d->errs, CODE_KEY_POINTLESS, at->key->at,
				   "%s is in a record of priority 0, which is "
				   "an alias and has no parameters; remove it "
				   "or write another priority",
				   keys[i]);
	}
	if (strcmp(b->target, ".") == 0 || strcmp(b->target, s->fqdn) == 0)
		errors_add(d->errs, CODE_KEY_MISSING,
			   draft_place(map, "target"),
			   "a record of priority 0 is an alias and needs a "
			   "target other than its own name; write target:");
}

static void judge(struct draft *d, const struct policy_service *s,
		  struct policy_binding *b, struct tree *map)
{
	struct tree *priority, *target, *alpn, *alone;

	b->at = map->key->at;
	if (draft_usable(map, "priority", &priority) &&
	    draft_usable(map, "target", &target) && b->priority == 0)
		judge_alias(d, s, b, map);
	/* RFC 9460, 7.1.1 */
	if (draft_usable(map, "alpn", &alpn) && alpn == NULL &&
	    draft_usable(map, "no_default_alpn", &alone) &&
	    b->no_default_alpn && b->priority != 0)
		errors_add(d->errs, CODE_KEY_POINTLESS, alone->key->at,
			   "no_default_alpn without alpn leaves no protocol; "
			   "write alpn:");
}

void binding_judge(struct draft *d, struct policy_service *service,
		   struct tree *node)
{
	struct tree *https, *svcb;

	if (draft_usable(node, "https", &https) && https != NULL)
		judge(d, service, &service->https, https);
	if (draft_usable(node, "svcb", &svcb) && svcb != NULL)
		judge(d, service, &service->svcb, svcb);
}
