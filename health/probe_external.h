/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_external -- a program of the operator's judges the endpoint.
 *
 * Only programs in one folder are run, which whoever starts the prober names:
 * a policy alone cannot have a machine run just anything.  The program gets
 * the endpoint in its environment (WINDROSE_ADDRESS, _PORT, _HOST,
 * _TIMEOUT_MS) and in the arguments "{address}", "{port}" and "{host}", reads
 * nothing, and what it prints goes nowhere.  Exit status 0 is ok.
 *
 * At its timeout it is killed, and so is whatever it has started and left
 * behind in its process group; that happens, too, when it ends by itself.
 * PROBE_EXTERNAL_MAX are there at once, killed ones that do not die included;
 * further probes wait, and their time begins when they run.
 *
 * Shell: owns the processes.
 */
#ifndef HEALTH_PROBE_EXTERNAL_H
#define HEALTH_PROBE_EXTERNAL_H

#include "health/probe.h"

struct error;
struct event_base;
struct probe_external_pool;

enum { PROBE_EXTERNAL_MAX = 16 };

/*
 * folder: of the programs; NULL: none is run.  NULL with err set when it is
 * not there, or memory runs out.
 */
struct probe_external_pool *probe_external_pool_new(struct event_base *loop,
						    const char *folder,
						    struct error *err);

/*
 * Accepts NULL.  Every probe of it has ended or been cancelled; processes that
 * are still there are killed and waited for.
 */
void probe_external_pool_free(struct probe_external_pool *pool);

/* False with err set: what a check names cannot be run. */
bool probe_external_check(const struct probe_external_pool *pool,
			  const struct policy_check *check, struct error *err);

/* NULL when memory runs out or the program cannot be run. */
struct probe *probe_external_start(struct probe_external_pool *pool,
				   const struct probe_spec *spec,
				   probe_done *done, void *arg);

#endif
