/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/tzif.h"

#include "policy/base/arena.h"
#include "policy/base/civil.h"
#include "policy/base/error.h"

#include <string.h>

enum {
	HEADER_OCTETS = 44,
	TYPES_MAX = 256,
	TYPE_OCTETS = 6,
	HOUR_S = 3600,
	RULE_HOURS_MAX = 167, /* RFC 8536, 3.3.1 */
};

struct tzif tzif_utc(void)
{
	return (struct tzif){ .has_rule = true };
}

/* Reading: never beyond the end; what is read there is 0, and failed sticks. */
struct input {
	const uint8_t *at;
	size_t left;
	bool failed;
};

static const uint8_t *take(struct input *in, size_t octets)
{
	const uint8_t *at = in->at;

	if (octets > in->left) {
		in->failed = true;
		return NULL;
	}
	in->at += octets;
	in->left -= octets;
	return at;
}

static uint64_t take_number(struct input *in, size_t octets)
{
	const uint8_t *at = take(in, octets);
	uint64_t value = 0;

	for (size_t i = 0; at != NULL && i < octets; i++)
		value = value << 8 | at[i];
	return value;
}

struct header {
	uint8_t version;
	uint32_t isut, isstd, leap, time, type, chars;
};

static struct header take_header(struct input *in)
{
	const uint8_t *magic = take(in, 4);
	struct header h = { 0 };

	if (magic == NULL || memcmp(magic, "TZif", 4) != 0) {
		in->failed = true;
		return h;
	}
	h.version = (uint8_t)take_number(in, 1);
	take(in, 15);
	h.isut = (uint32_t)take_number(in, 4);
	h.isstd = (uint32_t)take_number(in, 4);
	h.leap = (uint32_t)take_number(in, 4);
	h.time = (uint32_t)take_number(in, 4);
	h.type = (uint32_t)take_number(in, 4);
	h.chars = (uint32_t)take_number(in, 4);
	return h;
}

/* The block of version 1, which every later one has for old readers. */
static void skip_block(struct input *in, const struct header *h)
{
	take(in, (size_t)h->time * 5);
	take(in, (size_t)h->type * TYPE_OCTETS);
	take(in, h->chars);
	take(in, (size_t)h->leap * 8);
	take(in, (size_t)h->isstd + h->isut);
}

static bool take_types(struct input *in, const struct header *h,
		       int32_t offsets_s[TYPES_MAX])
{
	for (uint32_t i = 0; i < h->type; i++) {
		offsets_s[i] = (int32_t)(uint32_t)take_number(in, 4);
		take(in, TYPE_OCTETS - 4);
		if (in->failed || offsets_s[i] < TZIF_OFFSET_MIN_S ||
		    offsets_s[i] > TZIF_OFFSET_MAX_S)
			return false;
	}
	return true;
}

/* Times, the type of each, and the types, in the order of the file. */
static bool take_changes(struct input *in, const struct header *h,
			 struct tzif *out)
{
	int32_t offsets_s[TYPES_MAX];
	const uint8_t *types;

	for (uint32_t i = 0; i < h->time; i++) {
		out->times[i] = (int64_t)take_number(in, 8);
		if (i > 0 && out->times[i] <= out->times[i - 1])
			return false;
	}
	types = take(in, h->time);
	if (types == NULL || !take_types(in, h, offsets_s))
		return false;
	for (uint32_t i = 0; i < h->time; i++) {
		if (types[i] >= h->type)
			return false;
		out->offsets_s[i] = offsets_s[types[i]];
	}
	out->first_s = offsets_s[0];
	out->count = h->time;
	take(in, h->chars);
	take(in, (size_t)h->isstd + h->isut);
	return !in->failed;
}

/* The footer: a TZ string between two line ends. */
struct text {
	const char *at, *end;
	bool failed;
};

static char look(const struct text *t)
{
	return t->at < t->end ? *t->at : '\0';
}

static bool skip(struct text *t, char c)
{
	if (look(t) != c)
		return false;
	t->at++;
	return true;
}

static unsigned number(struct text *t, unsigned max)
{
	unsigned value = 0, count = 0;

	for (; look(t) >= '0' && look(t) <= '9' && count < 4; count++)
		value = value * 10 + (unsigned)(*t->at++ - '0');
	t->failed |= count == 0 || value > max;
	return value;
}

/* "CET" or "<+01>". */
static void skip_name(struct text *t)
{
	const char *from = t->at;

	if (skip(t, '<')) {
		while (look(t) != '\0' && look(t) != '>')
			t->at++;
		t->failed |= !skip(t, '>');
		return;
	}
	while ((look(t) >= 'a' && look(t) <= 'z') ||
	       (look(t) >= 'A' && look(t) <= 'Z'))
		t->at++;
	t->failed |= t->at - from < 3;
}

/* "[+-]hh[:mm[:ss]]" */
static int32_t time_of(struct text *t, unsigned hours_max)
{
	int32_t sign = skip(t, '-') ? -1 : 1;
	int32_t value;

	if (sign > 0)
		skip(t, '+');
	value = (int32_t)number(t, hours_max) * HOUR_S;
	if (skip(t, ':'))
		value += (int32_t)number(t, 59) * 60;
	if (skip(t, ':'))
		value += (int32_t)number(t, 59);
	return sign * value;
}

static struct tzif_day day_of(struct text *t)
{
	struct tzif_day d = { .time_s = 2 * HOUR_S };

	t->failed |= !skip(t, ',');
	if (skip(t, 'M')) {
		d.kind = TZIF_MONTH_DAY;
		d.month = number(t, 12);
		t->failed |= !skip(t, '.');
		d.week = number(t, 5);
		t->failed |= !skip(t, '.') || d.month == 0 || d.week == 0;
		d.day = number(t, 6);
	} else {
		d.kind = skip(t, 'J') ? TZIF_JULIAN : TZIF_DAY;
		d.day = number(t, 365);
		t->failed |= d.kind == TZIF_JULIAN && d.day == 0;
	}
	if (skip(t, '/'))
		d.time_s = time_of(t, RULE_HOURS_MAX);
	return d;
}

/* An empty one says that nothing is known behind the list. */
static bool parse_rule(struct text t, struct tzif *out)
{
	out->has_rule = t.at < t.end;
	if (!out->has_rule)
		return true;
	skip_name(&t);
	out->standard_s = out->summer_s = -time_of(&t, 24);
	if (t.at < t.end) {
		skip_name(&t);
		out->summer_s = out->standard_s + HOUR_S;
		if (look(&t) != ',')
			out->summer_s = -time_of(&t, 24);
		out->begins = day_of(&t);
		out->ends = day_of(&t);
	}
	return !t.failed && t.at == t.end;
}

static bool take_footer(struct input *in, struct tzif *out)
{
	struct text t;

	if (take_number(in, 1) != '\n' || in->left == 0 ||
	    in->at[in->left - 1] != '\n')
		return false;
	t = (struct text){ (const char *)in->at,
			   (const char *)in->at + in->left - 1, false };
	return memchr(t.at, '\n', (size_t)(t.end - t.at)) == NULL &&
	       memchr(t.at, '\0', (size_t)(t.end - t.at)) == NULL &&
	       parse_rule(t, out);
}

static bool take_zone(struct arena *arena, struct input *in, struct tzif *out,
		      struct error *err)
{
	struct header h = take_header(in);

	if (in->failed || h.version < '2') {
		error_set(err, "no time zone of version 2 or later");
		return false;
	}
	skip_block(in, &h);
	h = take_header(in);
	if (in->failed || h.type == 0 || h.type > TYPES_MAX ||
	    h.time > TZIF_TIMES_MAX) {
		error_set(err, "malformed");
		return false;
	}
	if (h.leap != 0) {
		error_set(err, "it counts leap seconds");
		return false;
	}
	out->times = arena_alloc(arena, h.time + 1, sizeof(*out->times));
	out->offsets_s =
		arena_alloc(arena, h.time + 1, sizeof(*out->offsets_s));
	if (out->times == NULL || out->offsets_s == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	if (take_changes(in, &h, out) && take_footer(in, out))
		return true;
	error_set(err, "malformed");
	return false;
}

bool tzif_parse(struct arena *arena, const uint8_t *octets, size_t len,
		struct tzif *out, struct error *err)
{
	struct input in = { octets, len, false };
	struct tzif zone = { 0 };

	if (len > TZIF_OCTETS_MAX) {
		error_set(err, "larger than any time zone");
		return false;
	}
	if (!take_zone(arena, &in, &zone, err))
		return false;
	*out = zone;
	return true;
}

/* The day of a year that a rule means. */
static int64_t rule_day(const struct tzif_day *d, int64_t year)
{
	int64_t first = civil_days((struct civil_date){ year, 1, 1 });
	unsigned february, in_week;
	int64_t day;

	switch (d->kind) {
	case TZIF_DAY:
		return first + d->day;
	case TZIF_JULIAN:
		february = civil_month_days(year, 2);
		return first + d->day - 1 + (february == 29 && d->day > 59);
	case TZIF_MONTH_DAY:
		break;
	}
	first = civil_days((struct civil_date){ year, d->month, 1 });
	in_week = (civil_weekday(first) + 1) % 7; /* 0 is Sunday */
	day = (d->day + 7 - in_week) % 7 + 7 * (int64_t)(d->week - 1);
	while (day >= civil_month_days(year, d->month))
		day -= 7;
	return first + day;
}

/* When summer begins, or ends, in a year. */
static int64_t rule_change_s(const struct tzif *tz, int64_t year, bool begins)
{
	const struct tzif_day *d = begins ? &tz->begins : &tz->ends;
	int32_t before_s = begins ? tz->standard_s : tz->summer_s;

	return rule_day(d, year) * CIVIL_DAY_S + d->time_s - before_s;
}

static int64_t year_of(const struct tzif *tz, int64_t at_s)
{
	return civil_date_of(civil_day_of(at_s + tz->standard_s)).year;
}

/* By the rule alone: what the last change up to an instant made it. */
static int32_t rule_offset_s(const struct tzif *tz, int64_t at_s)
{
	int64_t year = year_of(tz, at_s), last_s = INT64_MIN;
	int32_t offset_s = tz->standard_s;

	if (tz->standard_s == tz->summer_s)
		return offset_s;
	for (int64_t y = year - 1; y <= year + 1; y++)
		for (int begins = 0; begins < 2; begins++) {
			int64_t change_s = rule_change_s(tz, y, begins);

			if (change_s > at_s || change_s < last_s)
				continue;
			last_s = change_s;
			offset_s = begins ? tz->summer_s : tz->standard_s;
		}
	return offset_s;
}

static int64_t rule_next_s(const struct tzif *tz, int64_t at_s)
{
	int64_t year = year_of(tz, at_s), next_s = INT64_MAX;

	if (tz->standard_s == tz->summer_s)
		return next_s;
	for (int64_t y = year - 1; y <= year + 1; y++)
		for (int begins = 0; begins < 2; begins++) {
			int64_t change_s = rule_change_s(tz, y, begins);

			if (change_s > at_s && change_s < next_s)
				next_s = change_s;
		}
	return next_s;
}

/* How many of the listed changes are not after an instant. */
static size_t changes_until(const struct tzif *tz, int64_t at_s)
{
	size_t low = 0, high = tz->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tz->times[middle] <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int32_t tzif_offset_s(const struct tzif *tz, int64_t at_s)
{
	size_t past = changes_until(tz, at_s);

	if (past == tz->count && tz->has_rule)
		return rule_offset_s(tz, at_s);
	return past == 0 ? tz->first_s : tz->offsets_s[past - 1];
}

int64_t tzif_next_s(const struct tzif *tz, int64_t at_s)
{
	size_t past = changes_until(tz, at_s);

	if (past < tz->count)
		return tz->times[past];
	return tz->has_rule ? rule_next_s(tz, at_s) : INT64_MAX;
}

int64_t tzif_reach_s(const struct tzif *tz, int64_t local_s)
{
	/* No clock is that far from UTC, so it is not reached before. */
	int64_t from_s = local_s - TZIF_OFFSET_MAX_S - 1;

	for (;;) {
		int64_t next_s = tzif_next_s(tz, from_s);
		int64_t at_s = local_s - tzif_offset_s(tz, from_s);

		if (at_s < from_s)
			at_s = from_s;
		if (at_s < next_s)
			return at_s;
		from_s = next_s;
	}
}
