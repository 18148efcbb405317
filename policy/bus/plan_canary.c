/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/plan_canary.h"

#include "policy/bus/member.h"

#include <assert.h>
#include <string.h>

#include <jansson.h>

static const char *const states[] = { "off", "running", "paused", "done",
				      "aborted" };
static const char *const phases[] = {
	[CANARY_PLANNED] = "planned",   [CANARY_PRECHECK] = "precheck",
	[CANARY_STEP] = "step",         [CANARY_SETTLE] = "settle",
	[CANARY_BAKE] = "bake",         [CANARY_JUDGE] = "judge",
	[CANARY_HOLD] = "hold",         [CANARY_WAIT] = "wait",
	[CANARY_ROLLBACK] = "rollback", [CANARY_ROLLED] = "rolled back",
};

enum {
	STATES = sizeof(states) / sizeof(states[0]),
	STAGES_MAX = 4096,
	PHASE_SIZE = 64,
};

static_assert(STATES == CANARY_ABORTED + 1, "a word for every state");
static_assert(sizeof(phases) / sizeof(phases[0]) == CANARY_PHASES,
	      "a word for every phase");

const char *plan_canary_state_name(enum plan_canary_state state)
{
	return states[state];
}

const char *plan_canary_phase_name(enum plan_canary_phase phase)
{
	return phases[phase];
}

/* A phase that a later agent invented is none that this one knows. */
static enum plan_canary_phase read_phase(struct member_reader *r)
{
	char word[PHASE_SIZE] = "";

	member_text(r, "phase", word, sizeof(word));
	for (unsigned i = 0; i < CANARY_PHASES; i++)
		if (strcmp(word, phases[i]) == 0)
			return (enum plan_canary_phase)i;
	return CANARY_PLANNED;
}

static void read_seen(struct member_reader *r, struct plan_canary *c)
{
	c->canary_requests = (uint64_t)member_integer(r, "canary_requests", 0,
						      MEMBER_EXACT_MAX);
	c->canary_errors =
		(uint64_t)member_integer(r, "canary_errors", 0,
					 (int64_t)c->canary_requests);
	c->stable_requests = (uint64_t)member_integer(r, "stable_requests", 0,
						      MEMBER_EXACT_MAX);
	c->stable_errors =
		(uint64_t)member_integer(r, "stable_errors", 0,
					 (int64_t)c->stable_requests);
	c->log_e = member_number(r, "log_e", -1e12, 1e12);
	c->looks = (uint32_t)member_integer(r, "looks", 0, UINT32_MAX);
}

bool plan_canary_read(struct member_reader *r, struct plan_canary *out)
{
	struct plan_canary c = { .name = "" };

	member_name(r, "name", c.name, sizeof(c.name));
	c.state =
		(enum plan_canary_state)member_word(r, "state", states, STATES);
	c.stage = (uint32_t)member_integer(r, "stage", 0, STAGES_MAX);
	c.step = (uint32_t)member_integer(r, "step", 0, STAGES_MAX);
	c.wall_since_ms =
		member_integer(r, "wall_since_ms", 0, MEMBER_EXACT_MAX);
	c.phase = read_phase(r);
	c.rolled_back = member_flag(r, "rolled_back");
	member_text(r, "revision", c.revision, sizeof(c.revision));
	member_text(r, "reason", c.reason, sizeof(c.reason));
	c.spent_ms = member_integer(r, "spent_ms", 0, MEMBER_EXACT_MAX);
	c.blind_ms = member_integer(r, "blind_ms", 0, MEMBER_EXACT_MAX);
	read_seen(r, &c);
	if (r->failed)
		return false;
	*out = c;
	return true;
}

struct json_t *plan_canary_write(const struct plan_canary *c)
{
	struct member_writer w = member_begin();

	member_put_text(&w, "name", c->name);
	member_put_text(&w, "state", states[c->state]);
	member_put_integer(&w, "stage", c->stage);
	member_put_integer(&w, "step", c->step);
	member_put_integer(&w, "wall_since_ms", c->wall_since_ms);
	if (c->phase != CANARY_PLANNED)
		member_put_text(&w, "phase", phases[c->phase]);
	member_put_flag(&w, "rolled_back", c->rolled_back);
	member_put_text(&w, "revision", c->revision);
	member_put_text(&w, "reason", c->reason);
	member_put_integer(&w, "spent_ms", c->spent_ms);
	member_put_integer(&w, "blind_ms", c->blind_ms);
	member_put_integer(&w, "canary_requests", (int64_t)c->canary_requests);
	member_put_integer(&w, "canary_errors", (int64_t)c->canary_errors);
	member_put_integer(&w, "stable_requests", (int64_t)c->stable_requests);
	member_put_integer(&w, "stable_errors", (int64_t)c->stable_errors);
	member_put_number(&w, "log_e", c->log_e);
	member_put_integer(&w, "looks", c->looks);
	return member_take(&w);
}
