/* SPDX-License-Identifier: Apache-2.0 */
#include "health/enquiry.h"

#include "health/client_query.h"
#include "health/clientele.h"
#include "health/dialogue.h"
#include "health/outlook.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"

#include <stdlib.h>

#include <event2/event.h>
#include <event2/util.h>

struct enquiry {
	struct enquiry_config config;
	struct inspection inspection;
	struct event *timer;    /* persistent: by the policy's rate */
	struct probe *dialogue; /* NULL: nothing is under way */
	struct client_query query;
	struct stop stop;
	struct asking_for asking;
	struct said said;
	bool spoken; /* said holds an answer */
};

static struct inspection_moment moment_of(const struct enquiry *e,
					  const struct standpoint *ours)
{
	return (struct inspection_moment){
		.limits = &e->config.policy->verify,
		.ours = ours,
		.now_ms = clock_now_ms(),
		.wall_ms = clock_wall_ms(),
	};
}

/* One line for each alarm that was raised or ended. */
static void tell_changes(struct enquiry *e, const struct inspection *before)
{
	char quoted[2 * NODE_TEXT_SIZE];

	for (size_t k = 0; k < INSPECTION_KINDS; k++) {
		const struct inspection_alarm *a = &e->inspection.alarms[k];
		bool rings = alarm_rings(&a->alarm);

		if (rings == alarm_rings(&before->alarms[k].alarm))
			continue;
		log_event(rings ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "health",
			  rings ? "alarm" : "alarm-over",
			  "responder=%s kind=%s text=%s",
			  e->config.responder->name,
			  inspection_kind_name((enum inspection_kind)k),
			  log_quote(a->text, quoted, sizeof(quoted)));
	}
	e->config.on_change(e->config.arg);
}

/* Asking. */

static struct reply read_answer(void *arg, const void *octets, size_t len)
{
	struct enquiry *e = arg;
	struct reply reply =
		client_query_read(&e->query, octets, len, &e->said);

	e->spoken = e->spoken || reply.outcome == OUTCOME_OK;
	return reply;
}

/* As it is decided now: what changed while it was asked has changed there as
 * well, or is seen to be right when it is asked again. */
static void on_answer(void *arg, const struct observation *seen)
{
	struct enquiry *e = arg;
	const struct enquiry_config *c = &e->config;
	struct standpoint ours = outlook_standpoint(c->outlook, c->policy);
	const struct inspection_moment at = moment_of(e, &ours);
	struct inspection before = e->inspection;
	struct expectation expected;
	struct judgement judgement;

	e->dialogue = NULL;
	if (c->outlook->world.view == NULL)
		return;
	if (e->spoken) {
		expected = expectation_of(c->policy, c->outlook->world.view,
					  &e->asking);
		judgement = expectation_meets(&expected, &e->said);
	}
	if (inspection_see(&e->inspection, &e->stop, seen,
			   e->spoken ? &judgement : NULL, &at))
		tell_changes(e, &before);
}

static void ask(struct enquiry *e)
{
	const struct policy *policy = e->config.policy;
	const struct samples *samples = clientele_samples(e->config.clientele);
	struct dialogue_plan plan = {
		.addr = e->config.responder->addr,
		.port = e->config.responder->port,
		.timeout_ms = policy->verify.timeout_ms,
		.query = e->query.octets,
		.read = read_answer,
		.done = on_answer,
		.arg = e,
	};
	const struct policy_service *service;
	uint16_t id;

	e->stop = inspection_next(&e->inspection, clock_now_ms());
	service = &policy->services[e->stop.service];
	e->asking = (struct asking_for){
		.service = e->stop.service,
		.kind = asked_kind_of(service, e->stop.draw),
		.client = sample_client(&samples->list[e->stop.sample],
					e->stop.draw),
		.young = outlook_is_young(e->config.outlook, clock_now_ms()),
	};
	e->asking.class =
		clientele_class(e->config.clientele, &e->asking.client.addr);
	e->spoken = false;
	evutil_secure_rng_get_bytes(&id, sizeof(id));
	if (!client_query_init(&e->query, service->fqdn, e->asking.kind,
			       &e->asking.client, id))
		return;
	plan.query_octets = e->query.len;
	plan.by_tcp = e->stop.by_tcp;
	e->dialogue = dialogue_start(e->config.loop, &plan);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct enquiry *e = arg;

	(void)fd, (void)what;
	if (e->dialogue == NULL && e->config.outlook->world.view != NULL &&
	    clientele_samples(e->config.clientele)->count > 0)
		ask(e);
}

struct enquiry *enquiry_start(const struct enquiry_config *config,
			      const struct inspection *before,
			      struct error *err)
{
	uint32_t rate = config->policy->verify.rate;
	const struct timeval every = { .tv_sec = rate == 1,
				       .tv_usec =
					       rate == 1 ? 0 : 1000000 / rate };
	struct enquiry *e = calloc(1, sizeof(*e));

	if (e != NULL) {
		e->config = *config;
		if (before != NULL)
			e->inspection = *before;
		e->inspection.suspects = false;
		e->timer = event_new(config->loop, -1, EV_PERSIST, on_time, e);
	}
	if (e != NULL && e->timer != NULL && event_add(e->timer, &every) == 0)
		return e;
	enquiry_stop(e);
	error_set(err, "out of memory for asking responder %s",
		  config->responder->name);
	return NULL;
}

void enquiry_begin(struct enquiry *e, uint64_t seed)
{
	e->inspection.tour =
		tour_of(e->config.policy->service_count,
			clientele_samples(e->config.clientele)->count, seed);
	e->inspection.suspects = false;
}

void enquiry_hear(struct enquiry *e, const struct node *node)
{
	inspection_hear(&e->inspection, node, clock_now_ms());
}

void enquiry_turn(struct enquiry *e)
{
	struct standpoint ours =
		outlook_standpoint(e->config.outlook, e->config.policy);
	const struct inspection_moment at = moment_of(e, &ours);
	struct inspection before = e->inspection;

	if (inspection_turn(&e->inspection, &at))
		tell_changes(e, &before);
}

const char *enquiry_name(const struct enquiry *e)
{
	return e->config.responder->name;
}

const struct inspection *enquiry_inspection(const struct enquiry *e)
{
	return &e->inspection;
}

void enquiry_stop(struct enquiry *e)
{
	if (e == NULL)
		return;
	probe_cancel(e->dialogue);
	if (e->timer != NULL)
		event_free(e->timer);
	free(e);
}
