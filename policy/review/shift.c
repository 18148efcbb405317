/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/shift.h"

#include "policy/decide/geo.h"
#include "policy/decide/vicinity.h"
#include "policy/review/movement.h"
#include "policy/review/overlay.h"
#include "policy/review/subject.h"

#include <stdio.h>
#include <string.h>

struct side {
	struct subject subject;
	struct vicinity *vicinity;
};

static bool side_open(const char *path, struct side *side)
{
	struct subject *s = &side->subject;

	if (!subject_open(path, s))
		return false;
	side->vicinity = vicinity_new(s->policy, geo_class(s->geo, 0),
				      geo_class_count(s->geo));
	for (size_t i = 0; i < s->policy->service_count; i++)
		subject_suppose(s, (int)i, &(struct scenario){ .failed = 0 });
	return side->vicinity != NULL;
}

static void side_close(struct side *side)
{
	vicinity_free(side->vicinity);
	subject_free(&side->subject);
}

static int find_again(const struct policy *policy, const char *fqdn)
{
	for (size_t i = 0; i < policy->service_count; i++)
		if (strcmp(policy->services[i].fqdn, fqdn) == 0)
			return (int)i;
	return POLICY_NONE;
}

/* Of one service, both families; false when memory runs out. */
static bool measure(const struct movement_ground *ground, size_t service,
		    double *pct)
{
	int after = find_again(
		ground->after.subject->policy,
		ground->before.subject->policy->services[service].fqdn);
	struct movement m;

	*pct = 100;
	if (after == POLICY_NONE)
		return true;
	if (!movement_find(ground, (int)service, after, &m))
		return false;
	*pct = m.moved_v4 > m.moved_v6 ? m.moved_v4 : m.moved_v6;
	movement_fini(&m);
	return true;
}

static bool find_most(const struct movement_ground *ground, struct shift *out)
{
	const struct policy *policy = ground->before.subject->policy;
	double pct;

	*out = (struct shift){ .pct = 0 };
	for (size_t i = 0; i < policy->service_count; i++) {
		if (!measure(ground, i, &pct))
			return false;
		if (!(pct > out->pct))
			continue;
		out->pct = pct;
		snprintf(out->service, sizeof(out->service), "%s",
			 policy->services[i].fqdn);
	}
	return true;
}

bool shift_find(const char *before, const char *after, struct shift *out)
{
	struct side sides[2] = { { .vicinity = NULL }, { .vicinity = NULL } };
	struct overlay overlay = { .cells = NULL };
	bool ok = side_open(before, &sides[0]) && side_open(after, &sides[1]);
	const struct movement_ground ground = {
		.before = { &sides[0].subject, sides[0].vicinity },
		.after = { &sides[1].subject, sides[1].vicinity },
		.overlay = &overlay,
	};

	ok = ok &&
	     overlay_make(sides[0].subject.geo, sides[1].subject.geo,
			  &overlay) &&
	     find_most(&ground, out);
	overlay_fini(&overlay);
	side_close(&sides[0]);
	side_close(&sides[1]);
	return ok;
}
