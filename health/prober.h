/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prober -- one vantage: probes every endpoint of a policy from here and
 * reports what it saw.
 *
 * Shell: owns timers, connections and the clock; what a result means is
 * decided by health/breaker and health/latency, when to probe by
 * health/schedule.  All calls on the thread of loop.
 */
#ifndef HEALTH_PROBER_H
#define HEALTH_PROBER_H

struct bundles;
struct bus;
struct error;
struct event_base;
struct openmetrics;
struct policy;
struct prober;
struct sealer;
struct verifier;
struct witnesses;

struct prober_config {
	const char *policy_path;  /* read again on reload */
	struct bundles *bundles;  /* borrowed: policies that plans name are
				   * taken from the bus; NULL: files alone */
	const char *vantage;      /* one of the policy's vantages */
	const char *name;         /* this node's, on the bus */
	const char *control_path; /* unix socket; NULL: none */
	const char *ca_file;  /* PEM: trusted instead of the system's; NULL */
	const char *programs; /* folder of those that checks run; NULL: none */
	struct bus *bus;      /* borrowed, outlives it */
	const struct sealer *key; /* borrowed: signs reports; NULL: plain */
	/* Borrowed: whose plans responders are verified by (NULL: none), and
	 * whose reports count (NULL: all). */
	const struct verifier *trusted;
	const struct witnesses *witnesses;
	const struct witnesses *edges; /* borrowed: who vouches for what edges
					* saw; NULL: nobody has to sign */
};

/* Starts probing, spread over the first interval.  NULL with err set. */
struct prober *prober_start(struct event_base *loop,
			    const struct prober_config *config,
			    struct error *err);

/* What does not load changes nothing; endpoints that stay keep their state. */
void prober_reload(struct prober *p);

/* Appends the families of health_metrics. */
void prober_scrape(const struct prober *p, struct openmetrics *out);

/* NULL when its reports count, else why they do not; static. */
const char *prober_unready(const struct prober *p);

/* Accepts NULL.  No probe or report follows. */
void prober_stop(struct prober *p);

#endif
