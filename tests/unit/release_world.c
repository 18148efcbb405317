/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/release_world.h"

#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void fleet_init(struct fleet *f, size_t count)
{
	*f = (struct fleet){ .count = count,
			     .now_ms = 1000 * SECOND,
			     .tried = "",
			     .failure = "" };
	f->first[0] = "dns-0";
	f->waves[0] =
		(struct rollout_wave){ .nodes = f->first, .node_count = 1 };
	f->waves[1] = (struct rollout_wave){ .percent = 50 };
	f->rollout = (struct policy_rollout){ .waves = f->waves,
					      .wave_count = 2,
					      .soak_ms = 10 * SECOND,
					      .patience_ms = 20 * SECOND,
					      .max_failing_pct = 5 };
	for (size_t i = 0; i < count; i++) {
		snprintf(f->takers[i].name, RELEASE_NAME_SIZE, "dns-%zu", i);
		strcpy(f->takers[i].digest, BASE);
		f->takers[i].queries = 1000;
	}
	strcpy(f->release.said.base, BASE);
}

void fleet_fini(struct fleet *f)
{
	release_fini(&f->release);
	registry_fini(&f->registry);
	audit_fini(&f->audit);
}

struct release_input fleet_input(const struct fleet *f)
{
	return (struct release_input){
		.registry = &f->registry,
		.rollout = &f->rollout,
		.agent = "steer",
		.tried = f->tried,
		.failure = f->failure,
		.now_ms = f->now_ms,
		.wall_ms = f->now_ms,
	};
}

/* Does what the plan says, after a while. */
static void follow(const struct fleet *f, struct taker *t)
{
	const char *want = plan_release_wanted(&f->release.said, t->name);

	if (want == NULL || strcmp(want, t->told) == 0) {
		bool is_due = f->now_ms - t->told_ms >= t->late_ms;

		if (want != NULL && is_due &&
		    !(t->refuses && strcmp(want, NEXT) == 0))
			strcpy(t->digest, want);
		return;
	}
	strcpy(t->told, want);
	t->told_ms = f->now_ms;
}

static void report(struct fleet *f, struct taker *t)
{
	struct node node = node_of(NODE_DNS, t->name, f->now_ms);
	bool serves_next = strcmp(t->digest, NEXT) == 0;

	node.takes_policy = true;
	strcpy(node.policy_digest, t->digest);
	t->queries += 100;
	if (serves_next)
		t->failures += t->failing_pct;
	node.queries = t->queries;
	node.failures = t->failures;
	if (t->refuses && strcmp(t->told, NEXT) == 0) {
		strcpy(node.refused_digest, NEXT);
		strcpy(node.refused_reason, "it does not load");
	}
	if (t->mutes && serves_next) {
		node.mute_count = 1;
		strcpy(node.mute, "www answers nothing");
	}
	assert_true(registry_take(&f->registry, &node, f->now_ms));
}

/* A second of everybody's life. */
void fleet_tick(struct fleet *f)
{
	struct release_input in;

	f->now_ms += SECOND;
	for (size_t i = 0; i < f->count; i++) {
		if (f->takers[i].dead)
			continue;
		follow(f, &f->takers[i]);
		report(f, &f->takers[i]);
	}
	registry_forget(&f->registry, f->now_ms);
	in = fleet_input(f);
	release_step(&f->release, &in, &f->audit);
}

bool fleet_ask(struct fleet *f, bool abort, bool forced, struct error *err)
{
	struct release_request q = {
		.abort = abort,
		.forced = forced,
		.author = "ann",
		.reason = "why",
		.wall_made_ms = f->now_ms,
	};
	struct release_input in = fleet_input(f);

	strcpy(q.digest, abort ? "" : NEXT);
	return release_ask(&f->release, &q, &in, &f->audit, err);
}

void fleet_publish(struct fleet *f)
{
	struct error err;

	fleet_tick(f); /* all are heard of */
	if (!fleet_ask(f, false, false, &err))
		fail_msg("%s", err.text);
	f->tried = NEXT;
}

enum release_phase fleet_phase(const struct fleet *f)
{
	return f->release.said.phase;
}

void fleet_until(struct fleet *f, enum release_phase phase, unsigned most)
{
	for (unsigned i = 0; i < most && fleet_phase(f) != phase; i++)
		fleet_tick(f);
	if (fleet_phase(f) != phase)
		fail_msg("%s, not %s: %s", release_phase_name(fleet_phase(f)),
			 release_phase_name(phase), f->release.said.reason);
}

size_t fleet_count(const struct fleet *f, const char *digest)
{
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++)
		count += strcmp(f->takers[i].digest, digest) == 0;
	return count;
}
