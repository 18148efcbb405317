/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/content.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/bus/bundle.h"
#include "policy/bus/bus.h"
#include "policy/bus/node.h"
#include "policy/bus/plan.h"
#include "policy/bus/report.h"
#include "policy/bus/served.h"
#include "policy/bus/sign.h"
#include "policy/bus/witness.h"
#include "steering/runbook/diagnosis.h"

#include <inttypes.h>
#include <string.h>

enum value_kind {
	KIND_PLAN,
	KIND_HEAD,
	KIND_NUMBER,
	KIND_LEASE,
	KIND_REPORT,
	KIND_NODE,
	KIND_SERVED,
	KIND_BUNDLE,
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
	{ "bundle:",   true,  "string", KIND_BUNDLE, BUNDLE_OCTETS_MAX },
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

const char *content_type_of(const char *name)
{
	const struct key_row *row = find_key(name);

	return row == NULL ? NULL : row->type;
}

static void take_plan(struct diagnosis *d, const struct verifier *trusted,
		      const struct content_key *key)
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
			const struct content_key *key)
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

static void take_node(struct diagnosis *d, const struct content_key *key)
{
	struct error err = { .text = "it says to be another node" };
	struct node node;

	if (!node_parse(key->octets, key->len, &node, &err) ||
	    strcmp(node.name, key->name + strlen("node:")) != 0)
		diagnosis_add(d, AILMENT_UNREADABLE, "%s: %s", key->name,
			      err.text);
}

/* Whoever signed it. */
static void take_served(struct diagnosis *d, const struct content_key *key)
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

static void take_bundle(struct diagnosis *d, const struct content_key *key)
{
	struct error err = { .text = "it is not what its digest says" };
	struct sources sources = { .arena = arena_new() };
	char digest[BUNDLE_DIGEST_SIZE];

	if (sources.arena == NULL)
		return;
	if (!bundle_parse(key->octets, key->len, &sources, digest, &err) ||
	    strcmp(digest, key->name + strlen("bundle:")) != 0)
		diagnosis_add(d, AILMENT_UNREADABLE, "%s: %s", key->name,
			      err.text);
	arena_free(sources.arena);
}

/* Decimal numbers, one space between; more may follow where rest is true. */
static void take_numbers(struct diagnosis *d, const struct content_key *key,
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

void content_take_value(struct diagnosis *d, const struct content_trust *trust,
			const struct content_key *key)
{
	const struct key_row *row = find_key(key->name);

	if (row == NULL || key->octets == NULL)
		return;
	if (diagnosis_is_near((int64_t)key->len, (int64_t)row->most))
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
	case KIND_BUNDLE:
		take_bundle(d, key);
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

void content_take_set(struct diagnosis *d, const char *name, int64_t ids)
{
	if (diagnosis_is_near(ids, BUS_KEYS_MAX))
		diagnosis_add(d, AILMENT_SIZE,
			      "%s has %" PRId64
			      " ids; readers take no more than %d",
			      name, ids, BUS_KEYS_MAX);
}
