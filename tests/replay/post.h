/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post -- a vantage of a story that probes: the cores that health/rounds
 * drives (watch, suspicion), driven in virtual time against what the story
 * says is true of endpoints and of the vantage's own way out.
 */
#ifndef TESTS_REPLAY_POST_H
#define TESTS_REPLAY_POST_H

#include "policy/bus/report.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct post;

/* What is true of an endpoint, for every vantage. */
struct post_truth {
	bool fails;
	/* It passes and fails in turn, so long each; 0: it does not flap. */
	int64_t up_ms, down_ms;
	int64_t since_ms; /* when it began to */
};

/* Of all endpoints of policy (borrowed), in its order, count of them. */
struct post *post_new(const struct policy *policy, size_t vantage,
		      int64_t now_ms);
/* Accepts NULL. */
void post_free(struct post *post);

/* Is its own way out cut? */
void post_cut(struct post *post, bool cut);

/* Probes all that is due up to now_ms. */
void post_run(struct post *post, const struct post_truth *truths,
	      int64_t now_ms);

/* What it would say now: all of report but names, times, sequence. */
void post_report(const struct post *post, int64_t now_ms,
		 struct report *report);

#endif
