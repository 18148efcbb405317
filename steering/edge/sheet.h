/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet -- the plan as a JSON file, for any program that divides clients:
 *
 *   { "version": 1,
 *     "plan": {"epoch": 7, "sequence": 12, "policy_digest": "..."},
 *     "services": [
 *       { "name": "www",
 *         "endpoints": [
 *           {"name": "us", "weight": 100, "share": 1, "fraction": 0.495},
 *           {"name": "v2/us", "weight": 0, "share": 0.01, "fraction": 0.005},
 *           {"name": "eu", "weight": 100, "share": 1, "fraction": 0.5}],
 *         "canaries": [{"name": "v2", "fraction": 0.005,
 *                       "threshold": 21474836}] } ] }
 *
 *   fraction   of all clients of the service here; those of a service sum to 1
 *   share      what the plan leaves of those that it would take
 *   weight     in force: the edge's own, or the plan's
 *   threshold  in 1/2^32: a session is in the canary when its draw is below
 *
 * Members may be added; a version of another number is another file.  Pure.
 */
#ifndef STEERING_EDGE_SHEET_H
#define STEERING_EDGE_SHEET_H

#include "steering/edge/serving.h"

struct plan;

enum { SHEET_VERSION = 1 };

/*
 * What is said of servings that were divided, without the plan: two of these
 * that are the same text divide the same.  The caller frees it; NULL: out of
 * memory.
 */
char *sheet_write_services(const struct serving *servings, size_t count);

/* The whole file of it; the caller frees it; NULL: out of memory. */
char *sheet_write(const struct plan *plan, const char *services);

#endif
