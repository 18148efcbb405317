/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/civil.h"
#include "policy/review/scenario.h"

/* How each order is said. */
static const struct word {
	const char *said; /* behind the name, or before it */
	bool before;
} words[] = {
	/* clang-format off */
	[SUPPOSE_DRAIN]      = { " is drained",            false },
	[SUPPOSE_DRAIN_ALL]  = { " is drained",            false },
	[SUPPOSE_FAILOVER]   = { "all fails over to ",     true },
	[SUPPOSE_WEIGHTLESS] = { " has weight 0",          false },
	[SUPPOSE_HOLD]       = { " waits after an outage", false },
	[SUPPOSE_PIN]        = { " are pinned to ",        true },
	[SUPPOSE_PIN_ALL]    = { " are pinned to ",        true },
	/* clang-format on */
};

static const char *target_name(const struct scenario *s,
			       const struct policy *policy, int service)
{
	return supposition_of_region(s->order)
		       ? policy->regions[s->target].name
		       : policy->services[service].endpoints[s->target].name;
}

static bool is_pin(const struct scenario *s)
{
	return s->order == SUPPOSE_PIN || s->order == SUPPOSE_PIN_ALL;
}

/* The set whose clients are pinned, "" where none are. */
static const char *set_name(const struct scenario *s,
			    const struct policy *policy)
{
	return is_pin(s) ? policy->sets[s->set].name : "";
}

static const char *print_failed(const struct scenario *s,
				const struct policy *policy, FILE *out)
{
	const char *sep = "";

	for (size_t i = 0; i < policy->region_count; i++) {
		if (!(s->failed >> i & 1))
			continue;
		fprintf(out, "%s%s has failed", sep, policy->regions[i].name);
		sep = ", ";
	}
	if (s->deferred) {
		fprintf(out, "%smore than health may take out", sep);
		sep = ", ";
	}
	if (s->panic) {
		fprintf(out, "%sso much that it is panic", sep);
		sep = ", ";
	}
	return sep;
}

void scenario_print(const struct scenario *s, const struct policy *policy,
		    int service, FILE *out)
{
	const char *sep = print_failed(s, policy, out);
	const struct word *word = &words[s->order];
	char at[CIVIL_TEXT_SIZE];

	if (s->order != SUPPOSE_NO_ORDER) {
		const char *name = target_name(s, policy, service);

		fprintf(out, "%s%s%s%s", sep, set_name(s, policy),
			word->before ? word->said : name,
			word->before ? name : word->said);
		sep = ", ";
	}
	if (s->canaries != NULL && s->canaries->moved != NULL) {
		const struct policy_canary *c = s->canaries->moved;
		uint32_t stage = s->canaries->stage, step = s->canaries->step;

		fprintf(out, "%scanary %s is at %u%% of stage %u", sep, c->name,
			c->stages[stage].percents[step], stage + 1);
		sep = ", ";
	}
	if (s->canaries_failed) {
		fprintf(out, "%scanaries' own endpoints have failed", sep);
		sep = ", ";
	}
	if (*sep == '\0')
		fprintf(out, "nothing is wrong");
	if (s->at_s != 0)
		fprintf(out, ", at %s", civil_text(s->at_s, at));
}

void scenario_print_options(const struct scenario *s,
			    const struct policy *policy, int service, FILE *out)
{
	char at[CIVIL_TEXT_SIZE];

	for (size_t i = 0; i < policy->region_count; i++)
		if (s->failed >> i & 1)
			fprintf(out, " --down %s", policy->regions[i].name);
	if (s->deferred)
		fprintf(out, " --deferred");
	if (s->panic)
		fprintf(out, " --panic");
	if (s->order != SUPPOSE_NO_ORDER)
		fprintf(out, " --order %s:%s%s%s%s%s",
			supposition_word(s->order), set_name(s, policy),
			is_pin(s) ? ":" : "",
			s->order == SUPPOSE_DRAIN
				? policy->services[service].name
				: "",
			s->order == SUPPOSE_DRAIN ? "/" : "",
			target_name(s, policy, service));
	if (s->canaries != NULL && s->canaries->moved != NULL)
		fprintf(out, " --canary %s:%u.%u", s->canaries->moved->name,
			s->canaries->stage + 1, s->canaries->step + 1);
	if (s->canaries_failed)
		fprintf(out, " --canaries-down");
	if (s->at_s != 0)
		fprintf(out, " --at %s", civil_text(s->at_s, at));
}
