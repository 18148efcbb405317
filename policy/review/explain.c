/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/explain.h"

#include "policy/base/civil.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "policy/base/nearest.h"
#include "policy/decide/opening.h"
#include "policy/review/explanation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	const char *service, *node, *at;
	struct option_list clients, down;
	const char *order, *canary;
	bool deferred, panic, canaries_down, json, help;
	const char *path;
};

static int refuse(const char *what, const char *name, const char *near)
{
	if (near != NULL)
		fprintf(stderr,
			"windrose explain: %s \"%s\" is not in the policy; "
			"did you mean \"%s\"?\n",
			what, name, near);
	else
		fprintf(stderr,
			"windrose explain: %s \"%s\" is not in the policy\n",
			what, name);
	return PROGRAM_USAGE;
}

/* The region's names, then "did you mean". */
static int refuse_region(const struct policy *policy, const char *name)
{
	const char *names[POLICY_REGIONS_MAX];

	for (size_t i = 0; i < policy->region_count; i++)
		names[i] = policy->regions[i].name;
	return refuse("region", name,
		      nearest_word(name, names, policy->region_count));
}

static int refuse_service(const struct policy *policy, const char *name)
{
	const char **names = calloc(policy->service_count + 1, sizeof(*names));
	int status;

	for (size_t i = 0; names != NULL && i < policy->service_count; i++)
		names[i] = policy->services[i].name;
	status = refuse("service", name,
			names == NULL ? NULL
				      : nearest_word(name, names,
						     policy->service_count));
	free(names);
	return status;
}

/* False with *status set when an argument is no region of the policy. */
static bool read_down(const struct policy *policy,
		      const struct option_list *names, uint64_t *down,
		      int *status)
{
	*down = 0;
	for (size_t i = 0; i < names->count; i++) {
		int region = policy_find_region(policy, names->items[i]);

		if (region < 0) {
			*status = refuse_region(policy, names->items[i]);
			return false;
		}
		*down |= UINT64_C(1) << region;
	}
	return true;
}

/* What the words of the command line suppose. */
struct supposed {
	struct scenario scenario;
	struct scenario_canaries canaries;
};

/* False with *status set when what is supposed is not of the policy. */
static bool read_supposed(const struct policy *policy, int service,
			  const struct request *request, struct supposed *out,
			  int *status)
{
	struct scenario *s = &out->scenario;
	struct supposition supposed = { .panic = request->panic };
	struct error err;

	*s = (struct scenario){
		.deferred = request->deferred,
		.canaries_failed = request->canaries_down,
	};
	if (!read_down(policy, &request->down, &s->failed, status))
		return false;
	if ((request->order == NULL ||
	     supposition_read_order(policy, service, request->order, &supposed,
				    &err)) &&
	    (request->canary == NULL ||
	     supposition_read_canary(policy, service, request->canary,
				     &supposed, &err))) {
		scenario_suppose(s, policy, &supposed, &out->canaries);
		return true;
	}
	fprintf(stderr, "windrose explain: %s\n", err.text);
	*status = PROGRAM_USAGE;
	return false;
}

/* False with a message when it is no instant. */
static bool read_at(const struct request *request, int64_t *at_ms)
{
	int64_t at_s;

	*at_ms = clock_wall_ms();
	if (request->at == NULL)
		return true;
	if (civil_parse(request->at, &at_s)) {
		*at_ms = at_s * 1000;
		return true;
	}
	fprintf(stderr,
		"windrose explain: \"%s\" is not an instant like "
		"2026-07-06T09:30Z\n",
		request->at);
	return false;
}

static int explain(struct subject *s, const struct request *request,
		   const struct net_addr *clients)
{
	int64_t at_ms;
	int service = policy_find_service(s->policy, request->service);
	struct supposed supposed;
	struct error err;
	int status;

	if (service < 0)
		return refuse_service(s->policy, request->service);
	if (!read_at(request, &at_ms))
		return PROGRAM_USAGE;
	if (!read_supposed(s->policy, service, request, &supposed, &status))
		return status;
	if (request->node != NULL &&
	    !subject_ask(s, service, request->node, &err)) {
		fprintf(stderr, "windrose explain: %s\n", err.text);
		return PROGRAM_FAILED;
	}
	opening_move(s->view, at_ms);
	for (size_t i = 0; i < request->clients.count; i++) {
		struct explanation x = explanation_make(s, service, &clients[i],
							&supposed.scenario);

		if (request->json) {
			explanation_print_json(&x);
			continue;
		}
		printf("%s", i == 0 ? "" : "\n");
		explanation_print(&x);
	}
	return PROGRAM_OK;
}

/* Of a node only failures may be supposed: all else it knows. */
static bool supposes_of_node(const struct request *request)
{
	return request->node != NULL &&
	       (request->order != NULL || request->canary != NULL ||
		request->deferred || request->panic || request->canaries_down);
}

static enum program_status read_request(int argc, char **argv,
					struct request *request)
{
	const struct option_row rows[] = {
		{ "client", OPTION_LIST, &request->clients, "ADDR",
		  "address of a client; may be given again", 0, 0 },
		{ "service", OPTION_TEXT, &request->service, "NAME",
		  "service of the policy", 0, 0 },
		{ "down", OPTION_LIST, &request->down, "REGION",
		  "take this region as failed; may be given again", 0, 0 },
		{ "order", OPTION_TEXT, &request->order, "KIND:NAME",
		  "suppose drain:, failover:, pin:, weightless: or hold:", 0,
		  0 },
		{ "canary", OPTION_TEXT, &request->canary, "NAME:STAGE.STEP",
		  "suppose that a canary is at a step, counted from 1", 0, 0 },
		{ "deferred", OPTION_FLAG, &request->deferred, NULL,
		  "what is down is more than health may take out", 0, 0 },
		{ "panic", OPTION_FLAG, &request->panic, NULL,
		  "so little is healthy that it is panic", 0, 0 },
		{ "canaries-down", OPTION_FLAG, &request->canaries_down, NULL,
		  "the canaries' own endpoints are down", 0, 0 },
		{ "at", OPTION_TEXT, &request->at, "INSTANT",
		  "when it is asked, like 2026-07-06T09:30Z; else now", 0, 0 },
		{ "node", OPTION_TEXT, &request->node, "SOCKET",
		  "as the responder with this control socket sees it", 0, 0 },
		{ "json", OPTION_FLAG, &request->json, NULL, "print JSON", 0,
		  0 },
		{ "help", OPTION_FLAG, &request->help, NULL, "print this", 0,
		  0 },
	};
	const struct invocation call = {
		"explain",
		"PATH --client ADDR... --service NAME [--down REGION]...\n"
		"       [--order KIND:NAME] [--canary NAME:STAGE.STEP] "
		"[--deferred]\n"
		"       [--panic] [--canaries-down] [--at INSTANT] [--node SOCKET] "
		"[--json]",
		rows,
		sizeof(rows) / sizeof(rows[0]),
		1,
		&request->help,
	};
	enum program_status status =
		invocation_read(&call, argc, argv, &request->path);

	if (status != PROGRAM_GO)
		return status;
	if (request->clients.count == 0 || request->service == NULL)
		return invocation_refuse(&call, "say --client and --service");
	if (supposes_of_node(request))
		return invocation_refuse(&call, "of a node nothing but --down "
						"may be supposed");
	return PROGRAM_GO;
}

/* False with a message when one is not an address. */
static bool read_clients(const struct option_list *texts,
			 struct net_addr clients[OPTION_LIST_MAX])
{
	for (size_t i = 0; i < texts->count; i++) {
		if (net_addr_parse(texts->items[i], &clients[i]))
			continue;
		fprintf(stderr,
			"windrose explain: \"%s\" is not an IPv4 or IPv6 "
			"address\n",
			texts->items[i]);
		return false;
	}
	return true;
}

int review_explain(int argc, char **argv)
{
	struct request request = { .path = NULL };
	struct net_addr clients[OPTION_LIST_MAX];
	enum program_status status = read_request(argc, argv, &request);
	struct subject s;

	if (status != PROGRAM_GO)
		return status;
	if (!read_clients(&request.clients, clients))
		return PROGRAM_USAGE;
	if (!subject_open(request.path, &s))
		return PROGRAM_FAILED;
	status = explain(&s, &request, clients);
	subject_free(&s);
	return status;
}
