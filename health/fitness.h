/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fitness -- a policy that can be probed by from here: it names the vantage,
 * and all that its checks need is there.  What only probes would miss is missed
 * when it is loaded, in words.
 *
 * Shell: reads files.
 */
#ifndef HEALTH_FITNESS_H
#define HEALTH_FITNESS_H

struct error;
struct policy;
struct probe_external_pool;

/* The caller owns it.  NULL with err set to the first thing that is wrong. */
struct policy *fitness_load(const char *path, const char *vantage,
			    const struct probe_external_pool *programs,
			    struct error *err);

#endif
