/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windrose-dns -- the authoritative responder.
 *
 * Parses the command line, builds what the responder needs, runs the loop.
 * Exit statuses: see the manual, windrose-dns(8).
 */
#include "dns/activation.h"
#include "dns/identity.h"
#include "dns/listeners.h"
#include "dns/notify.h"
#include "dns/once.h"
#include "dns/responder.h"
#include "dns/rrl.h"
#include "dns/tcp.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/program.h"
#include "policy/bus/bundles.h"
#include "policy/bus/bus.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"
#include "policy/bus/witness.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <event2/event.h>

struct settings {
	const char *policy, *bundles, *user, *name, *bus, *keep, *control,
		*metrics, *dnstap;
	const char *cookie_secrets;
	struct identity_words words;
	struct identity identity;
	struct option_list limits, explain_to;
	struct rrl_config rrl;
	const char *tls_cert, *tls_key;
	struct option_list listen, trust, vantages, dot, proxy_from, xdp;
	unsigned workers, tcp_clients, tcp_idle_s, keep_soak_s;
	bool take_over, check, stdin_packet;
	char node[PROGRAM_NODE_SIZE];
};

struct daemon {
	const struct settings *settings;
	struct verifier *trusted;
	struct witnesses *witnesses;
	struct bus *bus;
	struct bundles *bundles; /* NULL: policies come from files alone */
	struct rrl *rrl;         /* NULL: no limit */
	struct responder *responder;
	struct tcp_limits tcp;
	struct listeners given; /* by the service manager */
	struct notify_watchdog *watchdog;
	struct event_base *loop;
	bool relieved;
};

enum { WORKERS_MAX = 256 };

/* clang-format off */
/* What is served, and how; their number. */
static size_t fill_serving(struct settings *s, struct option_row *rows)
{
	const struct option_row all[] = {
		{ "policy", OPTION_TEXT, &s->policy, "DIR",
		  "policy to serve: a directory or one file", 0, 0 },
		{ "listen", OPTION_LIST, &s->listen, "ADDR:PORT",
		  "answer here, UDP and TCP; may be repeated "
		  "(default 127.0.0.1:5300)", 0, 0 },
		{ "dot", OPTION_LIST, &s->dot, "ADDR:PORT",
		  "answer here over TLS; may be repeated", 0, 0 },
		{ "tls-cert", OPTION_TEXT, &s->tls_cert, "FILE",
		  "certificate chain (PEM) for --dot", 0, 0 },
		{ "tls-key", OPTION_TEXT, &s->tls_key, "FILE",
		  "its private key (PEM)", 0, 0 },
		{ "proxy-from", OPTION_LIST, &s->proxy_from, "NETWORK",
		  "proxies that send PROXY headers, version 2; may be repeated",
		  0, 0 },
		{ "workers", OPTION_NUMBER, &s->workers, "N",
		  "UDP threads for each address (default one per core)",
		  1, WORKERS_MAX },
		{ "xdp", OPTION_LIST, &s->xdp, "INTERFACE",
		  "take UDP off this interface by AF_XDP; may be repeated",
		  0, 0 },
		{ "tcp-clients", OPTION_NUMBER, &s->tcp_clients, "N",
		  "TCP connections at a time; one more closes the idlest "
		  "(default 4096)", 1, 1000000 },
		{ "tcp-idle-timeout", OPTION_NUMBER, &s->tcp_idle_s, "SECONDS",
		  "a TCP connection without a query is closed (default 10)",
		  1, 3600 },
		{ "user", OPTION_TEXT, &s->user, "USER",
		  "become this user after binding", 0, 0 },
		{ "take-over", OPTION_FLAG, &s->take_over, NULL,
		  "take the sockets of who listens on --control, without a "
		  "lost query", 0, 0 },
		{ "rrl", OPTION_LIST, &s->limits, "KEY=VALUE,...",
		  "limit the rate of like answers; may be repeated", 0, 0 },
		{ "check", OPTION_FLAG, &s->check, NULL,
		  "load the policy and its databases, say OK, exit", 0, 0 },
		{ "stdin-packet", OPTION_FLAG, &s->stdin_packet, NULL,
		  "answer one message from standard input, exit", 0, 0 },
	};

	memcpy(rows, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

/* Who is followed, and what is kept of it; their number. */
static size_t fill_following(struct settings *s, struct option_row *rows)
{
	const struct option_row all[] = {
		{ "name", OPTION_TEXT, &s->name, "NAME",
		  "this node's name on the bus (default dns-HOST)", 0, 0 },
		{ "bus", OPTION_TEXT, &s->bus, "URL",
		  REDIS_URL_HELP, 0, 0 },
		{ "policy-from-bus", OPTION_TEXT, &s->bundles, "DIR",
		  "take policies from the bus when a plan says so, and keep "
		  "them here", 0, 0 },
		{ "trust", OPTION_LIST, &s->trust, "FILE",
		  "public key (PEM) whose plans are followed; may be repeated",
		  0, 0 },
		{ "trust-vantage", OPTION_LIST, &s->vantages, "VANTAGE=FILE",
		  "public key (PEM) of a vantage, whose reports must be signed; "
		  "may be repeated", 0, 0 },
		{ "keep", OPTION_TEXT, &s->keep, "FILE",
		  "last known good state, to start from without a bus", 0, 0 },
		{ "keep-soak", OPTION_NUMBER, &s->keep_soak_s, "SECONDS",
		  "what was served for so long is kept as a good generation "
		  "(default 60)", 1, 86400 },
		{ "control", OPTION_TEXT, &s->control, "SOCKET",
		  "unix socket for status and break-glass commands", 0, 0 },
	};

	memcpy(rows, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

/* What is told, to clients and to those who watch; their number. */
static size_t fill_telling(struct settings *s, struct option_row *rows)
{
	const struct option_row all[] = {
		{ "nsid", OPTION_TEXT, &s->words.nsid, "TEXT",
		  "told to who asks for a name server identifier", 0, 0 },
		{ "identity", OPTION_TEXT, &s->words.name, "TEXT",
		  "told as id.server and hostname.bind in class CHAOS", 0, 0 },
		{ "version-text", OPTION_TEXT, &s->words.version, "TEXT",
		  "told as version.server and version.bind in class CHAOS",
		  0, 0 },
		{ "explain-to", OPTION_LIST, &s->explain_to, "NETWORK",
		  "tell these clients why: TXT of _explain.NAME in class "
		  "CHAOS; may be repeated", 0, 0 },
		{ "cookies", OPTION_TEXT, &s->words.cookies, "POLICY",
		  "DNS cookies: on, off or required (default on)", 0, 0 },
		{ "cookie-secrets", OPTION_TEXT, &s->cookie_secrets,
		  "FILE", "secrets that cookies are made with (default one "
		  "drawn at the start)", 0, 0 },
		{ "metrics", OPTION_TEXT, &s->metrics, "[ADDR:]PORT",
		  "serve GET /metrics and /ready here (ADDR 127.0.0.1)", 0, 0 },
		{ "dnstap", OPTION_TEXT, &s->dnstap, "unix|file:PATH",
		  "copies of queries and answers for a collector", 0, 0 },
	};

	memcpy(rows, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}
/* clang-format on */

/* Their number. */
static size_t fill_rows(struct settings *s,
			struct option_row rows[PROGRAM_ROWS_MAX])
{
	size_t count = fill_serving(s, rows);

	count += fill_following(s, rows + count);
	count += fill_telling(s, rows + count);
	assert(count <= PROGRAM_ROWS_MAX);
	return count;
}

static void fill_defaults(struct settings *s)
{
	if (s->name == NULL)
		s->name = program_node("dns", s->node);
}

/* A successor answers: this process ends as if it were asked to, in silence,
 * since the service goes on. */
static void on_relieved(void *arg)
{
	struct daemon *d = arg;

	d->relieved = true;
	event_base_loopbreak(d->loop);
}

static bool open_keys(const struct settings *s, struct verifier **trusted,
		      struct witnesses **witnesses, struct error *err)
{
	*witnesses = NULL;
	*trusted = verifier_open(s->trust.items, s->trust.count, err);
	if (*trusted == NULL)
		return false;
	*witnesses = witnesses_open(WITNESS_VANTAGES, s->vantages.items,
				    s->vantages.count, err);
	if (*witnesses != NULL)
		return true;
	verifier_free(*trusted);
	*trusted = NULL;
	return false;
}

/* Keys that cannot be read leave the old ones in their place. */
static void read_keys(struct daemon *d)
{
	struct verifier *trusted;
	struct witnesses *witnesses;
	struct error err;
	char quoted[512];

	if (!open_keys(d->settings, &trusted, &witnesses, &err)) {
		log_event(LOG_LEVEL_ERROR, "dns", "keys-failed", "error=%s",
			  log_quote(err.text, quoted, sizeof(quoted)));
		return;
	}
	verifier_replace(d->trusted, trusted);
	witnesses_replace(d->witnesses, witnesses);
	log_event(LOG_LEVEL_INFO, "dns", "keys", "trusted=%zu",
		  verifier_count(d->trusted));
}

static void on_reload(void *arg, bool done)
{
	struct daemon *d = arg;
	char status[80];

	if (!done) {
		notify_reloading();
		read_keys(d);
		return;
	}
	snprintf(status, sizeof(status), "answers from policy %.16s",
		 responder_digest(d->responder));
	notify_ready(status);
}

static bool make_limit(struct daemon *d, struct error *err)
{
	uint8_t key[SIPHASH_KEY_OCTETS];

	if (d->settings->limits.count == 0)
		return true;
	if (getrandom(key, sizeof(key), 0) != sizeof(key)) {
		error_set(err, "no random numbers for the rate limit");
		return false;
	}
	d->rrl = rrl_new(&d->settings->rrl, siphash_key_of(key));
	if (d->rrl == NULL)
		error_set(err, "out of memory for the rate limit");
	return d->rrl != NULL;
}

/* Points into d. */
static struct transports_config transports_of(struct daemon *d)
{
	const struct settings *s = d->settings;

	d->tcp = tcp_default_limits;
	if (s->tcp_clients > 0)
		d->tcp.total = s->tcp_clients;
	if (s->tcp_idle_s > 0)
		d->tcp.idle_ms = (int64_t)s->tcp_idle_s * 1000;
	return (struct transports_config){
		.listen = s->listen.items,
		.listen_count = s->listen.count,
		.dot = s->dot.items,
		.dot_count = s->dot.count,
		.tls_cert = s->tls_cert,
		.tls_key = s->tls_key,
		.proxy_from = s->proxy_from.items,
		.proxy_from_count = s->proxy_from.count,
		.workers = s->workers,
		.xdp = s->xdp.items,
		.xdp_count = s->xdp.count,
		.tcp = &d->tcp,
		.given = &d->given,
		.take_over = s->take_over ? s->control : NULL,
	};
}

static bool start(void *arg, struct event_base *loop, struct error *err)
{
	struct daemon *d = arg;
	const struct settings *s = d->settings;
	const struct redis_config redis = { .url = s->bus };
	struct responder_config config = {
		.policy_path = s->policy,
		.transports = transports_of(d),
		.user = s->user,
		.name = s->name,
		.keep_path = s->keep,
		.keep_soak_s = s->keep_soak_s,
		.control_path = s->control,
		.identity = { &s->identity, s->cookie_secrets },
		.metrics = s->metrics,
		.dnstap = s->dnstap,
		.on_relieved = on_relieved,
		.on_reload = on_reload,
		.arg = d,
	};

	d->loop = loop;
	if (!activation_take(&d->given, err))
		return false;
	if (!open_keys(s, &d->trusted, &d->witnesses, err))
		return false;
	if (s->bus != NULL) {
		d->bus = redis_bus_new(loop, &redis, err);
		if (d->bus == NULL)
			return false;
	}
	if (s->bundles != NULL) {
		d->bundles = bundles_open(s->bundles, err);
		if (d->bundles == NULL)
			return false;
	}
	if (!make_limit(d, err))
		return false;
	config.transports.rrl = d->rrl;
	config.bus = d->bus;
	config.bundles = d->bundles;
	config.trusted = s->trust.count > 0 ? d->trusted : NULL;
	config.witnesses = d->witnesses;
	d->responder = responder_start(loop, &config, err);
	if (d->responder == NULL)
		return false;
	on_reload(d, true);
	responder_relieve(d->responder);
	d->watchdog = notify_watchdog_start(loop, err);
	return d->watchdog != NULL;
}

static void reload(void *arg)
{
	struct daemon *d = arg;

	responder_reload(d->responder);
}

static void stop(void *arg)
{
	struct daemon *d = arg;

	if (d->responder != NULL && !d->relieved)
		notify_manager("STOPPING=1");
	notify_watchdog_stop(d->watchdog);
	responder_stop(d->responder);
	listeners_fini(&d->given);
	rrl_free(d->rrl);
	bus_free(d->bus);
	bundles_free(d->bundles);
	verifier_free(d->trusted);
	witnesses_free(d->witnesses);
}

static enum program_status answer_once(const struct settings *s)
{
	bool ok = s->check ? once_check(s->policy, stdout, stderr)
			   : once_answer(s->policy, stdin, stdout, stderr);

	return ok ? PROGRAM_OK : PROGRAM_FAILED;
}

/* What rows alone cannot tell is wrong. */
static bool settings_read(struct settings *s, struct error *err)
{
	if (s->take_over && s->control == NULL) {
		error_set(err, "--take-over needs --control, the control "
			       "socket of the running one");
		return false;
	}
	if (s->bundles != NULL && (s->bus == NULL || s->trust.count == 0)) {
		error_set(err, "--policy-from-bus needs --bus and --trust: a "
			       "signed plan says which policy");
		return false;
	}
	s->words.explain_to = s->explain_to.items;
	s->words.explain_to_count = s->explain_to.count;
	return identity_read(&s->words, &s->identity, err) &&
	       rrl_config_parse(s->limits.items, s->limits.count, &s->rrl, err);
}

int main(int argc, char **argv)
{
	static const char *const needed[] = { "policy", NULL };
	struct settings settings = { 0 };
	struct option_row rows[PROGRAM_ROWS_MAX];
	const struct program program = {
		.name = "windrose-dns",
		.usage = "--policy DIR [options]",
		.manual = "windrose-dns(8)",
		.rows = rows,
		.row_count = fill_rows(&settings, rows),
		.needed = needed,
	};
	struct daemon daemon = { .settings = &settings };
	const struct program_life life = { start, reload, stop, &daemon };
	enum program_status status;
	struct error err = { 0 };

	status = program_read(&program, argc, argv);
	if (status != PROGRAM_GO)
		return status;
	if (!settings_read(&settings, &err))
		return program_fail(&program, &err, PROGRAM_USAGE);
	if (settings.check || settings.stdin_packet)
		return answer_once(&settings);
	fill_defaults(&settings);
	return program_run(&program, &life);
}
