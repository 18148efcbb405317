/* SPDX-License-Identifier: Apache-2.0 */
/* windrose-health -- one vantage: probes the endpoints of a policy and
 * publishes what it sees. */
#include "health/prober.h"
#include "policy/base/error.h"
#include "policy/base/exporter.h"
#include "policy/base/log.h"
#include "policy/base/process.h"
#include "policy/base/program.h"
#include "policy/bus/bundles.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"
#include "policy/bus/witness.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct options {
	const char *policy, *vantage, *name, *bus, *control, *ca, *programs,
		*key, *metrics, *bundles;
	struct option_list trust, vantages, edges;
};

struct keys {
	struct sealer *own; /* NULL: reports are not signed */
	struct verifier *trusted;
	struct witnesses *vantages, *edges;
};

struct daemon {
	const struct options *options;
	struct keys keys;
	struct bundles *bundles; /* NULL: policies come from files alone */
	struct bus *bus;
	struct prober *prober;
	struct exporter *exporter;
	char name[128];
};

enum { ROWS = 13 };

static void fill_rows(struct option_row rows[ROWS], struct options *o)
{
	/* clang-format off */
	const struct option_row all[ROWS] = {
		{ "policy", OPTION_TEXT, &o->policy, "DIR",
		  "policy directory or file", 0, 0 },
		{ "policy-from-bus", OPTION_TEXT, &o->bundles, "DIR",
		  "probe by the policies that plans name, taken from the bus, "
		  "and keep them there", 0, 0 },
		{ "vantage", OPTION_TEXT, &o->vantage, "NAME",
		  "which of the policy's vantages this is", 0, 0 },
		{ "bus", OPTION_TEXT, &o->bus, "URL",
		  REDIS_URL_HELP, 0, 0 },
		{ "name", OPTION_TEXT, &o->name, "NAME",
		  "this node's name (health-VANTAGE)", 0, 0 },
		{ "key", OPTION_TEXT, &o->key, "FILE",
		  "Ed25519 private key (PEM) that signs reports", 0, 0 },
		{ "trust", OPTION_LIST, &o->trust, "FILE",
		  "public key (PEM) whose plans responders are verified by; "
		  "may be repeated", 0, 0 },
		{ "trust-vantage", OPTION_LIST, &o->vantages, "VANTAGE=FILE",
		  "public key (PEM) of a vantage, whose reports must be signed; "
		  "may be repeated", 0, 0 },
		{ "trust-edge", OPTION_LIST, &o->edges, "NODE=FILE",
		  "public key (PEM) of an edge; may be repeated; then what "
		  "others say of users is not believed", 0, 0 },
		{ "control", OPTION_TEXT, &o->control, "SOCKET",
		  "unix socket for windrose --node", 0, 0 },
		{ "metrics", OPTION_TEXT, &o->metrics, "[ADDR:]PORT",
		  "serve GET /metrics and /ready here (ADDR 127.0.0.1)", 0, 0 },
		{ "ca", OPTION_TEXT, &o->ca, "PEM",
		  "certificates to trust instead of the system's", 0, 0 },
		{ "programs", OPTION_TEXT, &o->programs, "DIR",
		  "where the programs of external checks are", 0, 0 },
	};
	/* clang-format on */

	memcpy(rows, all, sizeof(all));
}

static void keys_fini(struct keys *keys)
{
	sealer_free(keys->own);
	verifier_free(keys->trusted);
	witnesses_free(keys->vantages);
	witnesses_free(keys->edges);
	*keys = (struct keys){ .own = NULL };
}

/* False with err set, and nothing to be ended. */
static bool keys_open(const struct options *o, struct keys *keys,
		      struct error *err)
{
	*keys = (struct keys){ .own = NULL };
	if (o->key != NULL)
		keys->own = sealer_open(o->key, err);
	if (o->key == NULL || keys->own != NULL)
		keys->trusted =
			verifier_open(o->trust.items, o->trust.count, err);
	if (keys->trusted != NULL)
		keys->vantages =
			witnesses_open(WITNESS_VANTAGES, o->vantages.items,
				       o->vantages.count, err);
	if (keys->vantages != NULL)
		keys->edges = witnesses_open(WITNESS_EDGES, o->edges.items,
					     o->edges.count, err);
	if (keys->edges != NULL)
		return true;
	keys_fini(keys);
	return false;
}

static void write_metrics(void *arg, struct openmetrics *out)
{
	const struct daemon *d = arg;

	prober_scrape(d->prober, out);
}

static const char *unready(void *arg)
{
	const struct daemon *d = arg;

	return prober_unready(d->prober);
}

static bool start_exporter(struct daemon *d, struct event_base *loop,
			   struct error *err)
{
	const struct exporter_config config = {
		.listen = d->options->metrics,
		.limits = exporter_default_limits,
		.write = write_metrics,
		.unready = unready,
		.arg = d,
	};

	if (config.listen == NULL)
		return true;
	d->exporter = exporter_start(loop, &config, err);
	return d->exporter != NULL;
}

static bool start(void *arg, struct event_base *loop, struct error *err)
{
	struct daemon *d = arg;
	const struct options *o = d->options;
	const struct redis_config redis = { .url = o->bus };
	struct prober_config config = {
		.policy_path = o->policy,
		.vantage = o->vantage,
		.name = o->name == NULL ? d->name : o->name,
		.control_path = o->control,
		.ca_file = o->ca,
		.programs = o->programs,
	};

	process_raise_descriptors(); /* each probe is one, or more */
	snprintf(d->name, sizeof(d->name), "health-%s", o->vantage);
	if (!keys_open(o, &d->keys, err))
		return false;
	d->bus = redis_bus_new(loop, &redis, err);
	if (d->bus == NULL)
		return false;
	if (o->bundles != NULL) {
		d->bundles = bundles_open(o->bundles, err);
		if (d->bundles == NULL)
			return false;
	}
	config.bundles = d->bundles;
	config.bus = d->bus;
	config.key = d->keys.own;
	config.trusted = o->trust.count > 0 ? d->keys.trusted : NULL;
	config.witnesses = d->keys.vantages;
	config.edges = d->keys.edges;
	d->prober = prober_start(loop, &config, err);
	return d->prober != NULL && start_exporter(d, loop, err);
}

/* Keys that cannot be read leave the old ones in their place. */
static bool read_keys(struct daemon *d, struct error *err)
{
	struct keys next;

	if (!keys_open(d->options, &next, err))
		return false;
	if (next.own != NULL)
		sealer_replace(d->keys.own, next.own);
	verifier_replace(d->keys.trusted, next.trusted);
	witnesses_replace(d->keys.vantages, next.vantages);
	witnesses_replace(d->keys.edges, next.edges);
	return true;
}

static void reload(void *arg)
{
	struct daemon *d = arg;
	struct error err;
	char quoted[512];

	if (!read_keys(d, &err))
		log_event(LOG_LEVEL_ERROR, "health", "keys-failed", "error=%s",
			  log_quote(err.text, quoted, sizeof(quoted)));
	prober_reload(d->prober);
}

static void stop(void *arg)
{
	struct daemon *d = arg;

	exporter_stop(d->exporter);
	prober_stop(d->prober);
	bus_free(d->bus);
	bundles_free(d->bundles);
	keys_fini(&d->keys);
}

int main(int argc, char **argv)
{
	static const char *const needed[] = { "policy", "vantage", "bus",
					      NULL };
	struct options options = { 0 };
	struct option_row rows[ROWS];
	const struct program program = {
		.name = "windrose-health",
		.usage = "--policy DIR --vantage NAME --bus URL [options]",
		.manual = "windrose-health(8)",
		.rows = rows,
		.row_count = ROWS,
		.needed = needed,
	};
	struct daemon daemon = { .options = &options };
	const struct program_life life = { start, reload, stop, &daemon };
	enum program_status status;
	struct error err;

	fill_rows(rows, &options);
	status = program_read(&program, argc, argv);
	if (status != PROGRAM_GO)
		return status;
	/* Else a log would open it, and be asked about by another's name. */
	if (options.ca != NULL && access(options.ca, R_OK) != 0) {
		error_set(&err, "option --ca: %s cannot be read", options.ca);
		return program_fail(&program, &err, PROGRAM_USAGE);
	}
	if (options.bundles != NULL && options.trust.count == 0) {
		error_set(&err, "--policy-from-bus needs --trust: a signed "
				"plan says which policy");
		return program_fail(&program, &err, PROGRAM_USAGE);
	}
	return program_run(&program, &life);
}
