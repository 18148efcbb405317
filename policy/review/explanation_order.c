/* SPDX-License-Identifier: Apache-2.0 */
/* explanation.h's words for schedules, costs and capacity. */
#include "policy/base/civil.h"
#include "policy/review/explanation.h"

#include <stdio.h>

static const struct policy_service *service_of(const struct explanation *x)
{
	return &x->subject->policy->services[x->service];
}

/* The windows of an endpoint that are open, or that none is. */
static void put_opening(const struct explanation *x, size_t i, char *buf,
			size_t size)
{
	const struct policy *policy = x->subject->policy;
	const struct view_service *seen =
		&x->subject->view->services[x->service];
	uint64_t windows = service_of(x)->endpoints[i].open;
	uint64_t open = windows & seen->opening.windows;
	size_t used =
		(size_t)snprintf(buf, size, "%s",
				 windows == 0 ? "for when no window is open, "
				 : open == 0  ? "closed, "
					      : "open by ");

	for (; open != 0 && used < size; open &= open - 1)
		used += (size_t)
			snprintf(buf + used, size - used, "%s, ",
				 policy->windows[__builtin_ctzll(open)].name);
}

const char *explanation_order(const struct explanation *x, size_t i, char *buf,
			      size_t size)
{
	const struct policy_service *service = service_of(x);
	int region = service->endpoints[i].region;

	buf[0] = '\0';
	if (service->steer == STEER_SCHEDULE)
		put_opening(x, i, buf, size);
	else if (service->steer == STEER_COST)
		snprintf(buf, size, "cost %g, ",
			 x->subject->policy->regions[region].cost);
	return buf;
}

const char *explanation_spill(const struct explanation *x, size_t i, char *buf,
			      size_t size)
{
	uint32_t spilled = x->trace.endpoints[i].spilled;
	const char *home =
		x->trace.home == ROW_NONE
			? ""
			: service_of(x)->endpoints[x->trace.home].name;

	buf[0] = '\0';
	if (spilled != ACCEPT_ALL)
		snprintf(buf, size,
			 "; takes %.4g %% of clients%s%s, the rest is spilled "
			 "by capacity",
			 100 * accept_share(spilled),
			 home[0] == '\0' ? " like this" : " nearest to ", home);
	return buf;
}

void explanation_print_schedule(const struct explanation *x)
{
	const struct view *view = x->subject->view;
	const struct view_service *seen = &view->services[x->service];
	char at[CIVIL_TEXT_SIZE], until[CIVIL_TEXT_SIZE];

	if (service_of(x)->steer != STEER_SCHEDULE)
		return;
	printf("schedule as of %s", civil_text(view->wall_made_ms / 1000, at));
	if (seen->opening.until_s != INT64_MAX)
		printf(", until %s", civil_text(seen->opening.until_s, until));
	printf("\n");
}
