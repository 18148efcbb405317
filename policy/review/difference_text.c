/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/difference.h"

#include "policy/language/code.h"
#include "policy/review/breaches.h"
#include "policy/review/traffic_report.h"
#include "policy/review/warnings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIGEST_SHOWN = 12 };

void movement_print_cause(const struct movement_ground *ground,
			  const struct movement_flow *flow, FILE *out)
{
	static const char *const words[] = {
		[MOVEMENT_GONE] = "the endpoint is gone",
		[MOVEMENT_WALLED] = "residency ",
		[MOVEMENT_NEW] = "a new endpoint",
		[MOVEMENT_UNWALLED] = "no more residency ",
		[MOVEMENT_STEERED] = "steered otherwise",
		[MOVEMENT_WEIGHED] = "weights or answers",
		[MOVEMENT_PLACED] = "where clients and regions are",
	};
	const struct subject *side = flow->cause == MOVEMENT_WALLED
					     ? ground->after.subject
					     : ground->before.subject;
	const struct policy_residency *rule;

	fprintf(out, "%s", words[flow->cause]);
	if (flow->cause != MOVEMENT_WALLED && flow->cause != MOVEMENT_UNWALLED)
		return;
	rule = &side->policy->residency[flow->rule];
	fprintf(out, "%s (%s:%u)", rule->name,
		subject_file(side, rule->at.file), rule->at.line);
}

static const char *name_of(const struct difference *d, const struct movement *m)
{
	return d->ground.after.subject->policy->services[m->after].name;
}

static void print_countries(const struct difference_way *way)
{
	for (size_t i = 0; i < way->country_count; i++)
		printf("%s%s %.2f", i == 0 ? "; " : ", ", way->countries[i],
		       way->of_country[i]);
}

static void print_way(const struct difference *d,
		      const struct difference_way *way)
{
	printf("%.2f %% (IPv6 %.2f %%) %s -> %s: ", way->v4, way->v6,
	       difference_region(&d->ground.before, way->flow->from),
	       difference_region(&d->ground.after, way->flow->to));
	movement_print_cause(&d->ground, way->flow, stdout);
	print_countries(way);
}

/* Each on a line that begins with margin. */
static void print_ways(const struct difference *d, const struct movement *m,
		       const char *margin)
{
	size_t count;
	struct difference_way *ways = difference_ways(m, &count);

	for (size_t i = 0; ways != NULL && i < count; i++) {
		printf("%s", margin);
		print_way(d, &ways[i]);
		printf("\n");
	}
	free(ways);
}

/* On a line that begins with margin; nothing where no AS number is known. */
static void print_asns(const struct movement *m, const char *margin)
{
	for (size_t i = 0; i < m->asn_count; i++) {
		const struct movement_asn *a = &m->asns[i];

		printf("%sAS%" PRIu32 " %.2f", i == 0 ? margin : ", ", a->asn,
		       a->v4 > 0 ? a->v4 : a->v6);
	}
	printf("%s", m->asn_count == 0 ? "" : "\n");
}

/* Of all regions by name, those whose load changes. */
static void print_loads(const struct difference *d, const struct movement *m)
{
	const struct policy *before = d->ground.before.subject->policy;
	const struct policy *after = d->ground.after.subject->policy;
	const char *sep = "";

	for (size_t i = 0; i < after->region_count; i++) {
		int was = policy_find_region(before, after->regions[i].name);
		double old = was < 0 ? 0 : m->load_before_v4[was];
		double new = m->load_after_v4[i];

		if (old - new < 0.005 && new - old < 0.005)
			continue;
		printf("%s%s %.2f -> %.2f %%", sep, after->regions[i].name, old,
		       new);
		sep = ", ";
	}
	printf("%s", *sep == '\0' ? "as before" : "");
}

static const char *holds(const struct proof *proof)
{
	return proof->failure_count == 0 ? "holds" : "does not hold";
}

static size_t moving(const struct difference *d)
{
	size_t count = 0;

	for (size_t i = 0; i < d->count; i++)
		count += !difference_is_still(&d->movements[i]);
	return count;
}

static void print_side(const char *word, const struct rows_side *side)
{
	printf("%s   %s, digest %.*s\n", word, side->subject->path,
	       DIGEST_SHOWN, side->subject->policy->digest);
}

static const struct errors *findings_of(const struct rows_side *side)
{
	return &side->subject->findings;
}

/* Of one side and not of the other, each on a line that begins with margin. */
static void print_warnings(const struct errors *in, const struct errors *other,
			   const char *margin)
{
	struct warnings_walk walk = { .next = 0 };
	const struct finding *f;

	while ((f = warnings_next(&walk, in, other)) != NULL) {
		char code[CODE_TEXT_SIZE];

		printf("%s", margin);
		if (f->file != NULL)
			printf("%s:%u: ", f->file, f->error.at.line);
		printf("%s [%s]\n", f->error.text, code_text(f->code, code));
	}
}

/* What can be proved of one side and not of the other, as warnings are. */
static void print_breaches(const struct proof *in, const struct proof *other,
			   const char *margin)
{
	struct breaches_walk walk = { .next = 0 };
	const char *text;

	while ((text = breaches_next(&walk, in, other)) != NULL)
		printf("%s%s\n", margin, text);
}

void difference_print(const struct difference *d)
{
	const struct errors *before = findings_of(&d->ground.before);
	const struct errors *after = findings_of(&d->ground.after);

	print_side("before", &d->ground.before);
	print_side("after ", &d->ground.after);
	for (size_t i = 0; i < d->alterations.count; i++)
		printf("%c %s\n", d->alterations.list[i].sign,
		       d->alterations.list[i].text);
	print_breaches(d->after, d->before, "+ proof fails: ");
	print_breaches(d->before, d->after, "- proof failed: ");
	print_warnings(after, before, "+ warning: ");
	print_warnings(before, after, "- warning: ");
	for (size_t i = 0; i < d->count; i++) {
		const struct movement *m = &d->movements[i];

		if (difference_is_still(m))
			continue;
		printf("%s: %.2f %% of IPv4 clients move, %.2f %% of IPv6\n",
		       name_of(d, m), m->moved_v4, m->moved_v6);
		print_ways(d, m, "    ");
		print_asns(m, "    by AS number: ");
		printf("    load of IPv4: ");
		print_loads(d, m);
		printf("\n");
	}
	if (d->traffic != NULL)
		traffic_print(d->traffic);
	printf("%zu alterations; clients of %zu of %zu services move; the "
	       "proof %s before, and %s after\n",
	       d->alterations.count, moving(d), d->count, holds(d->before),
	       holds(d->after));
}

static void print_summary_row(const struct difference *d,
			      const struct movement *m)
{
	size_t count;
	struct difference_way *ways = difference_ways(m, &count);

	if (ways != NULL && count > 0) {
		printf("| %s | %.2f %% | %.2f %% | %s → %s: ", name_of(d, m),
		       m->moved_v4, m->moved_v6,
		       difference_region(&d->ground.before, ways->flow->from),
		       difference_region(&d->ground.after, ways->flow->to));
		movement_print_cause(&d->ground, ways->flow, stdout);
		printf(" |\n");
	}
	free(ways);
}

/* Folded: what a reader asks for who has seen the summary. */
static void print_details(const struct difference *d)
{
	printf("\n<details><summary>%zu alterations</summary>\n\n```diff\n",
	       d->alterations.count);
	for (size_t i = 0; i < d->alterations.count; i++)
		printf("%c %s\n",
		       d->alterations.list[i].sign == '~'
			       ? '!'
			       : d->alterations.list[i].sign,
		       d->alterations.list[i].text);
	printf("```\n\n</details>\n");
	for (size_t i = 0; i < d->count; i++) {
		const struct movement *m = &d->movements[i];

		if (difference_is_still(m))
			continue;
		printf("\n<details><summary>%s: who moves</summary>\n\n",
		       name_of(d, m));
		print_ways(d, m, "- ");
		print_asns(m, "- by AS number: ");
		printf("- load of IPv4: ");
		print_loads(d, m);
		printf("\n\n</details>\n");
	}
}

enum { SUMMARY_ROWS = 10 };

static void print_breaches_markdown(const struct difference *d)
{
	struct breaches_walk walk = { .next = 0 };

	if (breaches_next(&walk, d->after, d->before) == NULL)
		return;
	printf("\n**Can no longer be proved** (`windrose prove` shows "
	       "how):\n\n");
	print_breaches(d->after, d->before, "- ");
}

/* New ones are for every reader; those that are gone are folded. */
static void print_warnings_markdown(const struct difference *d)
{
	const struct errors *before = findings_of(&d->ground.before);
	const struct errors *after = findings_of(&d->ground.after);
	size_t new = warnings_count(after, before);
	size_t gone = warnings_count(before, after);

	if (new > 0) {
		printf("\n**New warnings:**\n\n");
		print_warnings(after, before, "- ");
	}
	if (gone > 0) {
		printf("\n<details><summary>%zu warnings are gone"
		       "</summary>\n\n",
		       gone);
		print_warnings(before, after, "- ");
		printf("\n</details>\n");
	}
}

void difference_print_markdown(const struct difference *d)
{
	size_t shown = 0, all = moving(d);

	printf("### What this change does to traffic\n\n"
	       "%zu alterations; clients of %zu of %zu services move; the "
	       "proof %s before and **%s** after.\n",
	       d->alterations.count, all, d->count, holds(d->before),
	       holds(d->after));
	print_breaches_markdown(d);
	print_warnings_markdown(d);
	if (all > 0)
		printf("\n| service | IPv4 moves | IPv6 moves | mostly |\n"
		       "|---|---:|---:|---|\n");
	for (size_t i = 0; i < d->count && shown < SUMMARY_ROWS; i++) {
		if (difference_is_still(&d->movements[i]))
			continue;
		print_summary_row(d, &d->movements[i]);
		shown++;
	}
	if (all > shown)
		printf("| and %zu more | | | |\n", all - shown);
	if (d->traffic != NULL)
		traffic_print_markdown(d->traffic);
	print_details(d);
	printf("\n`%.*s` → `%.*s`\n", DIGEST_SHOWN,
	       d->ground.before.subject->policy->digest, DIGEST_SHOWN,
	       d->ground.after.subject->policy->digest);
}
