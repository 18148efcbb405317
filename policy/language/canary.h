/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canary -- a canary as the policy has it: its stages, how it is measured, and
 * when it is taken back.  A part of struct policy.
 */
#ifndef POLICY_LANGUAGE_CANARY_H
#define POLICY_LANGUAGE_CANARY_H

#include "policy/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum canary_gate { GATE_AUTO, GATE_MANUAL };

struct canary_stage {
	uint64_t regions;
	uint32_t *percents; /* rising, 1..100 */
	size_t percent_count;
	int64_t bake_ms;
	enum canary_gate gate; /* behind its last percent */
};

/* Where a canary and the stable version are measured: by one of the first two,
 * or nowhere. */
struct policy_metrics {
	bool edges;                    /* by what edges tell on the bus */
	const char *prometheus;        /* URL without a final slash, or NULL */
	const char *errors, *requests; /* PromQL with placeholders, see
					* policy/language/placeholder.h */
	const char *latency;           /* NULL: is not compared */
	int64_t interval_ms, timeout_ms;
};

/* When a canary is taken back. */
struct policy_rollback {
	double error_ratio;   /* >= 1 */
	double latency_ratio; /* > 1 */
	uint32_t min_requests;
	int64_t no_data_ms; /* without any measurement */
};

struct policy_canary {
	const char *name;
	struct place at;
	int service;
	const char *revision; /* NULL: it has none */
	struct policy_metrics metrics;
	struct policy_rollback rollback;
	struct canary_stage *stages;
	size_t stage_count;
};

#endif
