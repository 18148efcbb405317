/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/pin_json.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/bus/member.h"
#include "policy/decide/pin.h"
#include "policy/decide/view.h"

#include <string.h>

#include <jansson.h>

static json_t *write_pin(const struct policy *policy,
			 const struct policy_service *service,
			 const struct pin *pin)
{
	struct member_writer m = member_begin();
	json_t *to = json_array();

	for (size_t e = 0; e < service->endpoint_count; e++)
		if ((pin->endpoints >> e & 1) != 0)
			member_append(&to,
				      json_string(service->endpoints[e].name));
	member_put_text(&m, "id", pin->ref);
	member_put_text(&m, "clients", policy->sets[pin->set].name);
	member_put_json(&m, "to", to);
	member_put_text(&m, "author", pin->author);
	member_put_text(&m, "reason", pin->reason);
	member_put_integer(&m, "wall_made_ms", pin->wall_made_ms);
	return member_take(&m);
}

json_t *pins_write(const struct view *view, size_t service)
{
	const struct view_service *seen = &view->services[service];
	json_t *list = json_array();

	for (size_t i = 0; i < seen->pin_count; i++)
		member_append(&list, write_pin(view->policy,
					       &view->policy->services[service],
					       &seen->pins[i]));
	return list;
}

static uint64_t read_endpoints(const json_t *list,
			       const struct policy_service *service)
{
	uint64_t found = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		int at = name == NULL ? POLICY_NONE
				      : policy_find_endpoint(service, name);

		if (at >= 0)
			found |= UINT64_C(1) << at;
	}
	return found;
}

static bool parse_pin(struct member_reader *m, struct view *view,
		      size_t service)
{
	struct view_service *seen = &view->services[service];
	char id[COMMAND_NAME_SIZE] = "", clients[COMMAND_NAME_SIZE] = "";
	char author[COMMAND_NAME_SIZE] = "", reason[COMMAND_TEXT_SIZE] = "";
	struct pin pin = { .ref = id, .author = author, .reason = reason };
	int set;

	member_name(m, "id", id, sizeof(id));
	member_name(m, "clients", clients, sizeof(clients));
	member_text(m, "author", author, sizeof(author));
	member_text(m, "reason", reason, sizeof(reason));
	pin.wall_made_ms =
		member_integer(m, "wall_made_ms", 0, MEMBER_EXACT_MAX);
	pin.endpoints =
		read_endpoints(member_array(m, "to", POLICY_ENDPOINTS_MAX),
			       &view->policy->services[service]);
	set = policy_find_set(view->policy, clients);
	if (m->failed || set < 0 || pin.endpoints == 0)
		return !m->failed;
	pin.set = (uint8_t)set;
	if (!pin_keep(&pin, view->arena)) {
		member_fail(m, "out of memory");
		return false;
	}
	seen->pin_count = pins_put(seen->pins, seen->pin_count, &pin);
	return true;
}

bool pins_parse(const json_t *list, struct view *view, size_t service,
		struct error *err)
{
	struct view_service *seen = &view->services[service];

	seen->pin_count = 0;
	seen->pins = arena_alloc(view->arena, view->policy->set_count + 1,
				 sizeof(*seen->pins));
	if (seen->pins == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member_reader m = member_item(list, i, "pin", err);

		if (!parse_pin(&m, view, service))
			return false;
	}
	return true;
}
