/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/trial.h"

#include "policy/decide/opening.h"

#include <stdlib.h>

/* So many rows are made for one always_within before classes are thinned. */
enum { ROWS_MAX = 4000000, KINDS_MAX = 1024 };

static const struct policy_service *service_of(const struct trial *t)
{
	return &t->subject->policy->services[t->test->service];
}

bool trial_asks(const struct geo *geo, const struct policy_test *test,
		uint16_t class_id)
{
	if (test->client.family != NET_NONE)
		return geo_find(geo, &test->client).class_id == class_id;
	return geo_class(geo, class_id)->sets >> test->clients & 1;
}

static bool is_asked(const struct trial *t, uint16_t class_id)
{
	return trial_asks(t->subject->geo, t->test, class_id);
}

/* What the test supposes, with these regions failed. */
static void suppose(struct trial *t, uint64_t down)
{
	struct scenario s = { .failed = down };
	struct scenario_canaries canaries;

	t->down = down;
	scenario_suppose(&s, t->subject->policy, &t->test->supposed, &canaries);
	subject_suppose(t->subject, t->test->service, &s);
}

static bool refuse(struct trial *t, uint16_t class_id, uint64_t got,
		   const char *why)
{
	t->ok = false;
	t->class_id = class_id;
	t->got = got;
	t->why = why;
	return false;
}

/* What the clients in question can draw, whatever type they ask for: one
 * client its own draw. */
static uint64_t find_drawn(const struct trial *t, const struct row *row)
{
	const struct policy_service *service = service_of(t);
	const uint64_t having[] = {
		UINT64_MAX,
		policy_having(service, NET_V4),
		policy_having(service, NET_V6),
	};
	struct subject_asking asking = {
		.service = t->test->service,
		.row = row,
		.client = &t->test->client,
	};
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	uint64_t drawn = 0;
	unsigned count;

	if (t->test->client.family == NET_NONE ||
	    service->sticky == STICKY_NONE)
		return share_possible(row, service->answers);
	for (size_t f = 0; f < sizeof(having) / sizeof(having[0]); f++) {
		asking.having = having[f];
		count = subject_pick(t->subject, &asking, picks);
		for (unsigned i = 0; i < count; i++)
			drawn |= UINT64_C(1) << picks[i];
	}
	return drawn;
}

static bool try_answer(struct trial *t, uint16_t class_id)
{
	struct row row =
		subject_row(t->subject, t->test->service, class_id, NULL);
	uint64_t drawn = find_drawn(t, &row);

	if (row.count == 0)
		return refuse(t, class_id, 0,
			      row_note_name((enum row_note)row.note));
	return (drawn & ~t->test->endpoints) == 0 ||
	       refuse(t, class_id, drawn & ~t->test->endpoints, NULL);
}

static bool try_never(struct trial *t, uint16_t class_id)
{
	struct row row =
		subject_row(t->subject, t->test->service, class_id, NULL);
	uint64_t possible = share_possible(&row, service_of(t)->answers);

	return (possible & t->test->endpoints) == 0 ||
	       refuse(t, class_id, possible & t->test->endpoints, NULL);
}

static bool try_within(struct trial *t, uint16_t class_id)
{
	const struct policy *policy = t->subject->policy;
	const struct policy_service *service = service_of(t);
	struct row row =
		subject_row(t->subject, t->test->service, class_id, NULL);
	uint64_t possible = share_possible(&row, service->answers);
	uint64_t outside = 0;

	for (size_t i = 0; i < service->endpoint_count; i++) {
		int region = service->endpoints[i].region;

		if (!(policy->regions[region].jurisdictions &
		      t->test->jurisdictions))
			outside |= possible & UINT64_C(1) << i;
	}
	return outside == 0 || refuse(t, class_id, outside, NULL);
}

typedef bool trying(struct trial *t, uint16_t class_id);

/* Every class in question; false at the first that fails. */
static bool try_classes(struct trial *t, trying *try)
{
	size_t count = geo_class_count(t->subject->geo);

	suppose(t, t->test->down);
	for (size_t i = 0; i < count; i++) {
		if (!is_asked(t, (uint16_t)i))
			continue;
		t->classes++;
		if (!try(t, (uint16_t)i))
			return false;
	}
	t->tried = t->classes;
	return t->classes > 0 || refuse(t, 0, 0, "no client network is meant");
}

/*
 * The classes to try failures on.  When there are too many, those that differ
 * in what residency says stay, and of those that differ only in place as many
 * as the budget allows: place can change the order, never the walls.
 */
struct kind {
	uint64_t regions;
	enum none_healthy none_healthy;
	size_t left;
};

static bool take_class(struct kind *kinds, size_t *count, size_t each,
		       const struct client_class *class)
{
	for (size_t i = 0; i < *count; i++) {
		if (kinds[i].regions != class->regions ||
		    kinds[i].none_healthy != class->none_healthy)
			continue;
		if (kinds[i].left == 0)
			return false;
		kinds[i].left--;
		return true;
	}
	if (*count < KINDS_MAX)
		kinds[(*count)++] = (struct kind){
			class->regions,
			class->none_healthy,
			each,
		};
	return true;
}

static uint16_t *choose_classes(struct trial *t, uint64_t states)
{
	size_t count = geo_class_count(t->subject->geo), kind_count = 0;
	size_t each = (size_t)(ROWS_MAX / states) / 16;
	struct kind *kinds = calloc(KINDS_MAX, sizeof(*kinds));
	uint16_t *chosen = calloc(count, sizeof(*chosen));

	for (size_t i = 0; kinds != NULL && chosen != NULL && i < count; i++)
		t->classes += is_asked(t, (uint16_t)i);
	if (t->classes * states <= ROWS_MAX)
		each = count;
	for (size_t i = 0; t->classes > 0 && i < count; i++)
		if (is_asked(t, (uint16_t)i) &&
		    take_class(kinds, &kind_count, each,
			       geo_class(t->subject->geo, (uint16_t)i)))
			chosen[t->tried++] = (uint16_t)i;
	free(kinds);
	return chosen;
}

/* Regions of the service's endpoints, at most 64, into regions[]. */
static unsigned find_regions(const struct trial *t, int regions[64])
{
	const struct policy_service *service = service_of(t);
	uint64_t seen = 0;
	unsigned count = 0;

	for (size_t i = 0; i < service->endpoint_count; i++) {
		int region = service->endpoints[i].region;

		if (!(seen >> region & 1))
			regions[count++] = region;
		seen |= UINT64_C(1) << region;
	}
	return count;
}

/* All of up to `most` of the regions from `from` on, added to down. */
struct failures {
	const int *regions;
	unsigned count;
	const uint16_t *classes;
};

static bool try_failures(struct trial *t, const struct failures *f,
			 unsigned from, unsigned most, uint64_t down)
{
	trying *try =
		t->test->expect == TEST_ALWAYS_WITHIN ? try_within : try_never;

	t->states++;
	suppose(t, down);
	for (size_t i = 0; i < t->tried; i++)
		if (!try(t, f->classes[i]))
			return false;
	for (unsigned i = from; most > 0 && i < f->count; i++)
		if (!try_failures(t, f, i + 1, most - 1,
				  down | UINT64_C(1) << f->regions[i]))
			return false;
	return true;
}

static void try_always(struct trial *t)
{
	int regions[64];
	unsigned count = find_regions(t, regions);
	unsigned most = count;
	uint64_t states = UINT64_C(1) << (count < 20 ? count : 20);
	uint16_t *classes;

	if (count > TRIAL_REGIONS_ALL) {
		most = TRIAL_REGIONS_SOME;
		states = (uint64_t)count * count * count / 6 + 1;
		t->some_subsets = true;
	}
	classes = choose_classes(t, states);
	if (classes == NULL || t->tried == 0)
		refuse(t, 0, 0,
		       classes == NULL ? "out of memory"
				       : "no client network is meant");
	else
		try_failures(t, &(struct failures){ regions, count, classes },
			     0, most, t->test->down);
	free(classes);
}

struct trial trial_run(struct subject *s, const struct policy_test *test)
{
	struct trial t = { .subject = s, .test = test, .ok = true };

	opening_move(s->view, test->at_s * 1000);
	switch (test->expect) {
	case TEST_ANSWER:
		try_classes(&t, try_answer);
		break;
	case TEST_NEVER:
		try_classes(&t, try_never);
		break;
	case TEST_ALWAYS_WITHIN:
	case TEST_ALWAYS_WITHOUT:
		try_always(&t);
		break;
	}
	return t;
}

uint64_t trial_given(struct subject *s, const struct policy_test *test,
		     uint16_t class_id)
{
	struct trial t = { .subject = s, .test = test };
	struct row row;

	suppose(&t, test->down);
	row = subject_row(s, test->service, class_id, NULL);
	if (test->expect == TEST_ANSWER)
		return find_drawn(&t, &row);
	return share_possible(&row, service_of(&t)->answers);
}
