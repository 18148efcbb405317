/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay -- plays the stories of tests/replay/NAME.rpl through the real pure
 * cores in virtual time; hours pass in milliseconds.  Each `expect` is one
 * line of TAP.  tests/replay/README has the language.
 *
 *   replay             all stories below $SRCDIR/tests/replay
 *   replay FILE...     these
 */
#include "tests/replay/story.h"

#include "policy/base/error.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* policy FILE */
static void run_policy(struct story *s)
{
	char path[4096];
	const char *slash = strrchr(s->path, '/');
	int folder = slash == NULL ? 0 : (int)(slash - s->path + 1);

	snprintf(path, sizeof(path), "%.*s%s", folder, s->path,
		 story_word(s, 1));
	stage_free(&s->stage);
	if (!stage_open(&s->stage, path))
		story_broken(s, "%s does not load", path);
}

/* client NAME ADDRESS COUNTRY LATITUDE LONGITUDE | client NAME ADDRESS */
static void run_client(struct story *s)
{
	struct stage *stage = &s->stage;
	struct stage_client *c = &stage->clients[stage->client_count++];
	struct client_facts facts = { .located = false };
	struct client_needs needs = { true, true, true, true, true };

	snprintf(c->name, sizeof(c->name), "%s", story_word(s, 1));
	if (!net_addr_parse(story_word(s, 2), &c->addr))
		story_broken(s, "\"%s\" is no address", story_word(s, 2));
	if (s->count > 3) {
		snprintf(facts.country, sizeof(facts.country), "%s",
			 story_word(s, 3));
		facts.located = true;
		facts.latitude = strtod(story_word(s, 4), NULL);
		facts.longitude = strtod(story_word(s, 5), NULL);
	}
	c->class = client_classify(stage->policy, &needs,
				   s->count > 3 ? &facts : NULL, 0);
}

/* at TIME */
static void run_at(struct story *s)
{
	int64_t at_ms = story_ms(s, 1);

	if (at_ms < s->stage.now_ms)
		story_broken(s, "time does not go back");
	stage_run(&s->stage, at_ms);
}

static void set_state(struct story *s, struct report_entry *e, unsigned at)
{
	static const char *const words[] = { "unknown", "closed", "open",
					     "half-open" };

	e->failing = story_is(s, at, "failing");
	if (e->failing)
		e->state = REPORT_CLOSED;
	else if (e->failing == false && strstr(story_word(s, at), "ms") != NULL)
		e->latency_ms = (float)story_ms(s, at);
	else
		for (unsigned i = 0; i < 4; i++)
			if (story_is(s, at, words[i]))
				e->state = (enum report_state)i;
}

/* vantage NAME says SERVICE/ENDPOINT STATE|LATENCY; or abstains, ... */
static void tell_vantage(struct story *s, size_t v)
{
	struct stage_vantage *vantage = &s->stage.vantages[v];
	struct report_entry *e;
	char service[64];

	if (story_is(s, 2, "abstains") || story_is(s, 2, "trusts")) {
		vantage->report.abstains = story_is(s, 2, "abstains");
	} else if (story_is(s, 2, "silent") || story_is(s, 2, "speaks")) {
		vantage->silent = story_is(s, 2, "silent");
	} else if (story_is(s, 2, "probes")) {
		stage_probe(&s->stage, v);
	} else if (vantage->post != NULL &&
		   (story_is(s, 2, "cut") || story_is(s, 2, "whole"))) {
		post_cut(vantage->post, story_is(s, 2, "cut"));
	} else if (story_is(s, 2, "says")) {
		const char *endpoint = story_target(s, 3, service);

		e = stage_entry(&s->stage, v, service, endpoint);
		if (e == NULL)
			story_broken(s, "no endpoint %s", story_word(s, 3));
		set_state(s, e, 4);
	} else {
		story_broken(s, "a vantage does not \"%s\"", story_word(s, 2));
	}
}

/* vantage NAME...; NAME "*" is all of them */
static void run_vantage(struct story *s)
{
	const struct policy *policy = s->stage.policy;

	if (story_is(s, 1, "*")) {
		for (size_t v = 0; v < policy->vantage_count; v++)
			tell_vantage(s, v);
	} else {
		int v = policy_find_vantage(policy, story_word(s, 1));

		if (v < 0)
			story_broken(s, "no vantage %s", story_word(s, 1));
		tell_vantage(s, (size_t)v);
	}
	stage_refresh(&s->stage);
}

static void set_truth(struct story *s, size_t number)
{
	struct post_truth *truth = &s->stage.truths[number];

	*truth = (struct post_truth){
		.fails = story_is(s, 2, "fails"),
		.since_ms = s->stage.now_ms,
	};
	if (story_is(s, 2, "flaps")) {
		truth->up_ms = story_ms(s, 3);
		truth->down_ms = story_ms(s, 4);
	} else if (!truth->fails && !story_is(s, 2, "passes")) {
		story_broken(s, "an endpoint does not \"%s\"",
			     story_word(s, 2));
	}
}

/* endpoint SERVICE/ENDPOINT fails|passes|flaps UP DOWN; "*" is all of them */
static void run_endpoint(struct story *s)
{
	size_t count = s->stage.vantages[0].report.count;

	if (!story_is(s, 1, "*"))
		set_truth(s, story_number(s, 1));
	for (size_t i = 0; story_is(s, 1, "*") && i < count; i++)
		set_truth(s, i);
}

static enum plan_cause read_cause(const struct story *s, unsigned i)
{
	for (int cause = PLAN_FULL; cause <= PLAN_CANARY; cause++)
		if (story_is(s, i, plan_cause_name((enum plan_cause)cause)))
			return (enum plan_cause)cause;
	story_broken(s, "\"%s\" is no cause of a share", story_word(s, i));
}

/* share SERVICE/ENDPOINT PERCENT CAUSE: the agent publishes a new plan */
static void run_share(struct story *s)
{
	struct plan *plan = &s->stage.plan;
	struct plan_share share = { .weight = -1 };
	size_t at = 0;

	snprintf(share.endpoint, sizeof(share.endpoint), "%s",
		 story_target(s, 1, share.service));
	share.share = story_percent(s, 2);
	share.cause = read_cause(s, 3);
	while (at < plan->share_count &&
	       (strcmp(plan->shares[at].service, share.service) != 0 ||
		strcmp(plan->shares[at].endpoint, share.endpoint) != 0))
		at++;
	if (at == STAGE_SHARES_MAX)
		story_broken(s, "too many shares");
	plan->shares[at] = share;
	plan->share_count += at == plan->share_count;
	plan->sequence++;
	stage_refresh(&s->stage);
}

/* drain TARGET for TIME [over TIME]: break-glass on this responder */
static void run_drain(struct story *s)
{
	struct stage *stage = &s->stage;
	struct command c = { .kind = COMMAND_DRAIN };
	struct error err;

	if (stage->command_count == STAGE_COMMANDS_MAX)
		story_broken(s, "too many commands");
	snprintf(c.id, sizeof(c.id), "c-%zu", stage->command_count);
	snprintf(c.target, sizeof(c.target), "%s", story_word(s, 1));
	snprintf(c.author, sizeof(c.author), "ann");
	snprintf(c.reason, sizeof(c.reason), "story");
	c.wall_made_ms = STAGE_WALL_MS + stage->now_ms;
	c.wall_expires_ms = c.wall_made_ms + story_ms(s, 3);
	c.over_ms = story_is(s, 4, "over") ? story_ms(s, 5) : 0;
	if (!command_check(&c, stage->policy, c.wall_made_ms, &err))
		story_broken(s, "%s", err.text);
	stage->commands[stage->command_count++] = c;
	stage_refresh(stage);
}

/* mark CLIENT SERVICE: remembers where a crowd like the client goes */
static void run_mark(struct story *s)
{
	if (s->stage.mark == NULL)
		s->stage.mark = malloc(STAGE_CROWD);
	if (s->stage.mark == NULL)
		abort();
	stage_crowd(&s->stage, story_service(s, 2), story_client(s, 1),
		    s->stage.mark);
}

static const struct statement {
	const char *word;
	void (*run)(struct story *s);
} statements[] = {
	{ "policy", run_policy },   { "client", run_client },
	{ "at", run_at },           { "vantage", run_vantage },
	{ "share", run_share },     { "drain", run_drain },
	{ "mark", run_mark },       { "endpoint", run_endpoint },
	{ "expect", story_expect },
};

static void run_line(struct story *s, char *line)
{
	char copy[STORY_LINE_OCTETS], *rest = copy, *one;

	line[strcspn(line, "#\n")] = '\0';
	for (size_t len = strlen(line); len > 0 && line[len - 1] == ' ';)
		line[--len] = '\0';
	snprintf(copy, sizeof(copy), "%s", line);
	s->text = line;
	s->count = 0;
	while (s->count < STORY_WORDS_MAX &&
	       (one = strtok_r(rest, " \t", &rest)) != NULL)
		s->words[s->count++] = one;
	if (s->count == 0)
		return;
	if (s->stage.policy == NULL && !story_is(s, 0, "policy"))
		story_broken(s, "a story begins with its policy");
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]);
	     i++) {
		if (!story_is(s, 0, statements[i].word))
			continue;
		statements[i].run(s);
		return;
	}
	story_broken(s, "\"%s\" is no statement", s->words[0]);
}

static void play(const char *path, unsigned *checked, unsigned *failed)
{
	static struct story s;
	char line[STORY_LINE_OCTETS];
	FILE *file = fopen(path, "r");

	s.path = path;
	s.line = 0;
	s.checked = checked;
	s.failed = failed;
	if (file == NULL)
		story_broken(&s, "cannot be read");
	while (fgets(line, sizeof(line), file) != NULL) {
		s.line++;
		run_line(&s, line);
	}
	fclose(file);
	stage_free(&s.stage);
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("SRCDIR");
	unsigned checked = 0, failed = 0;
	char pattern[4096];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/tests/replay/*.rpl",
		 srcdir == NULL ? "." : srcdir);
	for (int i = 1; i < argc; i++)
		play(argv[i], &checked, &failed);
	if (argc == 1 && glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			play(found.gl_pathv[i], &checked, &failed);
		globfree(&found);
	}
	printf("1..%u\n", checked);
	return checked > 0 && failed == 0 ? 0 : 1;
}
