/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/verdicts.h"

#include "policy/decide/view.h"

#include <string.h>

#include <jansson.h>

static json_t *write_service(const struct policy_service *declared,
			     const struct view_service *service)
{
	json_t *json = json_object();

	for (size_t e = 0; json != NULL && e < declared->endpoint_count; e++) {
		enum verdict verdict = service->endpoints[e].health.verdict;

		if (verdict != VERDICT_UNKNOWN &&
		    json_object_set_new(json, declared->endpoints[e].name,
					json_string(verdict_name(verdict))) !=
			    0) {
			json_decref(json);
			json = NULL;
		}
	}
	return json;
}

struct json_t *verdicts_write(const struct view *view)
{
	json_t *json = json_object();

	for (size_t s = 0; json != NULL && s < view->policy->service_count;
	     s++) {
		const struct policy_service *declared =
			&view->policy->services[s];

		if (declared->check != POLICY_NONE &&
		    json_object_set_new(json, declared->name,
					write_service(declared,
						      &view->services[s])) !=
			    0) {
			json_decref(json);
			json = NULL;
		}
	}
	return json;
}

static void hold(const json_t *word, struct quorum_result *health)
{
	const char *text = json_string_value(word);

	if (text == NULL)
		return;
	if (strcmp(text, verdict_name(VERDICT_UP)) == 0)
		*health = (struct quorum_result){ VERDICT_UP, .held = true };
	else if (strcmp(text, verdict_name(VERDICT_DOWN)) == 0)
		*health = (struct quorum_result){ VERDICT_DOWN, .held = true };
}

void verdicts_hold(const struct json_t *json, struct view *view)
{
	for (size_t s = 0; s < view->policy->service_count; s++) {
		const struct policy_service *declared =
			&view->policy->services[s];
		const json_t *words = json_object_get(json, declared->name);

		if (declared->check == POLICY_NONE)
			continue;
		for (size_t e = 0; e < declared->endpoint_count; e++)
			hold(json_object_get(words,
					     declared->endpoints[e].name),
			     &view->services[s].endpoints[e].health);
	}
}

bool verdicts_same(const struct view *a, const struct view *b)
{
	if (a->policy != b->policy)
		return false;
	for (size_t s = 0; s < a->policy->service_count; s++)
		for (size_t e = 0; e < a->policy->services[s].endpoint_count;
		     e++)
			if (a->services[s].endpoints[e].health.verdict !=
			    b->services[s].endpoints[e].health.verdict)
				return false;
	return true;
}
