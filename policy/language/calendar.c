/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/calendar.h"

#include "policy/base/civil.h"
#include "policy/base/tzif.h"
#include "policy/language/code.h"
#include "policy/language/sources.h"
#include "policy/language/window.h"

#include <string.h>

static const char *const day_words[] = { "mon", "tue", "wed", "thu",
					 "fri", "sat", "sun" };

enum { DAYS = sizeof(day_words) / sizeof(day_words[0]), ZONE_MAX = 64 };

/* "Europe/Dublin": what is no way out of the database's folder. */
static bool is_zone_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-";
	const char *at = text;

	if (strlen(text) > ZONE_MAX)
		return false;
	for (;;) {
		size_t len = strspn(at, letters);

		at += len;
		if (len == 0 || (*at != '/' && *at != '\0'))
			return false;
		if (*at++ == '\0')
			return true;
	}
}

static void read_zone(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);

	if (text != NULL && !is_zone_name(text))
		value_refuse(d, row, node);
	else if (text != NULL)
		memcpy(target, &text, sizeof(text));
}

/* A word of len octets; DAYS: none. */
static unsigned find_day(const char *text, size_t len)
{
	unsigned day = 0;

	while (day < DAYS && (strlen(day_words[day]) != len ||
			      strncmp(day_words[day], text, len) != 0))
		day++;
	return day;
}

/* "tue" or "fri-mon"; 0: neither. */
static uint32_t days_of(const char *text)
{
	const char *dash = strchr(text, '-');
	size_t len = dash == NULL ? strlen(text) : (size_t)(dash - text);
	unsigned first = find_day(text, len);
	unsigned last =
		dash == NULL ? first : find_day(dash + 1, strlen(dash + 1));
	uint32_t days = 0;

	if (first == DAYS || last == DAYS)
		return 0;
	for (unsigned day = first;; day = (day + 1) % DAYS) {
		days |= UINT32_C(1) << day;
		if (day == last)
			return days;
	}
}

static void read_days(struct draft *d, const struct schema_row *row,
		      struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	uint32_t days = 0;

	for (size_t i = 0; i < count; i++, at = at->next) {
		uint32_t more = at->refused ? 0 : days_of(at->text);

		if (more == 0 && !at->refused)
			value_refuse(d, row, at);
		node->refused |= at->refused;
		days |= more;
	}
	if (!node->refused && days != 0)
		memcpy(target, &days, sizeof(days));
}

/* "08:00", up to "24:00", which is passed over.  False when it is not that. */
static bool clock_of(const char **at, uint16_t *minutes)
{
	unsigned value[2] = { 0, 0 };

	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < 2; k++, (*at)++) {
			if (**at < '0' || **at > '9')
				return false;
			value[i] = value[i] * 10 + (unsigned)(**at - '0');
		}
		if (i == 0 && *(*at)++ != ':')
			return false;
	}
	*minutes = (uint16_t)(value[0] * 60 + value[1]);
	return value[1] < 60 && *minutes <= WINDOW_DAY_MIN;
}

static bool span_of(const char *text, struct window_span *out)
{
	return clock_of(&text, &out->from_min) && *text++ == '-' &&
	       clock_of(&text, &out->to_min) && *text == '\0' &&
	       out->from_min < WINDOW_DAY_MIN;
}

static void read_hours(struct draft *d, const struct schema_row *row,
		       struct tree *node, void *target)
{
	struct tree *at = NULL;
	size_t count = value_items(d, row, node, &at);
	struct window_span *spans;

	if (!value_fits(d, row, node, count, "spans"))
		return;
	spans = draft_alloc(d, count, sizeof(*spans));
	if (spans == NULL || count == 0)
		return;
	for (size_t i = 0; i < count; i++, at = at->next) {
		if (!at->refused && !span_of(at->text, &spans[i]))
			value_refuse(d, row, at);
		node->refused |= at->refused;
	}
	if (!node->refused)
		value_list(target, spans, count);
}

static void read_instant(struct draft *d, const struct schema_row *row,
			 struct tree *node, void *target)
{
	const char *text = value_text(d, row, node);
	int64_t at_s;

	if (text == NULL)
		return;
	if (civil_parse(text, &at_s) && at_s > 0)
		memcpy(target, &at_s, sizeof(at_s));
	else
		value_refuse(d, row, node);
}

void calendar_read(struct draft *d, const struct schema_row *row,
		   struct tree *node, void *target)
{
	static value_reader *const readers[] = {
		read_zone,
		read_days,
		read_hours,
		read_instant,
	};

	readers[row->kind - SCHEMA_TIMEZONE](d, row, node, target);
}

/* That of an earlier window of the same zone; NULL: there is none. */
static const struct tzif *loaded(const struct draft *d, size_t window)
{
	const struct policy_window *w = &d->policy->windows[window];

	for (size_t i = 0; i < window; i++) {
		const struct policy_window *before = &d->policy->windows[i];

		if (before->zone != NULL &&
		    strcmp(before->zone_name, w->zone_name) == 0)
			return before->zone;
	}
	return NULL;
}

static void load_zone(struct draft *d, size_t window, struct place at)
{
	struct policy_window *w = &d->policy->windows[window];
	struct tzif *zone;
	struct error err;
	size_t len;
	const char *octets;

	w->zone = loaded(d, window);
	if (w->zone != NULL)
		return;
	zone = draft_alloc(d, 1, sizeof(*zone));
	if (zone == NULL)
		return;
	*zone = tzif_utc();
	if (strcmp(w->zone_name, "UTC") != 0) {
		octets = sources_zone(d->sources, w->zone_name, &len, &err);
		if (octets == NULL ||
		    !tzif_parse(d->arena, (const uint8_t *)octets, len, zone,
				&err)) {
			errors_add(d->errs, CODE_VALUE_WRONG, at,
				   "zone \"%s\": %s", w->zone_name, err.text);
			return;
		}
	}
	w->zone = zone;
}

void calendar_load(struct draft *d)
{
	struct tree *section = d->sections[SECTION_WINDOWS];
	struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; node != NULL && i < d->policy->window_count;
	     i++, node = node->next) {
		struct tree *zone;

		if (draft_usable(node, "zone", &zone) && zone != NULL)
			load_zone(d, i, zone->at);
	}
}

/* Has every window of the service been read whole? */
static bool is_known(const struct draft *d, const struct policy_service *s)
{
	for (size_t e = 0; e < s->endpoint_count; e++)
		for (uint64_t rest = s->endpoints[e].open; rest != 0;
		     rest &= rest - 1) {
			const struct policy_window *w =
				&d->policy->windows[__builtin_ctzll(rest)];

			if (w->zone == NULL || w->span_count == 0)
				return false;
		}
	return true;
}

static void judge_gap(struct draft *d, const struct policy_service *s)
{
	char from[CIVIL_TEXT_SIZE], to[CIVIL_TEXT_SIZE];
	int64_t from_s, to_s;

	if (!is_known(d, s) || !window_gap(d->policy, s, &from_s, &to_s))
		return;
	errors_add(d->errs, CODE_SCHEDULE_GAP, s->at,
		   "no endpoint of service \"%s\" is open from %s to %s; widen "
		   "a window, or leave open out at one endpoint: it takes "
		   "clients then",
		   s->name, civil_text(from_s, from), civil_text(to_s, to));
}

/* Is open written at an endpoint, whether it was refused or not? */
static bool has_open(const struct tree *service)
{
	const struct tree *map = tree_find(service, "endpoints");

	for (const struct tree *at = map == NULL ? NULL : map->first;
	     at != NULL; at = at->next)
		if (tree_find(at, "open") != NULL)
			return true;
	return false;
}

static void judge_failback(struct draft *d, const struct policy_service *s,
			   const struct tree *node)
{
	const struct tree *map = tree_find(node, "failback");
	struct tree *mode, *windows;

	if (map == NULL || !draft_usable(map, "mode", &mode) ||
	    !draft_usable(map, "windows", &windows))
		return;
	if (s->failback == FAILBACK_WINDOW && windows == NULL)
		errors_add(d->errs, CODE_KEY_MISSING, mode->at,
			   "failback of service \"%s\" is in a window and has "
			   "none; write windows:",
			   s->name);
	else if (s->failback != FAILBACK_WINDOW && windows != NULL)
		errors_add(d->errs, CODE_KEY_POINTLESS, windows->at,
			   "failback of service \"%s\" has windows and is not "
			   "in them; write mode: window, or remove them",
			   s->name);
}

/* Of those that are not canaries: how many, and how many have windows. */
static void judge_service(struct draft *d, const struct policy_service *s,
			  const struct tree *node)
{
	size_t stable = 0, timed = 0;
	struct tree *steer;

	judge_failback(d, s, node);
	for (size_t e = 0; e < s->endpoint_count; e++) {
		const struct policy_endpoint *endpoint = &s->endpoints[e];

		stable += endpoint->canary == POLICY_NONE;
		timed += endpoint->open != 0;
		if (endpoint->open != 0 && s->steer != STEER_SCHEDULE) {
			errors_add(d->errs, CODE_KEY_POINTLESS, endpoint->at,
				   "endpoint \"%s\" has open, and service "
				   "\"%s\" is steered by %s; write steer: "
				   "schedule, or remove it",
				   endpoint->name, s->name,
				   steer_name(s->steer));
			return;
		}
	}
	if (s->steer != STEER_SCHEDULE || stable == 0)
		return;
	if (!has_open(node) && draft_usable(node, "steer", &steer))
		errors_add(d->errs, CODE_SCHEDULE_EMPTY, steer->at,
			   "no endpoint of service \"%s\" has open, so nothing "
			   "is scheduled; write open: at one",
			   s->name);
	else if (timed == stable)
		judge_gap(d, s);
}

static void judge_unused(struct draft *d)
{
	uint64_t used = 0;

	for (size_t i = 0; i < d->policy->service_count; i++) {
		const struct policy_service *s = &d->policy->services[i];

		used |= s->failback_windows;
		for (size_t e = 0; e < s->endpoint_count; e++)
			used |= s->endpoints[e].open;
	}
	/* After a mistake who used it may have been refused. */
	for (size_t i = 0; i < d->policy->window_count; i++)
		if (!(used >> i & 1) && d->errs->fatal == 0)
			errors_warn(d->errs, CODE_WINDOW_UNUSED,
				    d->policy->windows[i].at,
				    "window \"%s\" is used by no service",
				    d->policy->windows[i].name);
}

/* What is open makes the answer; of all failures together it does not. */
static void judge_tests(struct draft *d)
{
	struct tree *list = d->sections[SECTION_TESTS];
	struct tree *node = list == NULL ? NULL : list->first;

	for (size_t i = 0; node != NULL && i < d->policy->test_count;
	     i++, node = node->next) {
		const struct policy_test *test = &d->policy->tests[i];
		const struct policy_service *s =
			test->service == POLICY_NONE
				? NULL
				: &d->policy->services[test->service];
		struct tree *at;

		if (s != NULL && s->steer == STEER_SCHEDULE &&
		    !policy_is_always(test) && draft_usable(node, "at", &at) &&
		    at == NULL)
			errors_add(d->errs, CODE_KEY_MISSING, node->at,
				   "service \"%s\" is steered by schedule; "
				   "write at: when it is asked",
				   s->name);
	}
}

void calendar_judge(struct draft *d)
{
	const struct tree *section = d->sections[SECTION_SERVICES];
	const struct tree *node = section == NULL ? NULL : section->first;

	for (size_t i = 0; node != NULL && i < d->policy->service_count;
	     i++, node = node->next)
		judge_service(d, &d->policy->services[i], node);
	judge_unused(d);
	judge_tests(d);
}
