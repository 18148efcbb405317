/* SPDX-License-Identifier: Apache-2.0 */
#include "health/probe_http.h"

#include "health/certificate.h"
#include "health/match.h"
#include "policy/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <event2/event.h>

struct probe_http_pool {
	struct event_base *loop; /* borrowed */
	CURLM *multi;
	struct event *timer;
	char *ca_file; /* owned; NULL: the system's */
};

struct probe_http {
	struct probe probe; /* first */
	struct probe_http_pool *pool;
	CURL *easy;
	struct curl_slist *connect_to; /* libcurl does not copy it */
	const struct policy_check *check;
	struct match match;
	size_t body_octets, header_octets;
	int64_t certificate_left_s; /* 0: not known */
	bool head_ended;            /* the last head's empty line came */
	bool enough; /* we stopped reading: all that matters is known */
	probe_done *done;
	void *arg;
};

/* What libcurl says, in our words; the rest is CLOSED or by errno. */
/* clang-format off */
static const struct {
	CURLcode code;
	enum outcome outcome;
} results[] = {
	{ CURLE_OPERATION_TIMEDOUT,       OUTCOME_TIMEOUT },
	{ CURLE_SSL_CONNECT_ERROR,        OUTCOME_TLS },
	{ CURLE_SSL_CIPHER,               OUTCOME_TLS },
	{ CURLE_PEER_FAILED_VERIFICATION, OUTCOME_CERTIFICATE },
	{ CURLE_SSL_ISSUER_ERROR,         OUTCOME_CERTIFICATE },
	{ CURLE_SSL_CERTPROBLEM,          OUTCOME_CERTIFICATE },
	{ CURLE_WRITE_ERROR,              OUTCOME_PROTOCOL },
	{ CURLE_WEIRD_SERVER_REPLY,       OUTCOME_PROTOCOL },
	{ CURLE_UNSUPPORTED_PROTOCOL,     OUTCOME_PROTOCOL },
	{ CURLE_BAD_CONTENT_ENCODING,     OUTCOME_PROTOCOL },
	{ CURLE_TOO_MANY_REDIRECTS,       OUTCOME_PROTOCOL },
	{ CURLE_SSL_CACERT_BADFILE,       OUTCOME_LOCAL },
	{ CURLE_SSL_ENGINE_NOTFOUND,      OUTCOME_LOCAL },
	{ CURLE_URL_MALFORMAT,            OUTCOME_LOCAL },
	{ CURLE_COULDNT_RESOLVE_HOST,     OUTCOME_LOCAL },
	{ CURLE_OUT_OF_MEMORY,            OUTCOME_LOCAL },
	{ CURLE_FAILED_INIT,              OUTCOME_LOCAL },
};
/* clang-format on */

static enum outcome outcome_of_result(const struct probe_http *p, CURLcode code)
{
	long error = 0;

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (results[i].code == code)
			return results[i].outcome;
	curl_easy_getinfo(p->easy, CURLINFO_OS_ERRNO, &error);
	/* A refusal to read on, without a failing system call, is libcurl's
	 * judgement of what it read: chunks or lengths that are none. */
	if (code == CURLE_RECV_ERROR && error == 0)
		return OUTCOME_PROTOCOL;
	return error == 0 ? OUTCOME_CLOSED : outcome_of_errno((int)error);
}

static bool status_wanted(const struct probe_http *p, long status)
{
	return status >= p->check->status_min && status <= p->check->status_max;
}

/* Where nothing is wanted, an ended one is for verify to refuse. */
static bool ends_soon(const struct probe_http *p)
{
	return p->check->certificate_left_s > 0 && p->certificate_left_s != 0 &&
	       p->certificate_left_s < (int64_t)p->check->certificate_left_s;
}

static enum outcome judge(const struct probe_http *p, CURLcode code,
			  long status)
{
	if (code != CURLE_OK && !p->enough)
		return outcome_of_result(p, code);
	/* libcurl is content with a head that was cut off. */
	if (!p->head_ended)
		return OUTCOME_CLOSED;
	if (!status_wanted(p, status))
		return OUTCOME_STATUS;
	if (ends_soon(p))
		return OUTCOME_EXPIRING;
	return p->match.found ? OUTCOME_OK : OUTCOME_BODY;
}

static float time_ms(CURL *easy, CURLINFO which)
{
	curl_off_t us = 0;

	curl_easy_getinfo(easy, which, &us);
	return (float)us / 1000.0f;
}

static struct observation observe(const struct probe_http *p, CURLcode code)
{
	struct observation seen = { 0 };
	float ready_ms = time_ms(p->easy, CURLINFO_PRETRANSFER_TIME_T);
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	seen.outcome = judge(p, code, status);
	seen.status = (uint16_t)status;
	seen.connect_ms = time_ms(p->easy, CURLINFO_CONNECT_TIME_T);
	seen.tls_ms = time_ms(p->easy, CURLINFO_APPCONNECT_TIME_T);
	seen.first_byte_ms = time_ms(p->easy, CURLINFO_STARTTRANSFER_TIME_T);
	seen.total_ms = time_ms(p->easy, CURLINFO_TOTAL_TIME_T);
	seen.certificate_left_s = p->certificate_left_s;
	if (seen.outcome == OUTCOME_OK)
		seen.latency_ms = seen.first_byte_ms - ready_ms;
	return seen;
}

static void destroy(struct probe_http *p)
{
	if (p->easy != NULL) {
		curl_multi_remove_handle(p->pool->multi, p->easy);
		curl_easy_cleanup(p->easy);
	}
	curl_slist_free_all(p->connect_to);
	match_fini(&p->match);
	free(p);
}

static void cancel(struct probe *probe)
{
	destroy((struct probe_http *)probe);
}

/* Hands over every probe that has ended.  done may start others. */
static void reap(struct probe_http_pool *pool)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
		struct probe_http *p = NULL;
		struct observation seen;
		probe_done *done;
		void *arg;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &p);
		seen = observe(p, message->data.result);
		done = p->done;
		arg = p->arg;
		destroy(p);
		done(arg, &seen);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct probe_http_pool *pool = arg;
	int running;

	(void)fd, (void)what;
	curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(pool);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct probe_http_pool *pool = arg;
	int action = (what & EV_READ ? CURL_CSELECT_IN : 0) |
		     (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(pool->multi, fd, action, &running);
	reap(pool);
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct probe_http_pool *pool = arg;
	const struct timeval after = { .tv_sec = timeout_ms / 1000,
				       .tv_usec = timeout_ms % 1000 * 1000 };

	(void)multi;
	if (timeout_ms < 0)
		evtimer_del(pool->timer);
	else
		evtimer_add(pool->timer, &after);
	return 0;
}

/* socket_arg is the event that watches fd, once there is one. */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		      void *socket_arg)
{
	struct probe_http_pool *pool = arg;
	struct event *event = socket_arg;
	short wanted = EV_PERSIST;

	(void)easy;
	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		if ((what & CURL_POLL_IN) != 0)
			wanted |= EV_READ;
		if ((what & CURL_POLL_OUT) != 0)
			wanted |= EV_WRITE;
		event = event_new(pool->loop, fd, wanted, on_socket, pool);
		/* Unwatched, the probe ends at its deadline. */
		if (event != NULL)
			event_add(event, NULL);
	}
	curl_multi_assign(pool->multi, fd, event);
	return 0;
}

static size_t take_body(char *octets, size_t size, size_t count, void *arg)
{
	struct probe_http *p = arg;
	size_t len = size * count, room = PROBE_BODY_MAX - p->body_octets;
	bool found = match_feed(&p->match, octets, len < room ? len : room);
	long status = 0;

	p->body_octets += len < room ? len : room;
	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	p->enough = !status_wanted(p, status) ||
		    (found && p->check->body != NULL) ||
		    p->body_octets == PROBE_BODY_MAX;
	return p->enough ? 0 : len;
}

/* While the connection lives: libcurl lends what TLS knows no longer. */
static void look_at_certificate(struct probe_http *p)
{
	struct curl_tlssessioninfo *session = NULL;

	if (p->check->type == CHECK_HTTPS &&
	    curl_easy_getinfo(p->easy, CURLINFO_TLS_SSL_PTR, &session) ==
		    CURLE_OK &&
	    session != NULL && session->internals != NULL &&
	    session->backend == CURLSSLBACKEND_OPENSSL)
		p->certificate_left_s = certificate_left_s(session->internals,
							   p->check->verify);
}

/* Status lines, fields, empty lines: one a call.  Trailers, too. */
static size_t take_header(char *octets, size_t size, size_t count, void *arg)
{
	struct probe_http *p = arg;
	size_t len = size * count;

	if (p->header_octets == 0)
		look_at_certificate(p);
	if (len >= 5 && memcmp(octets, "HTTP/", 5) == 0)
		p->head_ended = false;
	else if (len > 0 && (octets[0] == '\r' || octets[0] == '\n'))
		p->head_ended = true;
	p->header_octets += len;
	return p->header_octets > PROBE_HEADERS_MAX ? 0 : len;
}

static char *url_of(const struct probe_spec *spec)
{
	const struct policy_check *check = spec->check;
	bool literal = strchr(spec->host, ':') != NULL;
	bool https = check->type == CHECK_HTTPS;
	char port[8] = "", *url;

	if (spec->port != (https ? 443 : 80))
		snprintf(port, sizeof(port), ":%u", spec->port);
	if (asprintf(&url, "%s://%s%s%s%s%s%s", https ? "https" : "http",
		     literal ? "[" : "", spec->host, literal ? "]" : "", port,
		     check->path[0] == '/' ? "" : "/", check->path) < 0)
		return NULL;
	return url;
}

/*
 * CONNECT_TO and not RESOLVE: that one fills a cache which all probes of the
 * pool share, and they differ in the address of the same name.
 */
static struct curl_slist *connect_to_of(const struct probe_spec *spec)
{
	bool v6 = spec->addr.family == NET_V6;
	char text[NET_TEXT_SIZE], line[NET_TEXT_SIZE + 16];

	snprintf(line, sizeof(line), "::%s%s%s:%u", v6 ? "[" : "",
		 net_addr_text(&spec->addr, text), v6 ? "]" : "", spec->port);
	return curl_slist_append(NULL, line);
}

static bool set_url(struct probe_http *p, const struct probe_spec *spec)
{
	char *url = url_of(spec);
	bool ok = url != NULL &&
		  curl_easy_setopt(p->easy, CURLOPT_URL, url) == CURLE_OK;

	free(url);
	p->connect_to = connect_to_of(spec);
	return ok && p->connect_to != NULL &&
	       curl_easy_setopt(p->easy, CURLOPT_CONNECT_TO, p->connect_to) ==
		       CURLE_OK;
}

static void set_manners(CURL *easy, long timeout_ms)
{
	curl_easy_setopt(easy, CURLOPT_USERAGENT,
			 "windrose-health/" PACKAGE_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	/* Neither an environment variable nor a default may reroute us. */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_1_1);
}

static bool set_trust(const struct probe_http *p)
{
	CURL *easy = p->easy;

	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
			 p->check->verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
			 p->check->verify ? 2L : 0L);
	return p->pool->ca_file == NULL ||
	       curl_easy_setopt(easy, CURLOPT_CAINFO, p->pool->ca_file) ==
		       CURLE_OK;
}

static void set_callbacks(struct probe_http *p)
{
	curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
	curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(p->easy, CURLOPT_HEADERDATA, p);
}

struct probe *probe_http_start(struct probe_http_pool *pool,
			       const struct probe_spec *spec, probe_done *done,
			       void *arg)
{
	struct probe_http *p = calloc(1, sizeof(*p));
	const char *body = spec->check->body;

	if (p == NULL)
		return NULL;
	p->probe.cancel = cancel;
	p->pool = pool;
	p->check = spec->check;
	p->done = done;
	p->arg = arg;
	p->easy = curl_easy_init();
	if (p->easy == NULL || !match_init(&p->match, body == NULL ? "" : body))
		goto fail;
	set_manners(p->easy, (long)spec->check->timeout_ms);
	set_callbacks(p);
	if (!set_trust(p) || !set_url(p, spec) ||
	    curl_multi_add_handle(pool->multi, p->easy) != CURLM_OK)
		goto fail;
	return &p->probe;
fail:
	destroy(p);
	return NULL;
}

static bool start_multi(struct probe_http_pool *pool)
{
	pool->multi = curl_multi_init();
	pool->timer = evtimer_new(pool->loop, on_timer, pool);
	if (pool->multi == NULL || pool->timer == NULL)
		return false;
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	return true;
}

struct probe_http_pool *probe_http_pool_new(struct event_base *loop,
					    const char *ca_file,
					    struct error *err)
{
	struct probe_http_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(pool);
		error_set(err, "libcurl does not start; is memory left?");
		return NULL;
	}
	pool->loop = loop;
	pool->ca_file = ca_file == NULL ? NULL : strdup(ca_file);
	if ((ca_file != NULL && pool->ca_file == NULL) || !start_multi(pool)) {
		error_set(err, "out of memory while starting libcurl");
		probe_http_pool_free(pool);
		return NULL;
	}
	return pool;
}

void probe_http_pool_free(struct probe_http_pool *pool)
{
	if (pool == NULL)
		return;
	/* Closing its sockets calls set_socket() a last time. */
	if (pool->multi != NULL)
		curl_multi_cleanup(pool->multi);
	if (pool->timer != NULL)
		event_free(pool->timer);
	free(pool->ca_file);
	free(pool);
	curl_global_cleanup();
}
