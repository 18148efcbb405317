/* SPDX-License-Identifier: Apache-2.0 */
#include "health/twin.h"

#include "health/counters.h"
#include "policy/base/hash.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_place(const struct probe_spec *a, const struct probe_spec *b)
{
	return a->port == b->port && same_text(a->name, b->name) &&
	       same_text(a->host, b->host) && same_text(a->users, b->users) &&
	       net_equal(&a->addr, &b->addr);
}

static bool same_statuses(const struct policy_check *a,
			  const struct policy_check *b)
{
	if (a->status_count != b->status_count)
		return false;
	for (size_t i = 0; i < a->status_count; i++)
		if (a->statuses[i].first != b->statuses[i].first ||
		    a->statuses[i].last != b->statuses[i].last)
			return false;
	return true;
}

static bool same_headers(const struct policy_check *a,
			 const struct policy_check *b)
{
	if (a->header_count != b->header_count)
		return false;
	for (size_t i = 0; i < a->header_count; i++)
		if (strcmp(a->headers[i].name, b->headers[i].name) != 0 ||
		    strcmp(a->headers[i].value, b->headers[i].value) != 0)
			return false;
	return true;
}

static bool same_arguments(const struct policy_check *a,
			   const struct policy_check *b)
{
	if (a->argument_count != b->argument_count)
		return false;
	for (size_t i = 0; i < a->argument_count; i++)
		if (strcmp(a->arguments[i], b->arguments[i]) != 0)
			return false;
	return true;
}

static bool same_request(const struct policy_check *a,
			 const struct policy_check *b)
{
	return same_text(a->path, b->path) && same_text(a->send, b->send) &&
	       a->query_type == b->query_type &&
	       same_text(a->program, b->program) && same_arguments(a, b) &&
	       a->http == b->http && a->kept == b->kept && same_headers(a, b) &&
	       same_text(a->user_agent, b->user_agent) &&
	       same_text(a->identity, b->identity) &&
	       same_text(a->client_certificate, b->client_certificate) &&
	       same_text(a->client_key, b->client_key);
}

static bool same_answer(const struct policy_check *a,
			const struct policy_check *b)
{
	return same_statuses(a, b) && same_text(a->body, b->body) &&
	       a->rcode == b->rcode && same_text(a->rdata, b->rdata) &&
	       a->verify == b->verify &&
	       a->certificate_left_s == b->certificate_left_s;
}

static bool same_breaker(const struct policy_breaker *a,
			 const struct policy_breaker *b)
{
	return a->window == b->window && a->window_ms == b->window_ms &&
	       a->failure_rate_pct == b->failure_rate_pct &&
	       a->consecutive == b->consecutive && a->slow_ms == b->slow_ms &&
	       a->slow_rate_pct == b->slow_rate_pct &&
	       a->open_for_ms == b->open_for_ms &&
	       a->max_open_for_ms == b->max_open_for_ms &&
	       a->half_open_probes == b->half_open_probes &&
	       a->damp_openings == b->damp_openings &&
	       a->half_life_ms == b->half_life_ms;
}

static bool same_passive(const struct policy_passive *a,
			 const struct policy_passive *b)
{
	return a->weight == b->weight && a->min_requests == b->min_requests &&
	       a->failure_rate_pct == b->failure_rate_pct &&
	       a->edges == b->edges &&
	       counters_same(&a->prometheus, &b->prometheus);
}

static bool same_pace(const struct policy_check *a,
		      const struct policy_check *b)
{
	return a->interval_ms == b->interval_ms &&
	       a->timeout_ms == b->timeout_ms && a->confirm_ms == b->confirm_ms;
}

uint64_t twin_hash(const struct probe_spec *spec)
{
	uint64_t hash =
		hash_octets(HASH_FNV_OFFSET, &spec->port, sizeof(spec->port));

	if (spec->name != NULL)
		hash = hash_octets(hash, spec->name, strlen(spec->name));
	hash = hash_octets(hash, spec->addr.octets, sizeof(spec->addr.octets));
	return hash_mix(hash_octets(hash, spec->host, strlen(spec->host)));
}

bool twin_is(const struct probe_spec *a, const struct probe_spec *b)
{
	const struct policy_check *x = a->check, *y = b->check;

	if (!same_place(a, b))
		return false;
	return x == y ||
	       (x->type == y->type && same_request(x, y) && same_answer(x, y) &&
		same_pace(x, y) && same_breaker(&x->breaker, &y->breaker) &&
		same_passive(&x->passive, &y->passive) &&
		x->shadow == y->shadow);
}
