/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prometheus -- measures canaries that are on their way by queries to the
 * Prometheus that the policy names.
 *
 * One measure is some queries of both versions at one stated instant, so what
 * they say belongs together.  The next begins metrics.interval later, and not
 * before the last has ended.  How a query fails is an outcome of the measure:
 * see steering/measure.  Shell: libcurl on the event loop.
 */
#ifndef STEERING_PROMETHEUS_H
#define STEERING_PROMETHEUS_H

#include "policy/bus/plan_canary.h"
#include "steering/measure.h"
#include "steering/ramp.h"

struct error;
struct event_base;
struct policy;
struct prometheus;

/* told is called with arg when there is a new measure.  NULL with err set. */
struct prometheus *prometheus_start(struct event_base *loop,
				    void (*told)(void *arg), void *arg,
				    struct error *err);
/* Accepts NULL. */
void prometheus_stop(struct prometheus *p);

/* Another policy, and where the measures of its canaries go; both are borrowed
 * until the next; NULL, NULL: none.  What is under way is forgotten.  False:
 * out of memory, nothing is measured. */
bool prometheus_adopt(struct prometheus *p, const struct policy *policy,
		      struct measure *measures);

/* Begins what is due of the canaries, as policy->canaries, that are on their
 * way; NULL: nobody is to be measured. */
void prometheus_turn(struct prometheus *p, const struct plan_canary *canaries,
		     struct ramp_now now);

#endif
