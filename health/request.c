/* SPDX-License-Identifier: Apache-2.0 */
#include "health/request.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

static bool set_text(CURL *easy, CURLoption option, const char *text)
{
	return text == NULL || curl_easy_setopt(easy, option, text) == CURLE_OK;
}

static bool set_url(struct request *r, const struct probe_spec *spec)
{
	char *url = url_of(spec);
	bool ok = url != NULL && set_text(r->easy, CURLOPT_URL, url);

	free(url);
	r->connect_to = connect_to_of(spec);
	return ok && r->connect_to != NULL &&
	       curl_easy_setopt(r->easy, CURLOPT_CONNECT_TO, r->connect_to) ==
		       CURLE_OK;
}

static bool add_field(struct request *r, const char *name, const char *value)
{
	struct curl_slist *longer = NULL;
	char *line;

	if (asprintf(&line, "%s: %s", name, value) < 0)
		return false;
	longer = curl_slist_append(r->headers, line);
	free(line);
	if (longer == NULL)
		return false;
	r->headers = longer;
	return true;
}

static bool set_fields(struct request *r, const struct policy_check *check,
		       const char *vantage)
{
	for (size_t i = 0; i < check->header_count; i++)
		if (!add_field(r, check->headers[i].name,
			       check->headers[i].value))
			return false;
	if (check->identity != NULL && vantage != NULL &&
	    !add_field(r, check->identity, vantage))
		return false;
	return curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers) ==
		       CURLE_OK &&
	       set_text(r->easy, CURLOPT_USERAGENT,
			check->user_agent != NULL
				? check->user_agent
				: "windrose-health/" PACKAGE_VERSION);
}

static void set_manners(CURL *easy, const struct policy_check *check)
{
	long timeout_ms = (long)check->timeout_ms;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, check->kept ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, check->kept ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	/* Neither an environment variable nor a default may reroute us. */
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
}

/*
 * A kept connection whose other end has vanished is given up by the kernel in
 * the time of a probe; else HTTP/2 would try it again and again, for libcurl
 * ends the stream and keeps the connection.
 */
static int set_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	const struct policy_check *check = arg;
	unsigned timeout_ms = (unsigned)check->timeout_ms;

	(void)purpose;
	if (check->kept)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
			   sizeof(timeout_ms));
	return CURL_SOCKOPT_OK;
}

/* By ourselves: of one that cannot be had libcurl does not say why. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
				 struct curl_sockaddr *to)
{
	struct request *r = arg;
	int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);

	(void)purpose;
	r->socket_error = fd < 0 ? errno : 0;
	return fd;
}

/* libcurl only passes it on: what is pointed at stays as it is. */
static void watch_socket(struct request *r, const struct policy_check *check)
{
	union {
		const struct policy_check *given;
		void *wanted;
	} arg = { .given = check };

	curl_easy_setopt(r->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(r->easy, CURLOPT_OPENSOCKETDATA, r);
	curl_easy_setopt(r->easy, CURLOPT_SOCKOPTFUNCTION, set_socket);
	curl_easy_setopt(r->easy, CURLOPT_SOCKOPTDATA, arg.wanted);
}

/* Without TLS nobody negotiates: HTTP/2 is then spoken at once. */
static bool set_version(CURL *easy, const struct policy_check *check)
{
	long version = check->http == HTTP_1_1 ? CURL_HTTP_VERSION_1_1
		       : check->type == CHECK_HTTPS
			       ? CURL_HTTP_VERSION_2TLS
			       : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;

	return curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version) ==
	       CURLE_OK;
}

static bool set_trust(CURL *easy, const struct policy_check *check,
		      const char *ca_file)
{
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, check->verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, check->verify ? 2L : 0L);
	return set_text(easy, CURLOPT_CAINFO, ca_file) &&
	       set_text(easy, CURLOPT_SSLCERT, check->client_certificate) &&
	       set_text(easy, CURLOPT_SSLKEY, check->client_key);
}

bool request_init(struct request *r, const struct probe_spec *spec,
		  const struct request_origin *origin)
{
	*r = (struct request){ .easy = curl_easy_init() };
	if (r->easy == NULL)
		return false;
	set_manners(r->easy, spec->check);
	watch_socket(r, spec->check);
	return set_version(r->easy, spec->check) &&
	       set_trust(r->easy, spec->check, origin->ca_file) &&
	       set_fields(r, spec->check, origin->vantage) && set_url(r, spec);
}

void request_renew(struct request *r, int64_t left_ms)
{
	curl_easy_setopt(r->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
}

void request_fini(struct request *r)
{
	if (r->easy != NULL)
		curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->connect_to);
	curl_slist_free_all(r->headers);
}
