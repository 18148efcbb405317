/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promform -- an instant query of Prometheus at a stated time, as a form to
 * POST to URL/api/v1/query.
 *
 * Pure.  Source: Prometheus 2.42, HTTP API, "Instant queries".
 */
#ifndef POLICY_BUS_PROMFORM_H
#define POLICY_BUS_PROMFORM_H

#include <stdint.h>

/* "query=...&time=...&timeout=..."; the caller frees it; NULL: out of memory.
 */
char *promform_write(const char *query, int64_t wall_ms, int64_t timeout_ms);

#endif
