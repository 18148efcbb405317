/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/subject.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/bus/control.h"
#include "policy/decide/pin.h"
#include "policy/language/code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { ASK_MS = 5000 };

/* Room for what may be supposed. */
static bool make_pins(struct view *view)
{
	size_t count = view->policy->service_count;
	struct pin *pins = arena_alloc(view->arena, count, sizeof(*pins));

	for (size_t i = 0; pins != NULL && i < count; i++)
		view->services[i].pins = &pins[i];
	return pins != NULL;
}

static bool load(const char *path, struct subject *s)
{
	static const struct heard_report silent[POLICY_VANTAGES_MAX];
	struct errors *errs = &s->findings;

	s->policy = policy_load(path, errs);
	if (s->policy == NULL)
		return false;
	s->geo = geo_open(s->policy, errs);
	if (s->geo == NULL)
		return false;
	s->view = view_reduce(s->policy, &(struct view_input){
						 .reports = silent,
					 });
	if (s->view != NULL && make_pins(s->view))
		return true;
	errors_add(errs, CODE_MEMORY, (struct place){ .file = NULL },
		   "out of memory");
	return false;
}

const char *subject_file(const struct subject *s, const char *file)
{
	size_t len = s->base == NULL ? 0 : strlen(s->base);

	return len > 0 && strncmp(file, s->base, len) == 0 ? file + len : file;
}

/* As a person knows them. */
static void rename_files(const struct subject *s, struct errors *errs)
{
	for (size_t i = 0; i < errs->count; i++) {
		char *file = errs->list[i].file;
		const char *known = file == NULL ? NULL : subject_file(s, file);

		if (known != file)
			memmove(file, known, strlen(known) + 1);
	}
}

bool subject_open_in(const char *base, const char *path, const char *called,
		     struct subject *out)
{
	struct subject s = { .path = called, .base = base };
	bool ok = load(path, &s);

	rename_files(&s, &s.findings);
	errors_sort(&s.findings);
	if (ok) {
		*out = s;
		return true;
	}
	errors_print(&s.findings, stderr);
	subject_free(&s);
	return false;
}

bool subject_open(const char *path, struct subject *out)
{
	return subject_open_in(NULL, path, path, out);
}

void subject_free(struct subject *s)
{
	json_decref(s->standing);
	free(s->samples);
	view_free(s->view);
	geo_free(s->geo);
	policy_free(s->policy);
	errors_fini(&s->findings);
	memset(s, 0, sizeof(*s));
}

/* The node's answer; NULL with err set, also when it says no. */
static json_t *ask(const char *service, const char *socket, struct error *err)
{
	json_t *request =
		json_pack("{s:s, s:s}", "op", "standing", "service", service);
	json_t *answer = control_ask(socket, request, ASK_MS, err);
	const char *why;

	json_decref(request);
	if (answer == NULL || json_is_true(json_object_get(answer, "ok")))
		return answer;
	why = json_string_value(json_object_get(answer, "error"));
	error_set(err, "%s: %s", socket, why == NULL ? "it refuses" : why);
	json_decref(answer);
	return NULL;
}

bool subject_ask(struct subject *s, int service, const char *socket,
		 struct error *err)
{
	json_t *answer = ask(s->policy->services[service].name, socket, err);
	const char *digest;
	bool ok;

	if (answer == NULL)
		return false;
	s->samples = calloc(1, sizeof(*s->samples));
	if (s->samples == NULL) {
		error_set(err, "out of memory");
		json_decref(answer);
		return false;
	}
	ok = standing_parse(answer, s->view, (size_t)service, s->samples, err);
	digest = json_string_value(json_object_get(answer, "policy_digest"));
	if (ok && (digest == NULL || strcmp(digest, s->policy->digest) != 0))
		fprintf(stderr,
			"warning: %s runs another policy; endpoints and "
			"vantages are matched by name\n",
			socket);
	s->standing = answer;
	return ok;
}

const struct json_t *subject_parts(const struct subject *s,
				   const char *endpoint)
{
	const json_t *list = json_object_get(s->standing, "endpoints");
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *name =
			json_string_value(json_object_get(item, "endpoint"));

		if (name != NULL && strcmp(name, endpoint) == 0)
			return json_object_get(item, "parts");
	}
	return NULL;
}

/* Every monitored endpoint in these regions is down, beside what a node said:
 * unmonitored ones stay as they are, for nobody would notice. */
static void fail_regions(struct subject *s, int service, uint64_t regions)
{
	const struct policy_service *declared = &s->policy->services[service];
	struct view_endpoint *endpoints = s->view->services[service].endpoints;

	for (size_t i = 0; i < declared->endpoint_count; i++)
		if ((regions >> declared->endpoints[i].region & 1) &&
		    policy_unmonitored(s->policy, declared) == NULL)
			endpoints[i].health.verdict = VERDICT_DOWN;
}

void subject_suppose(struct subject *s, int service,
		     const struct scenario *scenario)
{
	if (s->samples != NULL)
		fail_regions(s, service, scenario->failed);
	else
		scenario_apply(scenario, s->policy, service,
			       &s->view->services[service]);
}

bool subject_next_network(const struct subject *s, uint16_t class_id,
			  struct net_prefix *at)
{
	struct net_addr addr = at->addr;

	for (;;) {
		struct geo_match match;

		if (addr.family == NET_NONE)
			addr = (struct net_addr){ .family = NET_V4 };
		else if (at->bits == 0 || !net_step(&addr, at->bits)) {
			if (addr.family == NET_V6)
				return false;
			addr = (struct net_addr){ .family = NET_V6 };
		}
		match = geo_find(s->geo, &addr);
		*at = (struct net_prefix){ addr, match.bits };
		if (match.class_id == class_id)
			return true;
	}
}

/* Who is usually there first: the network's own address is nobody's. */
static struct net_addr first_client(const struct net_prefix *network)
{
	struct net_addr client = network->addr;

	if (network->bits < net_bits(client.family))
		client.octets[net_octets(client.family) - 1] |= 1;
	return client;
}

bool subject_find_address(const struct subject *s, uint16_t class_id,
			  struct net_addr *out)
{
	struct net_prefix network = { .bits = 0 };

	if (!subject_next_network(s, class_id, &network))
		return false;
	*out = first_client(&network);
	return true;
}

/* How many networks whose clients draw alike to look at for one that draws an
 * endpoint: one of 1 % is missed once in 10^17. */
enum { DRAWS_MAX = 4096 };

static bool draws(const struct subject *s, const struct subject_asking *asking,
		  int endpoint)
{
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	unsigned count = subject_pick(s, asking, picks);

	for (unsigned i = 0; i < count; i++)
		if (picks[i] == endpoint)
			return true;
	return false;
}

bool subject_find_drawer(const struct subject *s, int service,
			 uint16_t class_id, int endpoint, struct net_addr *out)
{
	struct row row = subject_row(s, service, class_id, NULL);
	struct net_prefix network = { .bits = 0 };
	unsigned looked = 0;

	while (looked < DRAWS_MAX &&
	       subject_next_network(s, class_id, &network)) {
		struct net_addr client = first_client(&network);
		const struct subject_asking asking = {
			.service = service,
			.row = &row,
			.client = &client,
			.having = UINT64_MAX,
		};
		unsigned bits = subject_sticky_bits(s, service, &client);
		bool inside = true;

		for (; inside && looked < DRAWS_MAX; looked++) {
			if (draws(s, &asking, endpoint)) {
				*out = client;
				return true;
			}
			inside = bits > 0 && net_step(&client, bits) &&
				 net_within(&network, &client);
		}
	}
	return false;
}

struct row subject_row(const struct subject *s, int service, uint16_t class_id,
		       struct chain_trace *trace)
{
	return chain_row(s->policy, s->view, (size_t)service,
			 geo_class(s->geo, class_id), trace);
}

unsigned subject_sticky_bits(const struct subject *s, int service,
			     const struct net_addr *client)
{
	const struct policy_service *declared = &s->policy->services[service];

	return client->family == NET_V4 ? declared->sticky_v4_bits
					: declared->sticky_v6_bits;
}

unsigned subject_pick(const struct subject *s,
		      const struct subject_asking *asking,
		      uint8_t picks[POLICY_ENDPOINTS_MAX])
{
	const struct policy_service *service =
		&s->policy->services[asking->service];
	const struct share_want want = { service->answers, asking->having };
	struct share_key keys[POLICY_ENDPOINTS_MAX];
	unsigned bits = subject_sticky_bits(s, asking->service, asking->client);

	share_keys(s->policy, (size_t)asking->service, keys);
	return share_pick_having(asking->row, keys,
				 hash_client(asking->client, bits), &want,
				 picks);
}
