/* SPDX-License-Identifier: Apache-2.0 */
#include "health/probe_http.h"

#include "health/certificate.h"
#include "health/match.h"
#include "health/request.h"
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/base/multi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/*
 * libcurl looks at every connection that it keeps when a transfer ends; so
 * each keeps a part of them.
 */
enum { MULTIS = 16, KEPT_MAX = 65536 };

struct probe_http_pool {
	struct multi *multis[MULTIS];
	char *ca_file; /* owned; NULL: the system's */
	char *vantage; /* owned; NULL: told to nobody */
};

struct probe_http {
	struct probe probe;  /* first */
	struct multi *multi; /* the pool's, for this endpoint */
	struct request request;
	const struct policy_check *check;
	struct match match;
	size_t body_octets, header_octets;
	int64_t certificate_left_s; /* 0: not known */
	bool head_ended;            /* the last head's empty line came */
	bool enough; /* we stopped reading: all that matters is known */
	bool again;  /* asked a second time: see is_of_the_connection() */
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
	{ CURLE_SSL_CLIENTCERT,           OUTCOME_TLS },
	{ CURLE_WRITE_ERROR,              OUTCOME_PROTOCOL },
	{ CURLE_WEIRD_SERVER_REPLY,       OUTCOME_PROTOCOL },
	{ CURLE_UNSUPPORTED_PROTOCOL,     OUTCOME_PROTOCOL },
	{ CURLE_BAD_CONTENT_ENCODING,     OUTCOME_PROTOCOL },
	{ CURLE_TOO_MANY_REDIRECTS,       OUTCOME_PROTOCOL },
	{ CURLE_HTTP2,                    OUTCOME_PROTOCOL },
	{ CURLE_HTTP2_STREAM,             OUTCOME_PROTOCOL },
	{ CURLE_SSL_CERTPROBLEM,          OUTCOME_LOCAL },
	{ CURLE_SSL_CACERT_BADFILE,       OUTCOME_LOCAL },
	{ CURLE_SSL_ENGINE_NOTFOUND,      OUTCOME_LOCAL },
	{ CURLE_URL_MALFORMAT,            OUTCOME_LOCAL },
	{ CURLE_COULDNT_RESOLVE_HOST,     OUTCOME_LOCAL },
	{ CURLE_OUT_OF_MEMORY,            OUTCOME_LOCAL },
	{ CURLE_FAILED_INIT,              OUTCOME_LOCAL },
};
/* clang-format on */

/* The first octets of an answer came. */
static bool has_begun(const struct probe_http *p)
{
	curl_off_t us = 0;

	curl_easy_getinfo(p->request.easy, CURLINFO_STARTTRANSFER_TIME_T, &us);
	return us > 0;
}

/* libcurl calls a line of a head that is too long want of memory. */
static enum outcome outcome_of_result(const struct probe_http *p, CURLcode code)
{
	long error = 0;

	if (code == CURLE_OUT_OF_MEMORY && has_begun(p))
		return OUTCOME_PROTOCOL;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (results[i].code == code)
			return results[i].outcome;
	if (p->request.socket_error != 0)
		return outcome_of_errno(p->request.socket_error);
	curl_easy_getinfo(p->request.easy, CURLINFO_OS_ERRNO, &error);
	/* A refusal to read on, without a failing system call, is libcurl's
	 * judgement of what it read: chunks or lengths that are none; or TLS's,
	 * where nothing was: who misses our certificate says so after what is a
	 * handshake to us (RFC 8446, 4.4.2.4).  With HTTP/2 they are one. */
	if (code == CURLE_RECV_ERROR && error == 0)
		return p->check->type == CHECK_HTTPS &&
				       p->check->http == HTTP_1_1 &&
				       !has_begun(p)
			       ? OUTCOME_TLS
			       : OUTCOME_PROTOCOL;
	return error == 0 ? OUTCOME_CLOSED : outcome_of_errno((int)error);
}

static bool status_wanted(const struct probe_http *p, long status)
{
	const struct policy_check *check = p->check;

	for (size_t i = 0; i < check->status_count; i++)
		if (status >= check->statuses[i].first &&
		    status <= check->statuses[i].last)
			return true;
	return false;
}

/* Over TLS a server may choose less than it was offered. */
static bool version_wanted(const struct probe_http *p)
{
	long version = 0;

	curl_easy_getinfo(p->request.easy, CURLINFO_HTTP_VERSION, &version);
	return p->check->http == HTTP_1_1 || version == CURL_HTTP_VERSION_2_0;
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
	if (!version_wanted(p))
		return OUTCOME_PROTOCOL;
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
	float ready_ms = time_ms(p->request.easy, CURLINFO_PRETRANSFER_TIME_T);
	long status = 0;

	curl_easy_getinfo(p->request.easy, CURLINFO_RESPONSE_CODE, &status);
	seen.outcome = judge(p, code, status);
	seen.status = (uint16_t)status;
	seen.connect_ms = time_ms(p->request.easy, CURLINFO_CONNECT_TIME_T);
	seen.tls_ms = time_ms(p->request.easy, CURLINFO_APPCONNECT_TIME_T);
	seen.first_byte_ms =
		time_ms(p->request.easy, CURLINFO_STARTTRANSFER_TIME_T);
	seen.total_ms = time_ms(p->request.easy, CURLINFO_TOTAL_TIME_T);
	seen.certificate_left_s = p->certificate_left_s;
	if (seen.outcome == OUTCOME_OK)
		seen.latency_ms = seen.first_byte_ms - ready_ms;
	return seen;
}

static void destroy(struct probe_http *p)
{
	if (p->request.easy != NULL)
		multi_remove(p->multi, p->request.easy);
	request_fini(&p->request);
	match_fini(&p->match);
	free(p);
}

static void cancel(struct probe *probe)
{
	destroy((struct probe_http *)probe);
}

/*
 * Is it the fault of a connection that was kept, and perhaps not of the
 * endpoint?  It may have closed it, or wished to (GOAWAY, 408), while it was
 * being asked (RFC 9110, 9.2.2 and 15.5.9; RFC 9113, 6.8).  libcurl itself
 * asks again only where not an octet came, and not by HTTP/2.
 */
static bool is_of_the_connection(const struct probe_http *p,
				 const struct observation *seen)
{
	long connections = 0;

	curl_easy_getinfo(p->request.easy, CURLINFO_NUM_CONNECTS, &connections);
	return connections == 0 && !p->again &&
	       (seen->outcome == OUTCOME_CLOSED ||
		seen->outcome == OUTCOME_PROTOCOL ||
		(seen->outcome == OUTCOME_STATUS && seen->status == 408));
}

/* By a new connection, in what is left of the time.  False: it was not begun,
 * and what was seen stands. */
static bool ask_again(struct probe_http *p, const struct observation *seen)
{
	int64_t left_ms = p->check->timeout_ms - (int64_t)seen->total_ms;

	if (left_ms <= 0)
		return false;
	multi_remove(p->multi, p->request.easy);
	request_renew(&p->request, left_ms);
	match_again(&p->match);
	p->body_octets = 0;
	p->header_octets = 0;
	p->head_ended = false;
	p->enough = false;
	p->again = true;
	return multi_add(p->multi, p->request.easy);
}

/* The transfer has ended; done may start others. */
static void on_done(CURL *easy, CURLcode result)
{
	struct probe_http *p = NULL;
	struct observation seen;
	probe_done *done;
	void *arg;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p);
	seen = observe(p, result);
	if (is_of_the_connection(p, &seen) && ask_again(p, &seen))
		return;
	done = p->done;
	arg = p->arg;
	destroy(p);
	done(arg, &seen);
}

static size_t take_body(char *octets, size_t size, size_t count, void *arg)
{
	struct probe_http *p = arg;
	size_t len = size * count, room = PROBE_BODY_MAX - p->body_octets;
	bool found = match_feed(&p->match, octets, len < room ? len : room);
	long status = 0;

	p->body_octets += len < room ? len : room;
	curl_easy_getinfo(p->request.easy, CURLINFO_RESPONSE_CODE, &status);
	/* A connection is kept only if what it brings is read to its end. */
	p->enough = p->body_octets == PROBE_BODY_MAX ||
		    (!p->check->kept && (!status_wanted(p, status) ||
					 (found && p->check->body != NULL)));
	return p->enough ? 0 : len;
}

/* While the connection lives: libcurl lends what TLS knows no longer. */
static void look_at_certificate(struct probe_http *p)
{
	struct curl_tlssessioninfo *session = NULL;

	if (p->check->type == CHECK_HTTPS &&
	    curl_easy_getinfo(p->request.easy, CURLINFO_TLS_SSL_PTR,
			      &session) == CURLE_OK &&
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

static void set_callbacks(struct probe_http *p)
{
	curl_easy_setopt(p->request.easy, CURLOPT_PRIVATE, p);
	curl_easy_setopt(p->request.easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(p->request.easy, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(p->request.easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(p->request.easy, CURLOPT_HEADERDATA, p);
}

bool probe_http_speaks_2(void)
{
	const curl_version_info_data *version =
		curl_version_info(CURLVERSION_NOW);

	return (version->features & CURL_VERSION_HTTP2) != 0;
}

static struct multi *multi_for(const struct probe_http_pool *pool,
			       const struct net_addr *addr)
{
	uint64_t hash = hash_octets(HASH_FNV_OFFSET, addr->octets,
				    sizeof(addr->octets));

	return pool->multis[hash_mix(hash) % MULTIS];
}

struct probe *probe_http_start(struct probe_http_pool *pool,
			       const struct probe_spec *spec, probe_done *done,
			       void *arg)
{
	const struct request_origin origin = { pool->ca_file, pool->vantage };
	struct probe_http *p = calloc(1, sizeof(*p));
	const char *body = spec->check->body;

	if (p == NULL)
		return NULL;
	p->probe.cancel = cancel;
	p->multi = multi_for(pool, &spec->addr);
	p->check = spec->check;
	p->done = done;
	p->arg = arg;
	if (!request_init(&p->request, spec, &origin) ||
	    !match_init(&p->match, body == NULL ? "" : body))
		goto fail;
	set_callbacks(p);
	if (!multi_add(p->multi, p->request.easy))
		goto fail;
	return &p->probe;
fail:
	destroy(p);
	return NULL;
}

static bool copy_text(char **to, const char *text)
{
	*to = text == NULL ? NULL : strdup(text);
	return text == NULL || *to != NULL;
}

/*
 * Of each: together no more than a quarter of the descriptors there may be.
 * Probes under way take half (rounds_in_flight()); who asks us needs some.
 */
static long kept_max(void)
{
	struct rlimit descriptors;
	long each;

	if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 ||
	    descriptors.rlim_cur / 4 > KEPT_MAX)
		return KEPT_MAX / MULTIS;
	each = (long)(descriptors.rlim_cur / 4 / MULTIS);
	return each > 0 ? each : 1;
}

struct probe_http_pool *probe_http_pool_new(struct event_base *loop,
					    const char *ca_file,
					    const char *vantage,
					    struct error *err)
{
	struct probe_http_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL || !copy_text(&pool->ca_file, ca_file) ||
	    !copy_text(&pool->vantage, vantage)) {
		error_set(err, "out of memory while starting probes");
		goto fail;
	}
	for (size_t i = 0; i < MULTIS; i++) {
		pool->multis[i] = multi_new(loop, on_done, kept_max(), err);
		if (pool->multis[i] == NULL)
			goto fail;
	}
	return pool;
fail:
	probe_http_pool_free(pool);
	return NULL;
}

void probe_http_pool_free(struct probe_http_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t i = 0; i < MULTIS; i++)
		multi_free(pool->multis[i]);
	free(pool->ca_file);
	free(pool->vantage);
	free(pool);
}
