/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/steerer.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bundles.h"
#include "policy/bus/bus.h"
#include "policy/bus/sign.h"
#include "policy/bus/witness.h"
#include "steering/gauge.h"
#include "steering/journal.h"
#include "steering/page/page.h"
#include "steering/reload.h"
#include "steering/rum.h"
#include "steering/steerer_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

/* Links. */

static struct steerer_link *link_new(struct steerer *s)
{
	struct steerer_link *link = calloc(1, sizeof(*link));

	if (link != NULL)
		*link = (struct steerer_link){ s, 1 };
	return link;
}

struct steerer_link *steerer_link_take(struct steerer *s)
{
	s->link->refs++;
	return s->link;
}

struct steerer *steerer_link_end(struct steerer_link *link)
{
	struct steerer *s = link->steerer;

	if (--link->refs == 0)
		free(link);
	return s;
}

/* Time. */

struct ramp_now steerer_now(void)
{
	return (struct ramp_now){ clock_now_ms(), clock_wall_ms() };
}

void steerer_soon(struct steerer *s)
{
	event_active(s->soon, EV_TIMEOUT, 0);
}

struct agent_input steerer_input(const struct steerer *s, struct ramp_now now)
{
	return (struct agent_input){
		.now = now,
		.view = s->inputs.view,
		.epoch = s->leads,
		.classes = { s->loaded.classes, s->loaded.class_count },
		.held = &s->held,
		.inputs = &s->inputs,
		.past = &s->past,
		.rum = rum_told(s->rum, now.now_ms),
		.rates = reckoning_rates(&s->reckoning),
		.demands = reckoning_demands(&s->reckoning, now.now_ms,
					     now.wall_ms),
		.waits = s->resumes && reckoning_rates(&s->reckoning) == NULL,
		.measures = gauge_measures(s->gauge),
		.counted = gauge_counted(s->gauge),
		.acked = registry_floor(&s->inputs.registry),
		.registry = &s->inputs.registry,
		.tried = s->supply.tried,
		.failure = s->supply.failure,
	};
}

/* Loading. */

/*
 * Takes what was loaded into use.  The old policy is read until agent and view
 * have gone over to the new one.
 */
static bool take_loaded(struct steerer *s, struct loaded *next,
			struct error *err)
{
	struct ramp_now now = steerer_now();
	struct view *view =
		inputs_view(&s->inputs, next->policy, s->inputs.plan, now);

	if (view == NULL || !agent_reload(s->agent, next->policy, now)) {
		view_free(view);
		loaded_fini(next);
		error_set(err, "reload: out of memory");
		return false;
	}
	view_free(s->inputs.view);
	s->inputs.view = view;
	inputs_adopt(&s->inputs, next->policy);
	measuring_adopt(s, next->policy);
	loaded_fini(&s->loaded);
	s->loaded = *next;
	log_event(LOG_LEVEL_INFO, "steer", "reload", "digest=%s classes=%zu",
		  s->loaded.policy->digest, s->loaded.class_count);
	steerer_soon(s);
	return true;
}

/* Asked again meanwhile: what was just read may be older than the question. */
static void on_loaded(void *arg, bool ok, struct loaded *loaded,
		      const struct error *why)
{
	struct steerer *s = arg;
	struct error err = *why;
	bool again = s->reload_again;

	reload_free(s->reload);
	s->reload = NULL;
	s->reload_again = false;
	ok = ok && take_loaded(s, loaded, &err);
	if (!ok)
		steerer_log_failure("reload-failed", err.text);
	steerer_trouble(s, TROUBLE_RELOAD, ok ? "" : err.text);
	if (again)
		steerer_reload(s);
	else
		desk_reloaded(s, ok, &err);
}

void steerer_reload(struct steerer *s)
{
	const struct steerer_config *c = &s->config;
	struct error err = { .text = "" };
	char path[BUNDLES_PATH_SIZE];

	if (s->reload != NULL) {
		s->reload_again = true;
		return;
	}
	if (s->journal != NULL && !journal_reopen(s->journal, &err))
		steerer_log_failure("journal-failed", err.text);
	if (c->read_keys == NULL || c->read_keys(c->arg, &err))
		s->reload = reload_start(s->loop, supply_path(s, path),
					 on_loaded, s, &err);
	if (s->reload != NULL)
		return;
	steerer_log_failure("reload-failed", err.text);
	steerer_trouble(s, TROUBLE_RELOAD, err.text);
	desk_reloaded(s, false, &err);
}

/* What it hears. */

struct plan *steerer_open_plan(const struct steerer *s, const void *octets,
			       size_t len, struct error *err)
{
	const char *payload;
	size_t payload_len;

	if (!sign_unwrap(s->config.plans, SIGN_PLAN, octets, len, &payload,
			 &payload_len, err))
		return NULL;
	return plan_parse(payload, payload_len, err);
}

static void hear_plan(struct steerer *s, const void *octets, size_t len)
{
	struct error err = { .text = "" };
	struct plan *plan = steerer_open_plan(s, octets, len, &err);

	if (plan == NULL)
		steerer_log_refused(&s->plans_refused, "plan-refused", "plan",
				    err.text);
	else
		publish_heard(s, plan, octets, len);
}

static void hear_report(struct steerer *s, const char *vantage,
			const void *octets, size_t len)
{
	const struct world_time now = { clock_now_ms(), clock_wall_ms() };
	struct error err = { .text = "" };
	const char *payload;
	size_t payload_len;

	if (witnesses_read(s->config.witnesses, vantage, octets, len, &payload,
			   &payload_len, &err) &&
	    inputs_take_report(&s->inputs, vantage, payload, payload_len, now,
			       &err)) {
		news_over(&s->reports_refused, vantage);
		steerer_soon(s);
	} else {
		steerer_log_refused(&s->reports_refused, "report-refused",
				    vantage, err.text);
	}
}

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct steerer *s = arg;
	struct error err = { .text = "" };

	switch (topic) {
	case BUS_PLAN:
		hear_plan(s, octets, len);
		break;
	case BUS_REPORTS:
		hear_report(s, key, octets, len);
		break;
	case BUS_NODES:
		if (!inputs_take_node(&s->inputs, key, octets, len,
				      clock_now_ms(), &err))
			steerer_log_refused(&s->nodes_refused, "node-refused",
					    key, err.text);
		break;
	case BUS_REQUESTS:
		desk_take(s, key, octets, len);
		break;
	case BUS_SERVED:
		measuring_hear(s, key, octets, len);
		break;
	case BUS_BUNDLES:
		supply_hear(s, key, octets, len);
		break;
	}
}

static void on_synced(void *arg)
{
	struct steerer *s = arg;

	s->synced = true;
	reckoning_quiet(&s->reckoning, clock_now_ms());
	steerer_soon(s);
}

/* After a loss of the link, what is stored may be another's. */
static void on_link(void *arg, bool up)
{
	struct steerer *s = arg;

	if (!up)
		s->synced = false;
	/* It may have been emptied: what was published is put there again. */
	s->supply.put_ms = 0;
}

static void turn(struct steerer *s)
{
	struct ramp_now now = steerer_now();

	if (!inputs_reduce(&s->inputs, s->loaded.policy, now))
		steerer_log_failure("view-failed", "out of memory");
	else
		steerer_tell_alarms(s->inputs.view);
	measuring_turn(s, now);
	publish_turn(s, now);
	supply_turn(s, now.now_ms);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	turn(arg);
}

static void on_node(evutil_socket_t fd, short what, void *arg)
{
	struct steerer *s = arg;
	struct ramp_now now = steerer_now();

	(void)fd, (void)what;
	registry_forget(&s->inputs.registry, now.now_ms);
	shelf_turn(s, now.now_ms);
	second_turn(s, now.wall_ms);
	/* What users measure while another leads fades, too. */
	(void)rum_told(s->rum, now.now_ms);
	steerer_tell_node(s, now);
}

/* Life. */

static bool copy_text(const char **to, const char *from)
{
	*to = from == NULL ? NULL : strdup(from);
	return from == NULL || *to != NULL;
}

static bool copy_config(struct steerer_config *to,
			const struct steerer_config *from)
{
	*to = *from;
	to->policy_path = to->name = NULL;
	to->journal_path = to->keep_path = to->control_path = NULL;
	return copy_text(&to->policy_path, from->policy_path) &&
	       copy_text(&to->name, from->name) &&
	       copy_text(&to->journal_path, from->journal_path) &&
	       copy_text(&to->keep_path, from->keep_path) &&
	       copy_text(&to->control_path, from->control_path);
}

static void free_text(const char *text)
{
	free((char *)(uintptr_t)text);
}

/* A restart is another holder: the lease of the one before must run out, or
 * have been released, so that two of them never share an epoch. */
static void name_holder(struct steerer *s)
{
	snprintf(s->holder, sizeof(s->holder), "%s:%ld:%llx:%llx",
		 s->config.name, (long)getpid(),
		 (unsigned long long)clock_now_ns(),
		 (unsigned long long)(uintptr_t)s);
}

static bool open_journal(struct steerer *s, struct error *err)
{
	if (s->config.journal_path == NULL)
		return true;
	s->journal = journal_open(s->config.journal_path, err);
	if (s->journal == NULL)
		return false;
	if (journal_note(s->journal)[0] != '\0')
		steerer_log_failure("journal-repaired",
				    journal_note(s->journal));
	return true;
}

static struct event *every(struct steerer *s, int ms, event_callback_fn call)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };
	struct event *timer = event_new(s->loop, -1, EV_PERSIST, call, s);

	if (timer != NULL)
		event_add(timer, &tv);
	return timer;
}

static bool start_timers(struct steerer *s)
{
	s->soon = event_new(s->loop, -1, 0, on_tick, s);
	s->tick_timer = every(s, STEERER_TICK_MS, on_tick);
	s->node_timer = every(s, STEERER_NODE_MS, on_node);
	return s->soon != NULL && s->tick_timer != NULL &&
	       s->node_timer != NULL;
}

/* Its texts are read at the start alone. */
static bool open_rum(struct steerer *s, const struct steerer_config *config,
		     struct error *err)
{
	const struct rum_config rum = {
		.listen = config->rum_listen,
		.edges = config->rum_edges,
		.loaded = &s->loaded,
	};

	if (rum.listen == NULL)
		return true;
	s->rum = rum_start(s->loop, &rum, err);
	return s->rum != NULL;
}

/* It is a key on the bus, and stands in plans and records. */
static bool name_is_fit(const char *name, struct error *err)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			len = 0;
	if (len > 0 && len < NODE_NAME_SIZE)
		return true;
	error_set(err, "the name of a node is 1 to %d visible ASCII characters",
		  NODE_NAME_SIZE - 1);
	return false;
}

static bool start(struct steerer *s, struct error *err)
{
	if (!name_is_fit(s->config.name, err))
		return false;
	if (!supply_open(s, err) || !open_journal(s, err))
		return false;
	s->agent = agent_new(s->loaded.policy, s->config.name);
	if (s->agent == NULL || !start_timers(s)) {
		error_set(err, "%s: out of memory", s->config.name);
		return false;
	}
	inputs_adopt(&s->inputs, s->loaded.policy);
	name_holder(s);
	return shelf_open(s, err) && measuring_open(s, err) &&
	       desk_open(s, err);
}

struct steerer *steerer_start(struct event_base *loop,
			      const struct steerer_config *config,
			      struct error *err)
{
	struct steerer *s = calloc(1, sizeof(*s));
	struct bus_follower follower = {
		.topics = BUS_PLAN | BUS_REPORTS | BUS_NODES | BUS_REQUESTS |
			  BUS_SERVED,
		.on_value = on_value,
		.on_synced = on_synced,
		.on_link = on_link,
		.arg = s,
	};

	if (s != NULL)
		s->link = link_new(s);
	if (s == NULL || s->link == NULL || !copy_config(&s->config, config)) {
		error_set(err, "%s: out of memory", config->name);
		steerer_stop(s);
		return NULL;
	}
	s->loop = loop;
	if (!start(s, err) || !open_rum(s, config, err) ||
	    !inquiry_open_page(s, config->page_listen, err)) {
		steerer_stop(s);
		return NULL;
	}
	bus_follow(s->config.bus, &follower);
	steerer_tell_node(s, steerer_now());
	return s;
}

static void hear_nothing(void *arg, enum bus_topic topic, const char *key,
			 const void *octets, size_t len)
{
	(void)arg, (void)topic, (void)key, (void)octets, (void)len;
}

static void free_timer(struct event *timer)
{
	if (timer != NULL)
		event_free(timer);
}

/* A steerer that never started has nobody to take leave of. */
static void take_leave(struct steerer *s)
{
	const struct bus_follower nobody = { .on_value = hear_nothing };

	if (s->agent == NULL || s->soon == NULL)
		return;
	publish_stop(s);
	reload_free(s->reload);
	supply_close(s);
	desk_close(s);
	bus_follow(s->config.bus, &nobody);
}

void steerer_stop(struct steerer *s)
{
	if (s == NULL)
		return;
	if (s->link != NULL) {
		take_leave(s);
		s->link->steerer = NULL;
		steerer_link_end(s->link);
	}
	free_timer(s->soon);
	free_timer(s->tick_timer);
	free_timer(s->node_timer);
	rum_stop(s->rum);
	page_stop(s->page);
	gauge_stop(s->gauge);
	reckoning_fini(&s->reckoning);
	inputs_fini(&s->inputs);
	agent_free(s->agent);
	shelf_close(s);
	journal_free(s->journal);
	loaded_fini(&s->loaded);
	free_text(s->config.policy_path);
	free_text(s->config.name);
	free_text(s->config.journal_path);
	free_text(s->config.keep_path);
	free_text(s->config.control_path);
	free(s);
}
