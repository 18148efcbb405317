/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/rrl_config.h"

#include "policy/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_RATE = RRL_RATE_MAX + 1, ITEM_SIZE = 128 };

struct key {
	const char *name;
	unsigned *value;
	unsigned min, max;
};

enum { KEY_COUNT = 11 };

/* clang-format off */
static void fill_keys(struct rrl_config *c, struct key keys[KEY_COUNT])
{
	const struct key all[KEY_COUNT] = {
		{ "responses-per-second", &c->per_second[ANSWER_DATA], 0, RRL_RATE_MAX },
		{ "referrals-per-second", &c->per_second[ANSWER_REFERRAL], 0, RRL_RATE_MAX },
		{ "nodata-per-second",    &c->per_second[ANSWER_NODATA], 0, RRL_RATE_MAX },
		{ "nxdomains-per-second", &c->per_second[ANSWER_NXDOMAIN], 0, RRL_RATE_MAX },
		{ "errors-per-second",    &c->per_second[ANSWER_ERROR], 0, RRL_RATE_MAX },
		{ "all-per-second",       &c->per_second[RRL_ALL], 0, RRL_RATE_MAX },
		{ "window",               &c->window_s, 1, RRL_WINDOW_MAX_S },
		{ "slip",                 &c->slip, 0, RRL_SLIP_MAX },
		{ "ipv4-prefix-length",   &c->v4_bits, 1, 32 },
		{ "ipv6-prefix-length",   &c->v6_bits, 1, 128 },
		{ "max-table-size",       &c->table_size, 1, RRL_TABLE_MAX },
	};

	memcpy(keys, all, sizeof(all));
}
/* clang-format on */

static bool set_number(const struct key *key, const char *text,
		       struct error *err)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' ||
	    number < key->min || number > key->max) {
		error_set(err, "--rrl: %s=%s: give a number from %u to %u",
			  key->name, text, key->min, key->max);
		return false;
	}
	*key->value = (unsigned)number;
	return true;
}

static bool add_exempt(struct rrl_config *c, const char *text,
		       struct error *err)
{
	struct net_prefix prefix;

	if (c->exempt_count == RRL_EXEMPT_MAX) {
		error_set(err, "--rrl: more than %d exempt-clients",
			  RRL_EXEMPT_MAX);
		return false;
	}
	if (!net_prefix_parse(text, &prefix, NULL)) {
		error_set(err,
			  "--rrl: exempt-clients=%s: give an address or a "
			  "network, as 192.0.2.0/24",
			  text);
		return false;
	}
	c->exempt[c->exempt_count++] = prefix;
	return true;
}

static bool set_log_only(struct rrl_config *c, const char *text,
			 struct error *err)
{
	c->only_counts = strcmp(text, "yes") == 0;
	if (c->only_counts || strcmp(text, "no") == 0)
		return true;
	error_set(err, "--rrl: log-only=%s: is yes or no", text);
	return false;
}

/* item is "KEY=VALUE" and is cut in two. */
static bool set_item(struct rrl_config *c, char *item, struct error *err)
{
	struct key keys[KEY_COUNT];
	char *value = strchr(item, '=');

	if (value == NULL) {
		error_set(err, "--rrl: \"%s\": give KEY=VALUE,...", item);
		return false;
	}
	*value++ = '\0';
	if (strcmp(item, "exempt-clients") == 0)
		return add_exempt(c, value, err);
	if (strcmp(item, "log-only") == 0)
		return set_log_only(c, value, err);
	fill_keys(c, keys);
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (strcmp(keys[i].name, item) == 0)
			return set_number(&keys[i], value, err);
	error_set(err, "--rrl: there is no \"%s\"; see windrose-dns(8)", item);
	return false;
}

static bool set_items(struct rrl_config *c, const char *text, struct error *err)
{
	char item[ITEM_SIZE];

	for (;;) {
		size_t len = strcspn(text, ",");

		snprintf(item, sizeof(item), "%.*s", (int)len, text);
		if (len >= sizeof(item) || !set_item(c, item, err)) {
			if (len >= sizeof(item))
				error_set(err,
					  "--rrl: \"%.40s...\" is no "
					  "KEY=VALUE",
					  item);
			return false;
		}
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

static void set_defaults(struct rrl_config *c)
{
	*c = (struct rrl_config){
		.window_s = 15,
		.slip = 2,
		.v4_bits = 24,
		.v6_bits = 56,
		.table_size = 20000,
	};
	for (size_t i = 0; i < ANSWER_KINDS; i++)
		c->per_second[i] = NO_RATE;
}

bool rrl_config_parse(const char *const *texts, size_t count,
		      struct rrl_config *out, struct error *err)
{
	struct rrl_config c;

	set_defaults(&c);
	for (size_t i = 0; i < count; i++)
		if (!set_items(&c, texts[i], err))
			return false;
	if (c.per_second[ANSWER_DATA] == NO_RATE)
		c.per_second[ANSWER_DATA] = 0;
	for (size_t i = 0; i < ANSWER_KINDS; i++)
		if (c.per_second[i] == NO_RATE)
			c.per_second[i] = c.per_second[ANSWER_DATA];
	*out = c;
	return true;
}
