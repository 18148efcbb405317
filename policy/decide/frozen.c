/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/frozen.h"

#include "policy/base/arena.h"
#include "policy/bus/command.h"
#include "policy/bus/target.h"
#include "policy/decide/view.h"

#include <string.h>

bool frozen_covers(const struct command *freeze, const char *service,
		   const char *canary)
{
	const char *target = freeze->target;
	size_t len = strlen(service);

	if (strcmp(target, TARGET_ALL) == 0)
		return true;
	if (strncmp(target, service, len) != 0)
		return false;
	return target[len] == '\0' || (canary != NULL && target[len] == '/' &&
				       strcmp(target + len + 1, canary) == 0);
}

bool frozen_fill(struct view *view, const struct command *commands,
		 size_t count)
{
	struct command *list;
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += commands[i].kind == COMMAND_FREEZE;
	view->freeze_count = 0;
	if (found == 0)
		return true;
	list = arena_alloc(view->arena, found, sizeof(*list));
	if (list == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (commands[i].kind == COMMAND_FREEZE)
			list[view->freeze_count++] = commands[i];
	view->freezes = list;
	return true;
}

/* The service, or a canary of it. */
static bool holds(const struct command *freeze, const struct policy *policy,
		  size_t service)
{
	const char *name = policy->services[service].name;

	if (frozen_covers(freeze, name, NULL))
		return true;
	for (size_t i = 0; i < policy->canary_count; i++)
		if ((size_t)policy->canaries[i].service == service &&
		    frozen_covers(freeze, name, policy->canaries[i].name))
			return true;
	return false;
}

const struct command *frozen_next(const struct view *view, size_t service,
				  const struct command *after)
{
	size_t i = after == NULL ? 0 : (size_t)(after - view->freezes) + 1;

	for (; i < view->freeze_count; i++)
		if (view->freezes[i].wall_expires_ms > view->wall_made_ms &&
		    holds(&view->freezes[i], view->policy, service))
			return &view->freezes[i];
	return NULL;
}
