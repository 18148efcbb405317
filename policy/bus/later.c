/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/later.h"

#include <stddef.h>
#include <stdlib.h>

#include <event2/event.h>

struct later {
	struct later_item *first, **end;
	struct event *turn;
};

/* Items added while running wait for the turn after this one. */
static void run_items(evutil_socket_t fd, short what, void *arg)
{
	struct later *later = arg;
	struct later_item *item = later->first;

	(void)fd, (void)what;
	later->first = NULL;
	later->end = &later->first;
	while (item != NULL) {
		struct later_item *next = item->next;

		item->run(item);
		item = next;
	}
}

struct later *later_new(struct event_base *loop)
{
	struct later *later = calloc(1, sizeof(*later));

	if (later == NULL)
		return NULL;
	later->end = &later->first;
	later->turn = evtimer_new(loop, run_items, later);
	if (later->turn == NULL) {
		free(later);
		return NULL;
	}
	return later;
}

void later_call(struct later *later, struct later_item *item)
{
	static const struct timeval at_once = { 0, 0 };

	item->next = NULL;
	*later->end = item;
	later->end = &item->next;
	evtimer_add(later->turn, &at_once);
}

void later_free(struct later *later)
{
	if (later == NULL)
		return;
	while (later->first != NULL) {
		struct later_item *item = later->first;

		later->first = item->next;
		item->drop(item);
	}
	event_free(later->turn);
	free(later);
}
