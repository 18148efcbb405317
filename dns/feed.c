/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/feed_impl.h"

#include "dns/kept.h"
#include "dns/lastgood.h"
#include "dns/model.h"
#include "dns/reply.h"
#include "dns/slot.h"
#include "dns/stats.h"
#include "dns/table.h"
#include "dns/tidings.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/news.h"
#include "policy/bus/bus.h"
#include "policy/bus/report.h"
#include "policy/bus/witness.h"
#include "policy/decide/deferral.h"
#include "policy/decide/standing.h"
#include "policy/decide/view.h"
#include "policy/decide/world.h"
#include "policy/language/policy.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

/*
 * Turns may take a fifth of the thread, so that the bus, the control socket,
 * `windrose up`'s other parts and the workers get theirs.  A debt below
 * REST_FREE_MS is forgiven for now: a change that comes just after a turn is
 * not to wait for what that one took.
 */
enum { REST_FACTOR = 4, REST_FREE_MS = 50 };

static const struct policy *policy_of(const struct feed *feed)
{
	return feed->model->policy;
}

static struct world_time time_now(void)
{
	return (struct world_time){ clock_now_ms(), clock_wall_ms() };
}

static void arm(struct feed *feed, int64_t delay_ms)
{
	const struct timeval tv = { .tv_sec = delay_ms / 1000,
				    .tv_usec = delay_ms % 1000 * 1000 };

	evtimer_add(feed->turn, &tv);
}

/* Something came in: turn as soon as may be. */
static void wake(struct feed *feed)
{
	int64_t rest_ms = feed->paid_ms - REST_FREE_MS - clock_now_ms();

	arm(feed, rest_ms > 0 ? rest_ms : 0);
}

/* Reduces, and publishes when some decision is another.  False: no memory,
 * nothing changed. */
static bool refresh(struct feed *feed, struct model *model)
{
	struct view *view = world_look(&feed->world, model->policy, time_now());
	struct table *table;

	if (view == NULL)
		return false;
	table = table_build(model, view, feed->table);
	if (table == NULL) {
		view_free(view);
		return false;
	}
	if (feed->table != NULL && table_same(feed->table, table)) {
		table_free(table);
	} else {
		slot_publish(feed->config.slot, table);
		feed->table = table;
		feed->pulse.tables++;
	}
	feed->pulse.fresh_ms = clock_now_ms();
	kept_verdicts(feed->config.lastgood, feed->world.view, view);
	tidings_tell(view);
	slot_publish_view(feed->config.slot, view);
	view_free(feed->world.view);
	feed->world.view = view;
	return true;
}

/* True when the view is the first to stand on this plan. */
static bool acknowledge(struct feed *feed)
{
	if (feed->world.view == NULL ||
	    (feed->world.view->plan_epoch == feed->acked_epoch &&
	     feed->world.view->plan_sequence == feed->acked_sequence))
		return false;
	feed->acked_epoch = feed->world.view->plan_epoch;
	feed->acked_sequence = feed->world.view->plan_sequence;
	feed->wall_applied_ms = clock_wall_ms();
	log_event(LOG_LEVEL_DEBUG, "dns", "plan",
		  "epoch=%" PRIu64 " sequence=%" PRIu64, feed->acked_epoch,
		  feed->acked_sequence);
	return true;
}

/* A turn that took so long of a processor, not counting what others took. */
static void owe(struct feed *feed, int64_t took_ns, int64_t now_ms)
{
	if (feed->paid_ms < now_ms)
		feed->paid_ms = now_ms;
	feed->paid_ms += REST_FACTOR * took_ns / 1000000;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct feed *feed = arg;
	int64_t begun_ns = clock_thread_ns(), ended_ms, delay_ms, expiry_ms;

	(void)fd, (void)what;
	if (local_expire(&feed->world.local, clock_wall_ms()) > 0)
		kept_local(feed->config.lastgood, &feed->world.local);
	if (!refresh(feed, feed->model))
		log_event(LOG_LEVEL_ERROR, "dns", "refresh",
			  "error=\"out of memory; the old table stays\"");
	kept_doubt(feed->config.lastgood, &feed->world);
	if (acknowledge(feed) || clock_now_ms() >= feed->node_due_ms)
		feed_tell(feed);
	ended_ms = clock_now_ms();
	owe(feed, clock_thread_ns() - begun_ns, ended_ms);
	delay_ms = feed->node_due_ms - ended_ms;
	expiry_ms = world_next_change_ms(&feed->world, clock_wall_ms());
	if (expiry_ms < delay_ms)
		delay_ms = expiry_ms;
	arm(feed, delay_ms > 0 ? delay_ms : 0);
}

static void log_refused(const char *what, const char *key,
			const struct error *err)
{
	char quoted[300], name[100];

	log_event(LOG_LEVEL_WARN, "dns", what, "key=%s error=%s",
		  log_quote(key, name, sizeof(name)),
		  log_quote(err->text, quoted, sizeof(quoted)));
}

static void take_plan(struct feed *feed, const void *octets, size_t len)
{
	uint64_t sequence = feed->world.follow.release_sequence;

	switch (follow_take(&feed->world.follow, feed->config.trusted,
			    policy_of(feed), octets, len)) {
	case FOLLOW_TAKEN:
		feed->world.plan_fits = true;
		kept_plan(feed->config.lastgood, octets, len);
		wake(feed);
		break;
	case FOLLOW_REFUSED:
		log_refused("plan-refused", "plan",
			    &feed->world.follow.refusal);
		break;
	case FOLLOW_SAME:
	case FOLLOW_REFUSED_AGAIN:
		break;
	}
	if (sequence != feed->world.follow.release_sequence &&
	    feed->config.on_release != NULL)
		feed->config.on_release(feed->config.arg);
}

/* The next one comes in a second, with the same trouble most likely. */
static void refuse_report(struct feed *feed, const char *key,
			  const struct error *err)
{
	if (news_of(&feed->reports_refused, key, err->text, clock_now_ms()))
		log_refused("report-refused", key, err);
	feed->report_refused_ms = clock_now_ms();
	snprintf(feed->report_trouble, sizeof(feed->report_trouble),
		 "report of %.40s: %.100s", key, err->text);
}

static void take_report(struct feed *feed, const char *key, const void *octets,
			size_t len)
{
	struct error err;
	struct report *report = witnesses_report(feed->config.witnesses, key,
						 octets, len, &err);

	if (report == NULL) {
		refuse_report(feed, key, &err);
		return;
	}
	news_over(&feed->reports_refused, key);
	if (heard_take(&feed->world.heard, policy_of(feed), report,
		       clock_now_ms(), clock_wall_ms()) != HEARD_TAKEN)
		return;
	kept_report(feed->config.lastgood, key, octets, len);
	wake(feed);
}

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct feed *feed = arg;

	if (topic == BUS_PLAN)
		take_plan(feed, octets, len);
	else if (topic == BUS_REPORTS)
		take_report(feed, key, octets, len);
	else if (topic == BUS_BUNDLES && feed->config.on_bundle != NULL)
		feed->config.on_bundle(feed->config.arg, key, octets, len);
}

struct feed *feed_start(const struct feed_config *config, struct model *model,
			struct error *err)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (feed == NULL)
		goto fail;
	feed->config = *config;
	feed->model = model_ref(model);
	feed->turn = evtimer_new(config->loop, on_turn, feed);
	if (feed->turn == NULL)
		goto fail;
	if (config->lastgood != NULL)
		kept_read(config->lastgood, config->trusted, model->policy,
			  time_now(), &feed->world);
	if (!refresh(feed, model))
		goto fail;
	acknowledge(feed);
	if (config->bus != NULL)
		bus_follow(config->bus,
			   &(struct bus_follower){
				   .topics = BUS_PLAN | BUS_REPORTS,
				   .on_value = on_value,
				   .arg = feed,
			   });
	wake(feed);
	return feed;
fail:
	error_set(err, "out of memory for the decision table");
	feed_stop(feed);
	return NULL;
}

bool feed_adopt(struct feed *feed, struct model *model, struct error *err)
{
	const struct policy *policy = model->policy;
	struct model *before = feed->model;
	struct local local = feed->world.local;
	bool fitted = feed->world.plan_fits;
	struct error why;

	world_judge(&feed->world, policy, time_now(), &why);
	if (!refresh(feed, model)) {
		feed->world.local = local;
		feed->world.plan_fits = fitted;
		error_set(err, "out of memory for the new policy's table");
		return false;
	}
	if (feed->world.follow.plan != NULL && !feed->world.plan_fits)
		log_refused("plan-set-aside", "plan", &why);
	feed->model = model_ref(model);
	heard_prune(&feed->world.heard, policy);
	kept_local(feed->config.lastgood, &feed->world.local);
	(void)stats_follow(feed->config.stats, before->policy, policy);
	queried_forget(&feed->queried);
	model_unref(before);
	feed->node_due_ms = 0;
	wake(feed);
	return true;
}

bool feed_command(struct feed *feed, const struct command *command,
		  struct error *err)
{
	char text[NODE_TEXT_SIZE], quoted[NODE_TEXT_SIZE + 16];

	if (!world_command(&feed->world, policy_of(feed), command, time_now(),
			   err))
		return false;
	kept_local(feed->config.lastgood, &feed->world.local);
	log_event(LOG_LEVEL_WARN, "dns", "local-command", "command=%s",
		  log_quote(local_text(command, text), quoted, sizeof(quoted)));
	feed->node_due_ms = 0;
	/* At once, so that who asked sees it in force with the answer. */
	on_turn(-1, 0, feed);
	return true;
}

void feed_set_trouble(struct feed *feed, const char *trouble)
{
	snprintf(feed->trouble, sizeof(feed->trouble), "%s", trouble);
	feed->node_due_ms = 0;
	wake(feed);
}

void feed_set_uptake(struct feed *feed, const struct feed_uptake *uptake)
{
	feed->uptake = *uptake;
	feed->node_due_ms = 0;
	wake(feed);
}

const struct plan_release *feed_release(const struct feed *feed)
{
	return &feed->world.follow.release;
}

const struct table *feed_table(const struct feed *feed)
{
	return feed->table;
}

struct model *feed_model(const struct feed *feed)
{
	return feed->model;
}

const struct view *feed_view(const struct feed *feed)
{
	return feed->world.view;
}

const struct plan *feed_plan(const struct feed *feed)
{
	return world_plan(&feed->world);
}

struct feed_pulse feed_pulse(const struct feed *feed)
{
	return feed->pulse;
}

const struct local *feed_local(const struct feed *feed)
{
	return &feed->world.local;
}

void feed_reports(const struct feed *feed,
		  struct heard_report out[POLICY_VANTAGES_MAX])
{
	heard_select(&feed->world.heard, feed->world.view->policy, out);
}

struct json_t *feed_standing(const struct feed *feed, const char *service)
{
	const struct view *view = feed->world.view;
	struct heard_report reports[POLICY_VANTAGES_MAX];
	int s = policy_find_service(view->policy, service);

	if (s < 0)
		return NULL;
	feed_reports(feed, reports);
	return standing_write(view, (size_t)s, reports);
}

static void ignore_value(void *arg, enum bus_topic topic, const char *key,
			 const void *octets, size_t len)
{
	(void)arg, (void)topic, (void)key, (void)octets, (void)len;
}

void feed_stop(struct feed *feed)
{
	if (feed == NULL)
		return;
	/* What is on its way on the bus must not find a feed that is gone. */
	if (feed->config.bus != NULL)
		bus_follow(feed->config.bus,
			   &(struct bus_follower){ .on_value = ignore_value });
	if (feed->turn != NULL)
		event_free(feed->turn);
	world_fini(&feed->world);
	queried_forget(&feed->queried);
	model_unref(feed->model);
	free(feed);
}
