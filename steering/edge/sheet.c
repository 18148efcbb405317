/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/sheet.h"

#include "policy/decide/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { DIGITS = 12 }; /* of a real number */

static json_t *write_endpoint(const struct portions *p, size_t at)
{
	const struct portion *part = &p->parts[at];
	int64_t weight = strchr(part->name, '/') != NULL ? 0
			 : part->word.weight >= 0        ? part->word.weight
							 : part->weight;

	return json_pack("{s:s, s:I, s:f, s:f}", "name", part->name, "weight",
			 (json_int_t)weight, "share", part->word.share,
			 "fraction", part->part / p->whole);
}

static json_t *write_canary(const struct portions *p, const char *name)
{
	double fraction = portions_cohort(p, name);
	uint32_t accept = accept_of(fraction);

	return json_pack("{s:s, s:f, s:I}", "name", name, "fraction", fraction,
			 "threshold",
			 accept == ACCEPT_ALL ? (json_int_t)1 << 32
					      : (json_int_t)accept);
}

/* Is it the first endpoint of its canary? */
static bool is_first(const struct portions *p, size_t at, const char *canary)
{
	for (size_t i = 0; i < at; i++)
		if (portions_is_of(p->parts[i].name, canary))
			return false;
	return true;
}

static json_t *write_canaries(const struct portions *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->count; i++) {
		char canary[PLAN_NAME_SIZE];
		size_t len = strcspn(p->parts[i].name, "/");

		if (p->parts[i].name[len] == '\0')
			continue;
		snprintf(canary, sizeof(canary), "%.*s", (int)len,
			 p->parts[i].name);
		if (is_first(p, i, canary))
			json_array_append_new(list, write_canary(p, canary));
	}
	return list;
}

static json_t *write_service(const struct serving *s)
{
	json_t *endpoints = json_array();

	for (size_t i = 0; i < s->portions.count; i++)
		json_array_append_new(endpoints,
				      write_endpoint(&s->portions, i));
	return json_pack("{s:s, s:o, s:o}", "name", s->service, "endpoints",
			 endpoints, "canaries", write_canaries(&s->portions));
}

char *sheet_write_services(const struct serving *servings, size_t count)
{
	json_t *list = json_array();
	char *text = NULL;
	bool ok = list != NULL;

	for (size_t i = 0; i < count && ok; i++)
		ok = json_array_append_new(list, write_service(&servings[i])) ==
		     0;
	if (ok)
		text = json_dumps(list,
				  JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
	json_decref(list);
	return text;
}

char *sheet_write(const struct plan *plan, const char *services)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	/* A digest is hex digits. */
	fprintf(out,
		"{\"version\":%d,\"plan\":{\"epoch\":%" PRIu64
		",\"sequence\":%" PRIu64
		",\"policy_digest\":\"%s\"},\"services\":%s}\n",
		SHEET_VERSION, plan->epoch, plan->sequence, plan->policy_digest,
		services);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
