/* SPDX-License-Identifier: Apache-2.0 */
#include "health/verify.h"

#include "health/clientele.h"
#include "health/enquiry.h"
#include "health/outlook.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/base/log.h"
#include "policy/base/news.h"
#include "policy/bus/bus.h"
#include "policy/bus/member.h"
#include "policy/bus/node.h"
#include "policy/bus/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <jansson.h>

enum { TURN_MS = 1000, LOOK_TURNS = 5 };

struct verify {
	struct verify_config config;
	const struct policy *policy; /* NULL: none yet */
	struct clientele *clientele; /* NULL: nobody is to be asked */
	struct enquiry **enquiries;  /* as policy->verify.responders */
	size_t count;
	struct outlook outlook;
	struct news refused; /* reports, and the plan */
	struct event *turn;  /* persistent: each second */
	struct event *soon;  /* pending: there is a new plan */
	unsigned turns;
	bool synced; /* all on the bus was read, and it is up */
	char trouble[NODE_TEXT_SIZE];
};

/* Following. */

static void refuse(struct verify *v, const char *key, const char *text)
{
	char quoted[300];

	if (news_of(&v->refused, key, text, clock_now_ms()))
		log_event(LOG_LEVEL_WARN, "health", "bus-refused",
			  "key=%s error=%s", key,
			  log_quote(text, quoted, sizeof(quoted)));
}

static void take_report(struct verify *v, const char *key, const void *octets,
			size_t len)
{
	struct error err;
	struct report *report =
		witnesses_report(v->config.witnesses, key, octets, len, &err);

	if (report == NULL)
		refuse(v, key, err.text);
	else
		(void)heard_take(&v->outlook.world.heard, v->policy, report,
				 clock_now_ms(), clock_wall_ms());
}

static void take_node(struct verify *v, const char *key, const void *octets,
		      size_t len)
{
	struct node node;
	struct error err;

	for (size_t i = 0; i < v->count; i++)
		if (strcmp(enquiry_name(v->enquiries[i]), key) == 0 &&
		    node_parse(octets, len, &node, &err))
			enquiry_hear(v->enquiries[i], &node);
}

unsigned verify_topics(const struct verify *v)
{
	return v->count == 0 ? 0 : BUS_PLAN | BUS_REPORTS | BUS_NODES;
}

void verify_take(struct verify *v, enum bus_topic topic, const char *key,
		 const void *octets, size_t len)
{
	if (v->count == 0)
		return;
	if (topic == BUS_PLAN) {
		outlook_take_plan(&v->outlook, v->config.trusted, v->policy,
				  octets, len);
		if (v->outlook.world.follow.refusal.text[0] != '\0')
			refuse(v, "plan", v->outlook.world.follow.refusal.text);
		event_active(v->soon, EV_TIMEOUT, 0);
	} else if (topic == BUS_REPORTS) {
		take_report(v, key, octets, len);
	} else if (topic == BUS_NODES) {
		take_node(v, key, octets, len);
	}
}

void verify_synced(struct verify *v, bool synced)
{
	v->synced = synced;
}

/* The second. */

static void reduce(struct verify *v)
{
	const struct world_time now = { clock_now_ms(), clock_wall_ms() };

	if (!outlook_reduce(&v->outlook, v->policy, now))
		log_event(LOG_LEVEL_ERROR, "health", "verify",
			  "error=\"out of memory; the old view stays\"");
}

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct verify *v = arg;

	(void)fd, (void)what;
	if (v->count > 0)
		reduce(v);
}

/* With the bus down nobody here knows what the newest plan is. */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct verify *v = arg;

	(void)fd, (void)what;
	if (v->count == 0)
		return;
	reduce(v);
	for (size_t i = 0; v->synced && i < v->count; i++)
		enquiry_turn(v->enquiries[i]);
	if (v->turns++ % LOOK_TURNS == 0)
		clientele_look(v->clientele);
}

/* Turning to a policy. */

static void stop_enquiries(struct enquiry **list, size_t count)
{
	for (size_t i = 0; list != NULL && i < count; i++)
		enquiry_stop(list[i]);
	free(list);
}

/* Other classes: the tours begin anew, and what was suspected is asked for when
 * its turn comes. */
static void on_clients(void *arg)
{
	struct verify *v = arg;
	uint64_t seed = hash_purpose("tour", v->config.vantage, "");

	for (size_t i = 0; i < v->count; i++)
		enquiry_begin(v->enquiries[i], hash_mix(seed + i));
}

/* What is known of one that stays. */
static const struct inspection *known(const struct verify *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(enquiry_name(v->enquiries[i]), name) == 0)
			return enquiry_inspection(v->enquiries[i]);
	return NULL;
}

/* As many as the policy has responders, or NULL with err set. */
static struct enquiry **ask_all(struct verify *v, const struct policy *policy,
				const struct clientele *clientele,
				struct error *err)
{
	const struct policy_verify *to = &policy->verify;
	struct enquiry_config config = {
		.loop = v->config.loop,
		.policy = policy,
		.clientele = clientele,
		.outlook = &v->outlook,
		.on_change = v->config.on_change,
		.arg = v->config.arg,
	};
	struct enquiry **list = calloc(to->responder_count, sizeof(*list));

	error_set(err, "out of memory");
	for (size_t i = 0; list != NULL && i < to->responder_count; i++) {
		config.responder = &to->responders[i];
		list[i] = enquiry_start(&config,
					known(v, config.responder->name), err);
		if (list[i] != NULL)
			continue;
		stop_enquiries(list, i);
		return NULL;
	}
	return list;
}

static bool ask_by(struct verify *v, const struct policy *policy,
		   struct error *err)
{
	struct clientele *clientele =
		clientele_start(v->config.loop, policy, on_clients, v, err);
	struct enquiry **list =
		clientele == NULL ? NULL : ask_all(v, policy, clientele, err);

	stop_enquiries(v->enquiries, v->count);
	clientele_stop(v->clientele);
	v->enquiries = list;
	v->count = list == NULL ? 0 : policy->verify.responder_count;
	v->clientele = clientele;
	return list != NULL;
}

void verify_turn(struct verify *v, const struct policy *policy)
{
	struct error err = { .text = "" };

	v->trouble[0] = '\0';
	if (policy->verify.responder_count == 0 || policy->service_count == 0) {
		stop_enquiries(v->enquiries, v->count);
		clientele_stop(v->clientele);
		v->enquiries = NULL;
		v->clientele = NULL;
		v->count = 0;
	} else if (!ask_by(v, policy, &err)) {
		snprintf(v->trouble, sizeof(v->trouble),
			 "responders are not asked: %.100s", err.text);
		log_event(LOG_LEVEL_ERROR, "health", "verify", "error=\"%s\"",
			  err.text);
	}
	v->policy = policy;
	outlook_adopt(&v->outlook, policy);
}

/* Telling. */

static void tell_alarms(const struct enquiry *e, struct node *node)
{
	for (size_t k = 0; k < INSPECTION_KINDS; k++) {
		const struct inspection_alarm *a =
			&enquiry_inspection(e)->alarms[k];

		if (alarm_rings(&a->alarm))
			node_put_alarm(node, enquiry_name(e),
				       inspection_kind_name(
					       (enum inspection_kind)k),
				       a->text, a->wall_since_ms);
	}
}

void verify_tell(const struct verify *v, struct node *node)
{
	struct standpoint ours;

	if (v == NULL)
		return;
	if (v->count == 0) {
		if (node->trouble[0] == '\0')
			memcpy(node->trouble, v->trouble, sizeof(v->trouble));
		return;
	}
	ours = outlook_standpoint(&v->outlook, v->policy);
	node->plan_epoch = ours.plan_epoch;
	node->plan_sequence = ours.plan_sequence;
	node->refused = v->outlook.world.follow.refused;
	for (size_t i = 0; i < v->count; i++)
		tell_alarms(v->enquiries[i], node);
	if (node->trouble[0] == '\0')
		snprintf(node->trouble, sizeof(node->trouble), "%.*s",
			 NODE_TEXT_SIZE - 1,
			 v->outlook.world.follow.refusal.text[0] != '\0'
				 ? v->outlook.world.follow.refusal.text
				 : clientele_trouble(v->clientele));
}

static json_t *status_of(const struct verify *v, const struct enquiry *e)
{
	const struct inspection *in = enquiry_inspection(e);
	uint64_t turns = in->tour.services == 0 ? 0 : tour_length(&in->tour);

	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "responder",
			 enquiry_name(e), "asked", (json_int_t)in->asked,
			 "agreed", (json_int_t)in->agreed, "differed",
			 (json_int_t)in->differed, "unsure",
			 (json_int_t)in->unsure, "unanswered",
			 (json_int_t)in->unanswered, "tour_s",
			 (json_int_t)(turns / v->policy->verify.rate));
}

struct json_t *verify_status(const struct verify *v)
{
	json_t *list = json_array();

	for (size_t i = 0; v != NULL && i < v->count; i++)
		member_append(&list, status_of(v, v->enquiries[i]));
	return list;
}

/* Life. */

struct verify *verify_start(const struct verify_config *config,
			    struct error *err)
{
	const struct timeval second = { .tv_sec = TURN_MS / 1000 };
	struct verify *v = calloc(1, sizeof(*v));

	if (v != NULL) {
		v->config = *config;
		v->turn = event_new(config->loop, -1, EV_PERSIST, on_turn, v);
		v->soon = evtimer_new(config->loop, on_soon, v);
	}
	if (v == NULL || v->turn == NULL || v->soon == NULL ||
	    event_add(v->turn, &second) < 0) {
		verify_stop(v);
		error_set(err, "out of memory while starting verification");
		return NULL;
	}
	return v;
}

void verify_stop(struct verify *v)
{
	if (v == NULL)
		return;
	stop_enquiries(v->enquiries, v->count);
	clientele_stop(v->clientele);
	if (v->turn != NULL)
		event_free(v->turn);
	if (v->soon != NULL)
		event_free(v->soon);
	outlook_fini(&v->outlook);
	free(v);
}
