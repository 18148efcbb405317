/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/simulation_report.h"

#include "policy/base/civil.h"
#include "policy/review/simulation.h"

#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

/* Regions of both sides by name: those of the first, then what the second has
 * beside them, then "no answer". */
struct column {
	const char *name;
	int region[2];   /* of each side; POLICY_NONE: it has none so named */
	double capacity; /* of the last side that has it; 0: unstated */
};

struct columns {
	struct column list[2 * POLICY_REGIONS_MAX + 1];
	size_t count;
};

static const struct policy *policy_of(const struct simulation *s, size_t side)
{
	return s->sides[side].subject->policy;
}

static void add_column(const struct simulation *s, const char *name,
		       struct columns *out)
{
	struct column *c = &out->list[out->count++];

	*c = (struct column){ name, { POLICY_NONE, POLICY_NONE }, 0 };
	for (size_t side = 0; side < s->side_count; side++) {
		const struct policy *policy = policy_of(s, side);

		c->region[side] = policy_find_region(policy, name);
		if (c->region[side] >= 0)
			c->capacity = policy->regions[c->region[side]].capacity;
	}
}

static struct columns columns_of(const struct simulation *s)
{
	struct columns out = { .count = 0 };

	for (size_t side = 0; side < s->side_count; side++) {
		const struct policy *policy = policy_of(s, side);

		for (size_t i = 0; i < policy->region_count; i++)
			if (side == 0 ||
			    policy_find_region(policy_of(s, 0),
					       policy->regions[i].name) < 0)
				add_column(s, policy->regions[i].name, &out);
	}
	out.list[out.count++] = (struct column){
		"no answer",
		{ POLICY_REGIONS_MAX, POLICY_REGIONS_MAX },
		0,
	};
	return out;
}

/* Queries a second of a column in a step. */
static double load_of(const struct simulation *s, size_t step, size_t side,
		      const struct column *c)
{
	if (c->region[side] == POLICY_NONE)
		return 0;
	return s->steps[step].load[side][c->region[side]] * 1000 /
	       (double)s->step_ms;
}

static int64_t begin_of(const struct simulation *s, size_t step)
{
	return s->wall_first_ms + (int64_t)step * s->step_ms;
}

static bool is_down(const struct simulation *s, size_t step, size_t side,
		    const struct column *c)
{
	int64_t begin_ms = begin_of(s, step);

	return c->region[side] >= 0 && c->region[side] < POLICY_REGIONS_MAX &&
	       (simulation_failed(s, side, begin_ms, begin_ms + s->step_ms) >>
			c->region[side] &
		1) != 0;
}

static const char *side_word(const struct simulation *s, size_t side)
{
	return s->side_count == 1 ? "" : side == 0 ? "before " : "after  ";
}

static void print_step(const struct simulation *s, const struct columns *cols,
		       size_t step)
{
	char at[CIVIL_TEXT_SIZE];

	civil_text(begin_of(s, step) / 1000, at);
	for (size_t side = 0; side < s->side_count; side++) {
		printf("%s  %s", at, side_word(s, side));
		for (size_t i = 0; i < cols->count; i++) {
			const struct column *c = &cols->list[i];

			printf(" %11.1f%c", load_of(s, step, side, c),
			       is_down(s, step, side, c) ? '*' : ' ');
		}
		printf("\n");
	}
}

/* The greatest load of a column, and the step that it is in. */
static double peak_of(const struct simulation *s, size_t side,
		      const struct column *c, size_t *step)
{
	double peak = 0;

	*step = 0;
	for (size_t i = 0; i < s->step_count; i++) {
		double load = load_of(s, i, side, c);

		if (load > peak) {
			peak = load;
			*step = i;
		}
	}
	return peak;
}

static void print_peak(const struct simulation *s, const struct column *c,
		       size_t side)
{
	char at[CIVIL_TEXT_SIZE];
	size_t step;
	double peak = peak_of(s, side, c, &step);

	if (peak <= 0)
		return;
	printf("peak of %s %s%s%.1f a second at %s", c->name,
	       side_word(s, side), s->side_count == 1 ? "" : " ", peak,
	       civil_text(begin_of(s, step) / 1000, at));
	if (c->capacity > 0)
		printf(", capacity %.0f%s", c->capacity,
		       peak > c->capacity ? ": TOO LITTLE" : "");
	printf("\n");
}

static void print_records(const struct simulation *s,
			  const struct trace_tally *tally)
{
	double queries = 0;

	for (size_t i = 0; i < s->step_count; i++)
		queries += s->steps[i].queries;
	printf("%.0f queries", queries);
	if (s->aside > 0)
		printf("; %.0f more ask for no endpoint", s->aside);
	if (s->timeless > 0)
		printf("; %.0f more tell no time", s->timeless);
	if (tally->bad > 0)
		printf("; %" PRIu64 " records make no sense (%" PRIu64 ": %s)",
		       tally->bad, tally->first_bad, tally->why);
	printf("\n");
}

void simulation_print(const struct simulation *s,
		      const struct trace_tally *tally)
{
	const struct columns cols = columns_of(s);

	printf("queries a second; * has failed\n%-20s  %s", "from",
	       s->side_count == 1 ? "" : "       ");
	for (size_t i = 0; i < cols.count; i++)
		printf(" %11.11s ", cols.list[i].name);
	printf("\n");
	for (size_t i = 0; i < s->step_count; i++)
		print_step(s, &cols, i);
	for (size_t i = 0; i < cols.count; i++)
		for (size_t side = 0; side < s->side_count; side++)
			print_peak(s, &cols.list[i], side);
	print_records(s, tally);
}

static json_t *loads_json(const struct simulation *s,
			  const struct columns *cols, size_t step, size_t side)
{
	json_t *o = json_object();

	for (size_t i = 0; i < cols->count; i++)
		if (cols->list[i].region[side] != POLICY_NONE)
			json_object_set_new(o, cols->list[i].name,
					    json_real(load_of(s, step, side,
							      &cols->list[i])));
	return o;
}

static json_t *failed_json(const struct simulation *s,
			   const struct columns *cols, size_t step)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cols->count; i++)
		if (is_down(s, step, 0, &cols->list[i]) ||
		    (s->side_count == 2 && is_down(s, step, 1, &cols->list[i])))
			json_array_append_new(list,
					      json_string(cols->list[i].name));
	return list;
}

static json_t *step_json(const struct simulation *s, const struct columns *cols,
			 size_t step)
{
	char at[CIVIL_TEXT_SIZE];
	json_t *o = json_pack("{s:s, s:f, s:o}", "from",
			      civil_text(begin_of(s, step) / 1000, at),
			      "queries", s->steps[step].queries, "failed",
			      failed_json(s, cols, step));

	for (size_t side = 0; side < s->side_count; side++)
		json_object_set_new(o,
				    s->side_count == 1 ? "load"
				    : side == 0        ? "before"
						       : "after",
				    loads_json(s, cols, step, side));
	return o;
}

static json_t *capacities_json(const struct columns *cols)
{
	json_t *o = json_object();

	for (size_t i = 0; i < cols->count; i++)
		if (cols->list[i].capacity > 0)
			json_object_set_new(o, cols->list[i].name,
					    json_real(cols->list[i].capacity));
	return o;
}

void simulation_print_json(const struct simulation *s,
			   const struct trace_tally *tally)
{
	const struct columns cols = columns_of(s);
	json_t *steps = json_array();
	json_t *o;

	for (size_t i = 0; i < s->step_count; i++)
		json_array_append_new(steps, step_json(s, &cols, i));
	o = json_pack("{s:f, s:f, s:f, s:I, s:o, s:o}", "step_s",
		      (double)s->step_ms / 1000, "ask_for_no_endpoint",
		      s->aside, "tell_no_time", s->timeless, "bad_records",
		      (json_int_t)tally->bad, "capacity",
		      capacities_json(&cols), "steps", steps);
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	printf("\n");
	json_decref(o);
}
