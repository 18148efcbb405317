/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/counted.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)SERVED_BUCKETS <= (int)SLOWNESS_BUCKETS_MAX,
	      "an edge's buckets fit");

static void forget(struct counted *c)
{
	free(c->totals);
	free(c->first);
	c->totals = NULL;
	c->first = NULL;
	c->policy = NULL;
}

void counted_fini(struct counted *c)
{
	forget(c);
	for (size_t i = 0; i < c->count; i++)
		served_free(c->nodes[i].last);
	free(c->nodes);
	*c = (struct counted){ 0 };
}

bool counted_adopt(struct counted *c, const struct policy *policy)
{
	size_t at = 0;

	forget(c);
	c->first = calloc(policy->service_count + 1, sizeof(*c->first));
	for (size_t i = 0; c->first != NULL && i < policy->service_count; i++) {
		c->first[i] = at;
		at += policy->services[i].endpoint_count;
	}
	c->totals = calloc(at + 1, sizeof(*c->totals));
	if (c->first == NULL || c->totals == NULL) {
		forget(c);
		return false;
	}
	c->policy = policy;
	return true;
}

/* The endpoint that a row is of: a canary's is called CANARY/ENDPOINT. */
static int endpoint_of(const struct policy_service *s,
		       const struct served_row *row)
{
	char name[2 * SERVED_NAME_SIZE];

	snprintf(name, sizeof(name), "%s%s%s", row->canary,
		 row->canary[0] == '\0' ? "" : "/", row->endpoint);
	return policy_find_endpoint(s, name);
}

static void add_row(struct counted *c, const struct served_row *row,
		    const struct served_count *count)
{
	int service = policy_find_service(c->policy, row->service);
	int endpoint =
		service < 0 ? POLICY_NONE
			    : endpoint_of(&c->policy->services[service], row);

	if (endpoint >= 0)
		served_add(&c->totals[c->first[service] + (size_t)endpoint],
			   count);
}

static void add_since(struct counted *c, const struct served *before,
		      const struct served *now)
{
	for (size_t i = 0; i < now->count; i++) {
		struct served_count count;

		if (served_since(before, &now->rows[i], &count))
			add_row(c, &now->rows[i], &count);
	}
}

static struct counted_node *find_node(struct counted *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->nodes[i].last->node, name) == 0)
			return &c->nodes[i];
	return NULL;
}

static bool grow(struct counted *c)
{
	size_t room = c->room == 0 ? 8 : c->room * 2;
	struct counted_node *nodes;

	if (c->count < c->room)
		return true;
	nodes = realloc(c->nodes, room * sizeof(*nodes));
	if (nodes == NULL)
		return false;
	c->nodes = nodes;
	c->room = room;
	return true;
}

bool counted_take(struct counted *c, struct served *served, int64_t now_ms)
{
	struct counted_node *node = find_node(c, served->node);

	if (node == NULL) {
		if (!grow(c)) {
			served_free(served);
			return false;
		}
		c->nodes[c->count++] = (struct counted_node){ served, now_ms };
		return true;
	}
	if (served->sequence <= node->last->sequence) {
		served_free(served); /* the same one again is no news */
		return true;
	}
	if (c->policy != NULL && served_follows(served, node->last))
		add_since(c, node->last, served);
	served_free(node->last);
	*node = (struct counted_node){ served, now_ms };
	return true;
}

/* Rows are in order of services. */
static void add_told(const struct counted *c, const struct served *served,
		     struct counted_service *out)
{
	int last = POLICY_NONE;

	for (size_t i = 0; i < served->count; i++) {
		const struct served_row *row = &served->rows[i];
		int service = policy_find_service(c->policy, row->service);
		int endpoint =
			service < 0 ? POLICY_NONE
				    : endpoint_of(&c->policy->services[service],
						  row);

		if (endpoint < 0)
			continue;
		out[service].endpoints |= UINT64_C(1) << endpoint;
		out[service].edges += service != last;
		last = service;
	}
}

void counted_services(const struct counted *c, int64_t now_ms,
		      struct counted_service *out)
{
	for (size_t i = 0; c->policy != NULL && i < c->policy->service_count;
	     i++) {
		out[i] = (struct counted_service){ .requests = 0 };
		for (size_t e = 0; e < c->policy->services[i].endpoint_count;
		     e++)
			out[i].requests += c->totals[c->first[i] + e].requests;
	}
	for (size_t i = 0; c->policy != NULL && i < c->count; i++)
		if (now_ms - c->nodes[i].heard_ms <= SERVED_STALE_MS)
			add_told(c, c->nodes[i].last, out);
}

/* Who has been silent is forgotten; does anybody tell? */
static bool is_told(struct counted *c, int64_t now_ms)
{
	for (size_t i = c->count; i-- > 0;)
		if (now_ms - c->nodes[i].heard_ms > SERVED_STALE_MS) {
			served_free(c->nodes[i].last);
			c->nodes[i] = c->nodes[--c->count];
		}
	return c->count > 0;
}

static bool has_row(const struct served *served,
		    const struct policy_service *service)
{
	for (size_t i = 0; i < served->count; i++)
		if (strcmp(served->rows[i].service, service->name) == 0 &&
		    endpoint_of(service, &served->rows[i]) >= 0)
			return true;
	return false;
}

bool counted_tells(const struct counted *c, const struct policy *policy,
		   size_t service, int64_t now_ms)
{
	for (size_t i = 0; c != NULL && c->policy == policy && i < c->count;
	     i++)
		if (now_ms - c->nodes[i].heard_ms <= SERVED_STALE_MS &&
		    has_row(c->nodes[i].last, &policy->services[service]))
			return true;
	return false;
}

struct trials counted_at(const struct counted *c, const struct policy *policy,
			 size_t service, size_t endpoint)
{
	const struct served_count *count;

	if (c == NULL || c->policy != policy)
		return (struct trials){ 0, 0 };
	count = &c->totals[c->first[service] + endpoint];
	return (struct trials){ count->requests, count->errors };
}

struct trials counted_in(const struct counted *c, const struct policy *policy,
			 size_t service, size_t region)
{
	const struct policy_service *s = &policy->services[service];
	struct trials sum = { 0, 0 };

	for (size_t i = 0; i < s->endpoint_count; i++) {
		struct trials one = counted_at(c, policy, service, i);

		if (s->endpoints[i].region != (int)region)
			continue;
		sum.requests += one.requests;
		sum.failures += one.failures;
	}
	return sum;
}

/* Upper bounds lie between the middles of neighbours. */
static void put_latencies(const struct served_count *count,
			  struct latencies *out)
{
	out->count = SERVED_BUCKETS;
	for (size_t i = 0; i < SERVED_BUCKETS; i++) {
		out->requests[i] = count->latency[i];
		out->upto_s[i] = i + 1 == SERVED_BUCKETS
					 ? INFINITY
					 : (served_bucket_ms(i) +
					    served_bucket_ms(i + 1)) /
						   2000;
	}
}

static struct measure_arm arm_of(const struct counted *c, size_t canary,
				 uint64_t regions, enum arm arm)
{
	int service = c->policy->canaries[canary].service;
	const struct policy_service *s = &c->policy->services[service];
	struct measure_arm out = { .outcome = MEASURE_OK };
	struct served_count sum = { .requests = 0 };

	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct policy_endpoint *e = &s->endpoints[i];
		size_t at = arm == ARM_CANARY ? i : (size_t)e->shadows;

		if (e->canary == (int)canary && (regions >> e->region & 1) != 0)
			served_add(&sum, &c->totals[c->first[service] + at]);
	}
	out.total = (struct trials){ sum.requests, sum.errors };
	put_latencies(&sum, &out.latencies);
	return out;
}

struct measure counted_measure(struct counted *c, size_t canary, uint32_t stage,
			       int64_t now_ms)
{
	struct measure m = { .taken_ms = now_ms };
	uint64_t regions;

	if (c->policy == NULL || !is_told(c, now_ms)) {
		m.arms[ARM_CANARY].outcome = MEASURE_EMPTY;
		m.arms[ARM_STABLE].outcome = MEASURE_EMPTY;
		snprintf(m.detail, sizeof(m.detail),
			 "no edge tells what it served");
		return m;
	}
	regions = c->policy->canaries[canary].stages[stage].regions;
	for (enum arm arm = 0; arm < ARMS; arm++)
		m.arms[arm] = arm_of(c, canary, regions, arm);
	return m;
}
