/* SPDX-License-Identifier: Apache-2.0 */
#include "health/prober.h"

#include "health/account.h"
#include "health/canvass.h"
#include "health/force.h"
#include "health/health_metrics.h"
#include "health/listener.h"
#include "health/probe_external.h"
#include "health/probe_http.h"
#include "health/published.h"
#include "health/reporter.h"
#include "health/resolver.h"
#include "health/roster.h"
#include "health/rounds.h"
#include "health/status.h"
#include "health/subject.h"
#include "health/verify.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/process.h"
#include "policy/bus/bus.h"
#include "policy/bus/control.h"
#include "policy/bus/member.h"
#include "policy/bus/node.h"
#include "policy/bus/report.h"
#include "policy/language/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct prober {
	struct event_base *loop; /* borrowed */
	struct bus *bus;         /* borrowed */
	unsigned topics;         /* that are followed there */
	char *policy_path, *vantage, *name;
	struct probe_http_pool *http;
	struct probe_external_pool *external;
	struct resolver resolver;
	struct reporter *reporter;
	struct verify *verify;
	struct listener *listener;
	struct control *control; /* NULL: none */
	size_t in_flight_max;
	struct published *published;
	struct subject on;
	struct account account;       /* of that */
	char trouble[NODE_TEXT_SIZE]; /* why the last reload failed */
};

static void on_change(void *arg)
{
	struct prober *p = arg;

	reporter_hurry(p->reporter);
}

/* Loads and starts; before (may be empty) lends what it saw. */
static bool begin(struct prober *p, const struct subject *before,
		  struct subject *out, struct error *err)
{
	const struct subject_config config = {
		.rounds = {
			.means = { .loop = p->loop,
				   .http = p->http,
				   .resolver = &p->resolver,
				   .external = p->external },
			.in_flight_max = p->in_flight_max,
			.evidence = listener_evidence(p->listener),
			.on_change = on_change,
			.arg = p,
		},
		.vantage = p->vantage,
		.before = before,
	};
	struct policy *policy, *next;

	return published_load(p->published, &policy, &next, err) &&
	       subject_start(out, &config, policy, next, err);
}

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct prober *p = arg;

	if (topic == BUS_SERVED) {
		listener_take(p->listener, key, octets, len);
		return;
	}
	verify_take(p->verify, topic, key, octets, len);
	/* Last: another policy may be probed by then. */
	published_take(p->published, p->on.policy, topic, key, octets, len);
}

static void on_synced(void *arg)
{
	struct prober *p = arg;

	verify_synced(p->verify, true);
}

static void on_link(void *arg, bool up)
{
	struct prober *p = arg;

	if (!up)
		verify_synced(p->verify, false);
}

static void ignore_value(void *arg, enum bus_topic topic, const char *key,
			 const void *octets, size_t len)
{
	(void)arg, (void)topic, (void)key, (void)octets, (void)len;
}

/* What somebody here wants of the bus: who wants nothing reads nothing. */
static void follow(struct prober *p)
{
	unsigned topics = verify_topics(p->verify) |
			  listener_topics(p->listener) |
			  published_topics(p->published);

	if (topics == p->topics)
		return;
	p->topics = topics;
	verify_synced(p->verify, false);
	bus_follow(p->bus, &(struct bus_follower){
				   .topics = topics,
				   .on_value = on_value,
				   .on_synced = on_synced,
				   .on_link = on_link,
				   .arg = p,
			   });
}

/* What p->on is now, others have to know, too. */
static void turn_others(struct prober *p)
{
	p->account = (struct account){
		.vantage = p->vantage,
		.name = p->name,
		.verify = p->verify,
		.published = p->published,
		.policy = p->on.policy,
		.roster = p->on.roster,
		.rounds = p->on.rounds,
		.wholes = p->on.wholes,
		.trouble = p->trouble,
	};

	if (!listener_turn(p->listener, p->on.roster))
		log_event(LOG_LEVEL_ERROR, "health", "users",
			  "error=\"out of memory: not all of them are heard\"");
	follow(p);
	reporter_turn(p->reporter, &p->account);
}

static void log_subject(const struct prober *p, const char *event)
{
	const struct subject *on = &p->on;

	log_event(LOG_LEVEL_INFO, "health", event,
		  "vantage=%s digest=%.16s%s%.16s probes=%zu targets=%zu",
		  p->vantage, on->policy->digest,
		  on->next == NULL ? "" : " next=",
		  on->next == NULL ? "" : on->next->digest,
		  on->roster->job_count, on->roster->target_count);
}

static bool reload(struct prober *p, struct error *err)
{
	struct subject next;
	char line[300], quoted[320];

	if (!begin(p, &p->on, &next, err)) {
		error_line(err, line, sizeof(line));
		log_event(LOG_LEVEL_ERROR, "health", "reload", "error=%s",
			  log_quote(line, quoted, sizeof(quoted)));
		snprintf(p->trouble, sizeof(p->trouble), "policy: %.140s",
			 line);
		reporter_hurry(p->reporter);
		return false;
	}
	verify_turn(p->verify, next.policy);
	subject_fini(&p->on);
	p->on = next;
	p->trouble[0] = '\0';
	turn_others(p);
	log_subject(p, "reload");
	published_adopt(p->published);
	return true;
}

static void on_published(void *arg)
{
	struct error err;

	/* Logged, and told in the node's record. */
	reload(arg, &err);
}

void prober_reload(struct prober *p)
{
	struct error err;

	published_retry(p->published);
	/* Logged and kept as trouble: whoever sends a signal cannot be told. */
	reload(p, &err);
}

static json_t *answer_reload(struct prober *p)
{
	struct error err;
	char line[300];

	published_retry(p->published);
	if (reload(p, &err))
		return json_pack("{s:b, s:s}", "ok", 1, "policy_digest",
				 p->on.policy->digest);
	return json_pack("{s:b, s:s}", "ok", 0, "error",
			 error_line(&err, line, sizeof(line)));
}

/* All that share a probe of the target, as "SERVICE/ENDPOINT". */
static json_t *write_sharers(const struct roster *roster,
			     const struct roster_target *target)
{
	json_t *list = json_array();

	for (size_t i = 0; i < roster->target_count; i++) {
		const struct roster_target *t = &roster->targets[i];

		if (roster_share(target, t))
			member_append(&list,
				      json_sprintf("%s/%s", t->service->name,
						   t->endpoint->name));
	}
	return list;
}

static const struct roster_target *find_target(const struct roster *roster,
					       const struct force *force,
					       struct error *err)
{
	for (size_t i = 0; i < roster->target_count; i++) {
		const struct roster_target *t = &roster->targets[i];

		if (strcmp(t->service->name, force->service) == 0 &&
		    strcmp(t->endpoint->name, force->endpoint) == 0)
			return t;
	}
	error_set(err, "force: %s/%s is not probed", force->service,
		  force->endpoint);
	return NULL;
}

/* Each check of the target: they make up the state together. */
static void force_all(struct prober *p, const struct roster_target *target,
		      const struct force *force)
{
	char author[2 * FORCE_TEXT_SIZE], reason[2 * FORCE_TEXT_SIZE];
	size_t count;
	const size_t *jobs = roster_jobs(target, &count);

	for (size_t i = 0; i < count; i++) {
		log_event(LOG_LEVEL_WARN, "health", "force",
			  "probe=\"%s\" event=%s for_s=%" PRId64
			  " author=%s reason=%s",
			  p->on.roster->jobs[jobs[i]].key,
			  force_word(force->event), force->for_ms / 1000,
			  log_quote(force->author, author, sizeof(author)),
			  log_quote(force->reason, reason, sizeof(reason)));
		rounds_force(p->on.rounds, jobs[i], force->event,
			     force->for_ms);
	}
}

static json_t *answer_force(struct prober *p, const json_t *request)
{
	const struct roster_target *target = NULL;
	struct force force;
	struct error err;

	if (force_parse(request, p->on.policy->safety.max_override_ms, &force,
			&err))
		target = find_target(p->on.roster, &force, &err);
	if (target == NULL)
		return json_pack("{s:b, s:s}", "ok", 0, "error", err.text);
	if (!force.dry_run) {
		force_all(p, target, &force);
		reporter_hurry(p->reporter);
	}
	return json_pack("{s:b, s:o}", "ok", 1, "targets",
			 write_sharers(p->on.roster, target));
}

static json_t *answer_status(struct prober *p)
{
	json_t *says = status_write(&p->account, reporter_stretch(p->reporter));

	if (json_object_set_new(says, "edges", listener_status(p->listener)) ==
	    0)
		return says;
	json_decref(says);
	return NULL;
}

static void answer(void *arg, const json_t *request, struct control_call *call)
{
	struct prober *p = arg;
	const char *op = json_string_value(json_object_get(request, "op"));
	json_t *says;

	if (op != NULL && strcmp(op, "status") == 0)
		says = answer_status(p);
	else if (op != NULL && strcmp(op, "reload") == 0)
		says = answer_reload(p);
	else if (op != NULL && strcmp(op, "force") == 0)
		says = answer_force(p, request);
	else
		says = json_pack("{s:b, s:s}", "ok", 0, "error",
				 "op is not known to a prober; it takes "
				 "status, reload and force");
	control_answer(call, says);
}

static bool copy_config(struct prober *p, const struct prober_config *config)
{
	p->policy_path = strdup(config->policy_path);
	p->vantage = strdup(config->vantage);
	p->name = strdup(config->name);
	return p->policy_path != NULL && p->vantage != NULL && p->name != NULL;
}

static bool begin_published(struct prober *p,
			    const struct prober_config *config,
			    struct error *err)
{
	const struct published_config published = {
		.loop = p->loop,
		.bundles = config->bundles,
		.bus = config->bus,
		.trusted = config->trusted,
		.own_path = p->policy_path,
		.vantage = p->vantage,
		.programs = p->external,
		.on_change = on_published,
		.arg = p,
	};

	p->published = published_start(&published, err);
	return p->published != NULL;
}

static bool start(struct prober *p, const struct prober_config *config,
		  struct error *err)
{
	const struct subject none = { 0 };
	const struct verify_config verify = {
		.loop = p->loop,
		.vantage = p->vantage,
		.trusted = config->trusted,
		.witnesses = config->witnesses,
		.on_change = on_change,
		.arg = p,
	};
	struct reporter_config reporter = {
		.loop = p->loop,
		.bus = config->bus,
		.key = config->key,
	};

	p->http =
		probe_http_pool_new(p->loop, config->ca_file, p->vantage, err);
	if (p->http == NULL)
		return false;
	p->external = probe_external_pool_new(p->loop, config->programs, err);
	if (p->external == NULL)
		return false;
	if (!resolver_init(&p->resolver, p->loop)) {
		error_set(err, "out of memory while starting the resolver");
		return false;
	}
	p->listener = listener_new(p->loop, config->edges, err);
	if (p->listener == NULL)
		return false;
	p->verify = verify_start(&verify, err);
	if (p->verify == NULL)
		return false;
	p->reporter = reporter_start(&reporter, err);
	if (p->reporter == NULL || !begin_published(p, config, err) ||
	    !begin(p, &none, &p->on, err))
		return false;
	verify_turn(p->verify, p->on.policy);
	turn_others(p);
	if (config->control_path == NULL)
		return true;
	p->control =
		control_start(p->loop, config->control_path, answer, p, err);
	return p->control != NULL;
}

struct prober *prober_start(struct event_base *loop,
			    const struct prober_config *config,
			    struct error *err)
{
	struct prober *p = calloc(1, sizeof(*p));

	if (p == NULL || !copy_config(p, config)) {
		error_set(err, "out of memory while starting the prober");
		prober_stop(p);
		return NULL;
	}
	p->loop = loop;
	p->bus = config->bus;
	p->in_flight_max = rounds_in_flight(process_raise_descriptors());
	if (!start(p, config, err)) {
		prober_stop(p);
		return NULL;
	}
	log_subject(p, "start");
	return p;
}

void prober_scrape(const struct prober *p, struct openmetrics *out)
{
	const struct canvass *canvass = listener_canvass(p->listener);
	struct canvass_source sources[EVIDENCE_EDGES_MAX];
	struct report report;
	struct health_metrics metrics = {
		.node = account_node(&p->account),
		.probes = p->on.roster->job_count,
		.load = rounds_load(p->on.rounds),
		.doubt = rounds_doubt(p->on.rounds),
		.tally = rounds_tally(p->on.rounds),
		.measures = canvass_outcomes(canvass),
		.sources = sources,
		.source_count = canvass_sources(canvass, sources),
		.bus_up = bus_is_up(p->bus),
	};

	if (account_report(&p->account, &report))
		metrics.report = &report;
	health_metrics_write(out, &metrics);
	free(report.entries);
	free(report.parts);
}

const char *prober_unready(const struct prober *p)
{
	return rounds_unfinished(p->on.rounds) ? "the first round is not over"
	       : !bus_is_up(p->bus)            ? "the bus is not connected"
	       : account_abstains(&p->account) ? "this vantage mistrusts itself"
					       : NULL;
}

void prober_stop(struct prober *p)
{
	if (p == NULL)
		return;
	/* What is on its way on the bus must not find one that is gone. */
	if (p->topics != 0)
		bus_follow(p->bus,
			   &(struct bus_follower){ .on_value = ignore_value });
	control_stop(p->control);
	reporter_stop(p->reporter);
	verify_stop(p->verify);
	published_stop(p->published);
	subject_fini(&p->on);
	listener_free(p->listener);
	probe_http_pool_free(p->http);
	probe_external_pool_free(p->external);
	resolver_fini(&p->resolver);
	free(p->policy_path);
	free(p->vantage);
	free(p->name);
	free(p);
}
