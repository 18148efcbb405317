/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/names.h"

#include "policy/base/error.h"
#include "policy/base/option.h"
#include "steering/runbook/change.h"
#include "steering/runbook/field.h"
#include "steering/runbook/link.h"
#include "steering/runbook/order.h"
#include "steering/runbook/survey.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { ASK_MS = 1500 };

/* Each once: seen has those that were told. */
static void print_region(const struct json_t *endpoint, struct json_t *seen)
{
	const char *region = field_text(endpoint, "region");

	if (*region == '\0' || json_object_get(seen, region) != NULL)
		return;
	json_object_set_new(seen, region, json_true());
	printf("%s\n", region);
}

static void print_regions(const struct json_t *status)
{
	struct json_t *seen = json_object(), *service, *endpoint;
	size_t i, j;

	json_array_foreach(json_object_get(status, "services"), i, service)
		json_array_foreach(json_object_get(service, "endpoints"), j,
				   endpoint) print_region(endpoint, seen);
	json_decref(seen);
}

static void print_endpoints(const struct json_t *status)
{
	struct json_t *service, *endpoint;
	size_t i, j;

	json_array_foreach(json_object_get(status, "services"), i, service)
		json_array_foreach(json_object_get(service, "endpoints"), j,
				   endpoint)
			printf("%s/%s\n", field_text(service, "service"),
			       field_text(endpoint, "endpoint"));
}

static void print_list(const struct json_t *list, const char *key)
{
	struct json_t *item;
	size_t i;

	json_array_foreach(list, i, item) printf("%s\n", field_text(item, key));
}

static void print_services(const struct json_t *status)
{
	print_list(json_object_get(status, "services"), "service");
}

static void print_canaries(const struct json_t *status)
{
	print_list(json_object_get(status, "canaries"), "canary");
}

static void print_commands(const struct json_t *status)
{
	print_list(json_object_get(json_object_get(status, "plan"), "commands"),
		   "id");
}

/* What can be undone, the newest last. */
static void print_changes(const struct json_t *status)
{
	print_list(json_object_get(json_object_get(status, "plan"), "changes"),
		   "id");
}

/* Of clients. */
static void print_sets(const struct json_t *status)
{
	struct json_t *set;
	size_t i;

	json_array_foreach(json_object_get(status, "sets"), i, set)
		printf("%s\n", json_string_value(set));
}

static const struct kind {
	const char *name;
	void (*print)(const struct json_t *status);
} kinds[] = {
	{ "regions", print_regions },     { "services", print_services },
	{ "endpoints", print_endpoints }, { "canaries", print_canaries },
	{ "commands", print_commands },   { "changes", print_changes },
	{ "sets", print_sets },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static const struct kind *read_options(struct order *order, int argc,
				       char **argv)
{
	const struct option_row rows[] = {
		{ "bus", OPTION_TEXT, &order->bus, "URL", "", 0, 0 },
		{ "node", OPTION_TEXT, &order->node, "SOCKET", "", 0, 0 },
		{ "key", OPTION_TEXT, &order->key, "PEM", "", 0, 0 },
	};
	const char **operands = calloc((size_t)argc, sizeof(*operands));
	const struct kind *kind = NULL;
	struct error err;

	if (operands != NULL &&
	    option_parse(rows, sizeof(rows) / sizeof(rows[0]), argc, argv,
			 operands, &err) == 1)
		kind = find_kind(operands[0]);
	free(operands);
	return kind;
}

int names_run(int argc, char **argv)
{
	struct order order = { .bus = NULL };
	const struct kind *kind = read_options(&order, argc, argv);
	struct json_t *request, *answer = NULL;
	enum survey_result result = SURVEY_SILENT;
	struct link *link;
	struct error err;
	int status;

	if (kind == NULL)
		return EXIT_USAGE;
	status = change_open(&order, &link);
	if (status != EXIT_DONE)
		return status;
	request = json_pack("{s:s}", "op", "status");
	if (request != NULL)
		result = survey_ask(link, request, ASK_MS, &answer, &err);
	if (result == SURVEY_OK)
		kind->print(answer);
	json_decref(request);
	json_decref(answer);
	link_free(link);
	return result == SURVEY_OK ? EXIT_DONE : EXIT_UNREACHABLE;
}
