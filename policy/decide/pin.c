/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/pin.h"

#include "policy/base/arena.h"
#include "policy/bus/command.h"
#include "policy/bus/target.h"

#include <string.h>

bool pin_read(const struct command *c, const struct policy *policy,
	      size_t *service, struct pin *out)
{
	struct target_pin named;

	if (!target_pin(c, policy, &named))
		return false;
	*service = (size_t)named.service;
	*out = (struct pin){
		.endpoints = named.endpoints,
		.wall_made_ms = c->wall_made_ms,
		.ref = c->id,
		.author = c->author,
		.reason = c->reason,
		.set = (uint8_t)named.set,
	};
	return true;
}

static bool is_newer(const struct pin *a, const struct pin *b)
{
	if (a->wall_made_ms != b->wall_made_ms)
		return a->wall_made_ms > b->wall_made_ms;
	return strcmp(a->ref, b->ref) > 0;
}

size_t pins_put(struct pin *list, size_t count, const struct pin *pin)
{
	size_t at = 0, end;

	while (at < count && !is_newer(pin, &list[at])) {
		if (list[at].set == pin->set)
			return count;
		at++;
	}
	/* An older one of the set goes, else all behind move. */
	for (end = at; end < count && list[end].set != pin->set;)
		end++;
	memmove(&list[at + 1], &list[at], (end - at) * sizeof(*list));
	list[at] = *pin;
	return end == count ? count + 1 : count;
}

static const char *copy_of(struct arena *arena, const char *text)
{
	return arena_text(arena, text, strlen(text));
}

bool pin_keep(struct pin *pin, struct arena *arena)
{
	pin->ref = copy_of(arena, pin->ref);
	pin->author = copy_of(arena, pin->author);
	pin->reason = copy_of(arena, pin->reason);
	return pin->ref != NULL && pin->author != NULL && pin->reason != NULL;
}

const struct pin *pins_find(const struct pin *list, size_t count, uint64_t sets,
			    uint64_t eligible)
{
	for (size_t i = 0; i < count; i++)
		if ((sets >> list[i].set & 1) != 0 &&
		    (list[i].endpoints & eligible) != 0)
			return &list[i];
	return NULL;
}

bool pins_same(const struct pin *a, size_t a_count, const struct pin *b,
	       size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (a[i].set != b[i].set || a[i].endpoints != b[i].endpoints)
			return false;
	return true;
}
