/* SPDX-License-Identifier: Apache-2.0 */
/* drill_score -- what a drill came to, row by row, and how well that was. */
#include "steering/drill_impl.h"

#include "steering/audit.h"

#include <math.h>
#include <stdio.h>

enum {
	SCORE_REQUESTS_MIN = 100, /* of a service, to compare its shares */
	SCORE_OFF_PCT = 10,       /* points off that are no surprise */
};

/* Of those that could be judged. */
struct score {
	unsigned good, all;
};

static void judge(struct score *score, bool good)
{
	score->all++;
	score->good += good;
}

void drill_tell(const struct drill *drill, const struct drill_row *row,
		const struct agent_input *in, const char *agent,
		struct audit *audit)
{
	struct audit_event event = { .wall_ms = in->now.wall_ms };

	audit_text(event.kind, sizeof(event.kind), "drill");
	audit_text(event.id, sizeof(event.id), "%s", drill->command.id);
	audit_text(event.who, sizeof(event.who), "%s", agent);
	audit_text(event.what, sizeof(event.what), "%s", row->what);
	audit_text(event.why, sizeof(event.why), "%s", row->why);
	audit_text(event.before, sizeof(event.before), "%s", row->before);
	audit_text(event.after, sizeof(event.after), "%s", row->after);
	audit_add(audit, &event);
}

struct telling {
	const struct drill *drill;
	const struct agent_input *in;
	const char *agent;
	struct audit *audit;
};

static void tell(const struct telling *t, const struct drill_row *row)
{
	drill_tell(t->drill, row, t->in, t->agent, t->audit);
}

/* Each service counts by the requests that it has. */
struct load {
	double predicted, seen; /* requests */
};

static struct load load_of(const struct telling *t, size_t region,
			   double *requests)
{
	const struct drill *d = t->drill;
	struct load load = { 0, 0 };

	*requests = 0;
	for (size_t i = 0; i < d->policy->service_count; i++) {
		double all = 0;

		if (!d->services[i].predicted)
			continue;
		for (size_t k = 0; k < d->policy->region_count; k++)
			all += (double)drill_figures_of(d, t->in, i, k)
				       .requests;
		load.predicted += all * d->services[i].share[region] / 100;
		load.seen +=
			(double)drill_figures_of(d, t->in, i, region).requests;
		*requests += all;
	}
	return load;
}

/* True when it is off by too much. */
static bool tell_region(const struct telling *t, size_t region, bool *judged)
{
	char what[POLICY_NAME_MAX + 8], before[32], after[64];
	const struct drill_row row = { what, before, after, "" };
	double all, predicted, seen;
	struct load load = load_of(t, region, &all);

	if (all < SCORE_REQUESTS_MIN)
		return false;
	*judged = true;
	predicted = 100 * load.predicted / all;
	seen = 100 * load.seen / all;
	snprintf(what, sizeof(what), "load %s",
		 t->drill->policy->regions[region].name);
	snprintf(before, sizeof(before), "%.1f %%", predicted);
	snprintf(after, sizeof(after), "%.1f %% (%.0f requests)", seen,
		 load.seen);
	tell(t, &row);
	return fabs(seen - predicted) > SCORE_OFF_PCT;
}

static void tell_loads(const struct telling *t, struct score *score)
{
	bool judged = false, off = false;

	for (size_t i = 0; i < t->drill->policy->region_count; i++)
		off |= tell_region(t, i, &judged);
	if (judged)
		judge(score, !off);
	else
		tell(t,
		     &(struct drill_row){ "load", "", "not measured",
					  "edges told of too few requests" });
}

/* What clients saw fail from its beginning on. */
static void tell_errors(const struct telling *t, struct score *score)
{
	const struct drill *d = t->drill;
	double most = d->command.abort_errors_pct;
	char what[POLICY_NAME_MAX + 8], before[32] = "", after[96];
	const struct drill_row row = { what, before, after, "" };
	bool judged = false, good = true;

	if (most > 0)
		snprintf(before, sizeof(before), "at most %g %%", most);
	for (size_t i = 0; i < d->policy->service_count; i++) {
		const struct drill_service *s = &d->services[i];
		struct trials all = drill_figures_all(d, i);

		if (!s->concerned || all.requests == 0)
			continue;
		snprintf(what, sizeof(what), "errors %s",
			 d->policy->services[i].name);
		snprintf(after, sizeof(after), "%.2f %% (%llu of %llu)",
			 100 * (double)all.failures / (double)all.requests,
			 (unsigned long long)all.failures,
			 (unsigned long long)all.requests);
		tell(t, &row);
		judged = most > 0;
		good &= 100 * (double)all.failures <=
			most * (double)all.requests;
	}
	if (judged)
		judge(score, good);
}

static void tell_back(const struct telling *t, struct score *score)
{
	const struct drill *d = t->drill;
	char took[32] = "not by all";

	if (d->back_ms != 0)
		snprintf(took, sizeof(took), "%.1f s",
			 (double)(d->back_ms - d->ended_ms) / 1000);
	tell(t, &(struct drill_row){
			"back", "", took,
			d->back_ms != 0 ? "every responder and edge has it"
					: "nobody waits for it any more" });
	judge(score, d->back_ms != 0);
}

void drill_score(const struct drill *drill, const struct agent_input *in,
		 const char *agent, struct audit *audit)
{
	const struct telling t = { drill, in, agent, audit };
	struct score score = { 0, 0 };
	char text[32];

	judge(&score, drill->acked_ms != 0);
	judge(&score, drill->why[0] == '\0');
	if (drill->services != NULL) {
		tell_loads(&t, &score);
		tell_errors(&t, &score);
	}
	tell_back(&t, &score);
	snprintf(text, sizeof(text), "%u of %u", score.good, score.all);
	tell(&t, &(struct drill_row){ "score", "", text, "" });
}
