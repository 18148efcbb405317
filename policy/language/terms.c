/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/terms.h"

#include "policy/base/nearest.h"
#include "policy/language/code.h"
#include "policy/language/country.h"
#include "policy/language/scalar.h"
#include "policy/language/value.h"

#include <string.h>

static const struct schema_row term_row = { .key = "client term",
					    .kind = SCHEMA_TEXT };

bool terms_builtin(const char *word, struct client_term *out)
{
	if (strcmp(word, "all") == 0)
		out->kind = TERM_ALL;
	else if (strcmp(word, "eu") == 0 || strcmp(word, "eea") == 0)
		out->kind = TERM_UNION;
	else if (continent_find(word) != NULL)
		out->kind = TERM_CONTINENT;
	else
		return false;
	out->text = word;
	return true;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Two upper-case letters and then end, of the text or of its first part. */
static bool looks_like_country(const char *text, char end)
{
	return is_upper(text[0]) && is_upper(text[1]) && text[2] == end;
}

static void read_country(struct draft *d, struct tree *node,
			 struct client_term *out)
{
	/* What people write who think of a flag or a domain. */
	static const char *const wrong[][2] = {
		{ "UK", "GB" }, { "EL", "GR" }, { "EU", "eu" }, { "KO", "KR" }
	};

	out->kind = TERM_COUNTRY;
	out->text = node->text;
	if (country_find(node->text) != NULL)
		return;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (strcmp(node->text, wrong[i][0]) == 0) {
			draft_refuse(d, CODE_CLIENT_TERM, node,
				     "\"%s\" is not a country; did you mean "
				     "\"%s\"?",
				     wrong[i][0], wrong[i][1]);
			return;
		}
	draft_refuse(d, CODE_CLIENT_TERM, node,
		     "\"%s\" is not a country; write a code of ISO 3166-1 "
		     "like GB",
		     node->text);
}

static bool is_subdivision_part(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	return len >= 1 && len <= 3 && text[len] == '\0';
}

static void read_subdivision(struct draft *d, struct tree *node,
			     struct client_term *out)
{
	char country[3] = { node->text[0], node->text[1], '\0' };

	out->kind = TERM_SUBDIVISION;
	out->text = node->text;
	if (country_find(country) == NULL ||
	    !is_subdivision_part(node->text + 3))
		draft_refuse(d, CODE_CLIENT_TERM, node,
			     "\"%.40s\" is not a subdivision; write a code of "
			     "ISO 3166-2 like US-CA",
			     node->text);
}

static void read_network(struct draft *d, struct tree *node,
			 struct client_term *out)
{
	char buf[NET_TEXT_SIZE];
	const char *slash = strchr(node->text, '/');
	struct net_prefix masked;
	uint32_t bits = 0;
	bool host_bits;

	out->kind = TERM_NETWORK;
	if (net_prefix_parse(node->text, &out->prefix, &host_bits))
		return;
	if (host_bits && slash != NULL && scalar_bits(slash, &bits)) {
		memcpy(buf, node->text, (size_t)(slash - node->text));
		buf[slash - node->text] = '\0';
		net_addr_parse(buf, &masked.addr);
		masked.addr = net_mask(&masked.addr, bits);
		masked.bits = (uint8_t)bits;
		draft_refuse(d, CODE_CLIENT_TERM, node,
			     "network %s has bits set beyond its length; did "
			     "you mean \"%s\"?",
			     node->text, net_prefix_text(&masked, buf));
		return;
	}
	draft_refuse(d, CODE_CLIENT_TERM, node,
		     "\"%.80s\" is not a network; write one like "
		     "198.51.100.0/24",
		     node->text);
}

/* "gb" for "GB", which is then in upper. */
static bool is_lower_country(const char *text, char *upper)
{
	if (strlen(text) != 2)
		return false;
	for (size_t i = 0; i < 3; i++)
		upper[i] = text[i] >= 'a' && text[i] <= 'z'
				   ? (char)(text[i] - 'a' + 'A')
				   : text[i];
	return country_find(upper) != NULL;
}

/* A word that is no set: the nearest of the sets and the words there are. */
static void refuse_word(struct draft *d, struct tree *node)
{
	struct names names = names_sets(d->policy);
	const char *known[POLICY_SETS_MAX + 16];
	size_t count = 0, continents;
	const char *const *words = continent_words(&continents);
	const char *near;
	char upper[3];

	if (is_lower_country(node->text, upper)) {
		draft_refuse(d, CODE_NAME_UNKNOWN, node,
			     "client set \"%s\" is not defined; did you mean "
			     "the country \"%s\"?",
			     node->text, upper);
		return;
	}
	for (size_t i = 0; i < names.count; i++)
		known[count++] = d->policy->sets[i].name;
	for (size_t i = 0; i < continents; i++)
		known[count++] = words[i];
	known[count++] = "eu";
	known[count++] = "eea";
	known[count++] = "all";
	near = nearest_word(node->text, known, count);
	if (near != NULL)
		draft_refuse(d, CODE_NAME_UNKNOWN, node,
			     "client set \"%.63s\" is not defined; did you "
			     "mean \"%s\"?",
			     node->text, near);
	else
		draft_refuse(d, CODE_CLIENT_TERM, node,
			     "\"%.63s\" is no client term; write a country "
			     "(GB), subdivision (US-CA), AS64500, network, "
			     "continent (europe), eu, eea, all or a set",
			     node->text);
}

static void read_word(struct draft *d, struct tree *node,
		      struct client_term *out)
{
	struct names names = names_sets(d->policy);
	int set = names_find(&names, node->text);

	if (terms_builtin(node->text, out))
		return;
	out->kind = TERM_SET;
	out->set = set;
	if (set != POLICY_NONE)
		return;
	node->refused = true;
	if (draft_knows(d, SECTION_CLIENTS))
		refuse_word(d, node);
}

static void read_term(struct draft *d, struct tree *node,
		      struct client_term *out)
{
	out->at = node->at;
	out->set = POLICY_NONE;
	if (scalar_asn(node->text, &out->asn))
		out->kind = TERM_ASN;
	else if (looks_like_country(node->text, '\0'))
		read_country(d, node, out);
	else if (looks_like_country(node->text, '-'))
		read_subdivision(d, node, out);
	else if (strpbrk(node->text, ".:/") != NULL)
		read_network(d, node, out);
	else
		read_word(d, node, out);
}

static void read_set(struct draft *d, struct client_set *set, struct tree *node)
{
	struct schema_row row = term_row;
	struct tree *at = NULL;
	struct client_term builtin;
	size_t count;

	if (terms_builtin(set->name, &builtin))
		errors_add(d->errs, CODE_SET_RESERVED, set->at,
			   "client set \"%s\" has the name of a word of the "
			   "language; rename it",
			   set->name);
	row.key = set->name;
	count = value_items(d, &row, node, &at);
	set->terms = draft_alloc(d, count, sizeof(*set->terms));
	if (set->terms == NULL)
		return;
	for (size_t i = 0; i < count; i++, at = at->next) {
		if (!at->refused)
			read_term(d, at, &set->terms[set->term_count]);
		if (!at->refused)
			set->term_count++;
		else
			node->refused = true;
	}
}

enum colour { COLOUR_WHITE, COLOUR_GREY, COLOUR_BLACK };

/* Depth-first; a way back to a set that is still being walked is a circle. */
static void walk_set(struct draft *d, size_t index, enum colour *colours)
{
	const struct client_set *set = &d->policy->sets[index];

	colours[index] = COLOUR_GREY;
	for (size_t i = 0; i < set->term_count; i++) {
		const struct client_term *term = &set->terms[i];

		if (term->kind != TERM_SET)
			continue;
		if (colours[term->set] == COLOUR_GREY)
			errors_add(d->errs, CODE_SET_CIRCLE, term->at,
				   "client set \"%s\" contains itself by way "
				   "of \"%s\"; remove one of the two",
				   d->policy->sets[term->set].name, set->name);
		else if (colours[term->set] == COLOUR_WHITE)
			walk_set(d, (size_t)term->set, colours);
	}
	colours[index] = COLOUR_BLACK;
}

void terms_read(struct draft *d, struct tree *map)
{
	enum colour colours[POLICY_SETS_MAX] = { COLOUR_WHITE };
	struct tree *node = map->first;

	for (size_t i = 0; node != NULL && i < d->policy->set_count;
	     i++, node = node->next)
		read_set(d, &d->policy->sets[i], node);
	for (size_t i = 0; i < d->policy->set_count; i++)
		if (colours[i] == COLOUR_WHITE)
			walk_set(d, i, colours);
}
