/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics -- where a canary is measured, and what takes it back; how a
 * Prometheus is asked, for that and by probers.
 *
 * Pure.
 */
#ifndef POLICY_LANGUAGE_METRICS_H
#define POLICY_LANGUAGE_METRICS_H

#include "policy/language/value.h"

/* SCHEMA_URL to SCHEMA_VECTOR, in the order of enum schema_kind. */
value_reader metrics_read;

/* The metrics and rollback_when of a canary, read from node, together. */
void metrics_judge(struct draft *d, const struct policy_canary *canary,
		   const struct tree *node);

#endif
