/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measuring -- the steerer's part in how canaries and demand are measured: what
 * edges tell, and when gauge and reckoning have their turn.  Shell.
 */
#include "steering/steerer_impl.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/bus/witness.h"
#include "steering/gauge.h"

static void on_measure(void *arg)
{
	steerer_soon(arg);
}

bool measuring_open(struct steerer *s, struct error *err)
{
	s->gauge = gauge_start(s->loop, on_measure, s, err);
	if (s->gauge == NULL)
		return false;
	measuring_adopt(s, s->loaded.policy);
	return true;
}

void measuring_adopt(struct steerer *s, const struct policy *policy)
{
	if (!gauge_adopt(s->gauge, policy))
		steerer_log_failure("gauge-failed", "out of memory");
	if (!reckoning_adopt(&s->reckoning, policy, clock_now_ms()))
		steerer_log_failure("reckoning-failed", "out of memory");
}

void measuring_hear(struct steerer *s, const char *edge, const void *octets,
		    size_t len)
{
	struct error err = { .text = "" };
	const char *payload;
	size_t payload_len;

	if (witnesses_read(s->config.edges, edge, octets, len, &payload,
			   &payload_len, &err) &&
	    gauge_take(s->gauge, edge, payload, payload_len, clock_now_ms(),
		       &err))
		news_over(&s->served_refused, edge);
	else
		steerer_log_refused(&s->served_refused, "served-refused", edge,
				    err.text);
}

/* Only who leads asks: several would each see another instant. */
void measuring_turn(struct steerer *s, struct ramp_now now)
{
	gauge_turn(s->gauge, s->leads == 0 ? NULL : agent_canaries(s->agent),
		   now);
	/* While the bus is away nobody is heard: what is known stays. */
	if (s->synced)
		reckoning_turn(&s->reckoning, &s->inputs.queries,
			       gauge_counted(s->gauge), now.now_ms);
}
