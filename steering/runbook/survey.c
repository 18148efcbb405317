/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/survey.h"

#include "policy/base/error.h"
#include "steering/runbook/link.h"

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum { PAGE = 500 };

static enum survey_result ask(struct link *link, const struct json_t *request,
			      int64_t timeout_ms, struct json_t **out,
			      struct error *err)
{
	struct json_t *answer = link_ask(link, request, timeout_ms, err);
	const char *why;

	if (answer == NULL)
		return SURVEY_SILENT;
	if (json_is_true(json_object_get(answer, "ok"))) {
		*out = answer;
		return SURVEY_OK;
	}
	why = json_string_value(json_object_get(answer, "error"));
	error_set(err, "%s", why == NULL ? "refused" : why);
	json_decref(answer);
	return SURVEY_REFUSED;
}

/* What of a status comes in pages, how to ask for the page after an entry. */
static const struct paged {
	const char *list, *name; /* which also is the op; what names an entry */
} paged[] = {
	{ "services", "service" },
	{ "nodes", "name" },
};

/* The page behind the last entry of the list; NULL: it did not come. */
static struct json_t *next_page(struct link *link, const struct paged *what,
				const struct json_t *list, int64_t timeout_ms)
{
	const struct json_t *last =
		json_array_get(list, json_array_size(list) - 1);
	struct json_t *request =
		json_pack("{s:s, s:O, s:i}", "op", what->list, "after",
			  json_object_get(last, what->name), "count", PAGE);
	struct json_t *page = NULL;
	struct error err;

	if (request != NULL &&
	    ask(link, request, timeout_ms, &page, &err) != SURVEY_OK)
		page = NULL;
	json_decref(request);
	return page;
}

/* True when all are there. */
static bool add_pages(struct link *link, const struct paged *what,
		      struct json_t *list, int64_t timeout_ms)
{
	bool more = true;

	while (more) {
		struct json_t *page = next_page(link, what, list, timeout_ms);
		struct json_t *found = json_object_get(page, what->list);

		if (page == NULL)
			return false;
		more = json_is_true(json_object_get(page, "more")) &&
		       json_array_size(found) > 0;
		json_array_extend(list, found);
		json_decref(page);
	}
	return true;
}

/* Of an agent's status only; others have one page. */
static void complete(struct link *link, struct json_t *answer,
		     int64_t timeout_ms)
{
	struct json_t *services = json_object_get(answer, "services");
	struct json_t *nodes = json_object_get(answer, "nodes");
	int64_t left = json_integer_value(json_object_get(answer, "left_out"));
	int64_t all = json_integer_value(
		json_object_get(json_object_get(answer, "fleet"), "nodes"));

	if (nodes == NULL)
		return;
	if (left > 0 && json_array_size(services) > 0 &&
	    add_pages(link, &paged[0], services, timeout_ms))
		json_object_del(answer, "left_out");
	if (json_array_size(nodes) > 0 && (int64_t)json_array_size(nodes) < all)
		add_pages(link, &paged[1], nodes, timeout_ms);
}

enum survey_result survey_ask(struct link *link, const struct json_t *request,
			      int64_t timeout_ms, struct json_t **out,
			      struct error *err)
{
	enum survey_result result = ask(link, request, timeout_ms, out, err);

	if (result == SURVEY_OK)
		complete(link, *out, timeout_ms);
	return result;
}
