/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program_metrics -- what every daemon tells of itself: its version, and what
 * its process takes of the machine.  Pure.
 */
#ifndef POLICY_BASE_PROGRAM_METRICS_H
#define POLICY_BASE_PROGRAM_METRICS_H

#include "policy/base/process.h"

#include <stdint.h>

struct openmetrics;

/* wall_started_ms: when the daemon started.  Appends windrose_build and the
 * families windrose_process_... */
void program_metrics_put(struct openmetrics *out,
			 const struct process_usage *process,
			 int64_t wall_started_ms);

#endif
