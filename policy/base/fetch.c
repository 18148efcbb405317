/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/fetch.h"

#include "policy/base/multi.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 8 }; /* connections that wait for the next request */

struct fetcher {
	struct multi *multi;
};

struct fetch {
	struct fetcher *fetcher;
	CURL *easy;
	fetch_done *done;
	void *arg;
	char *octets; /* owned */
	size_t len, room, max;
	bool large;
};

static void destroy(struct fetch *f)
{
	if (f->easy != NULL) {
		multi_remove(f->fetcher->multi, f->easy);
		curl_easy_cleanup(f->easy);
	}
	free(f->octets);
	free(f);
}

static enum fetch_outcome outcome_of(const struct fetch *f, CURLcode code)
{
	if (f->large)
		return FETCH_LARGE;
	switch ((int)code) {
	case CURLE_OK:
		return FETCH_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return FETCH_TIMEOUT;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return FETCH_CONNECT;
	default:
		return FETCH_BROKEN;
	}
}

static void on_done(CURL *easy, CURLcode code)
{
	struct fetch *f = NULL;
	struct fetch_answer answer;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &f);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	answer = (struct fetch_answer){
		.outcome = outcome_of(f, code),
		.status = (unsigned)status,
		.octets = f->octets == NULL ? "" : f->octets,
		.len = f->len,
		.why = f->large ? "the answer is too large"
				: curl_easy_strerror(code),
	};
	/* The next one may be started, and this one is out of the way. */
	multi_remove(f->fetcher->multi, f->easy);
	f->done(f->arg, &answer);
	destroy(f);
}

static bool make_room(struct fetch *f, size_t len)
{
	size_t room = f->room == 0 ? 4096 : f->room;
	char *octets;

	while (room < f->len + len)
		room *= 2;
	if (room == f->room)
		return true;
	octets = realloc(f->octets, room);
	if (octets == NULL)
		return false;
	f->octets = octets;
	f->room = room;
	return true;
}

/* Anything but len ends the transfer. */
static size_t take(char *octets, size_t size, size_t count, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * count;

	f->large = len > f->max - f->len;
	if (f->large || !make_room(f, len))
		return 0;
	memcpy(f->octets + f->len, octets, len);
	f->len += len;
	return len;
}

static bool prepare(struct fetch *f, const struct fetch_plan *plan)
{
	CURL *e = f->easy;
	bool ok =
		curl_easy_setopt(e, CURLOPT_URL, plan->url) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_USERAGENT, "windrose") == CURLE_OK;

	if (plan->form != NULL)
		ok = ok && curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS,
					    plan->form) == CURLE_OK;
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)plan->timeout_ms);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(e, CURLOPT_PRIVATE, f);
	return ok;
}

struct fetch *fetch_start(struct fetcher *fetcher,
			  const struct fetch_plan *plan)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	*f = (struct fetch){
		.fetcher = fetcher,
		.easy = curl_easy_init(),
		.done = plan->done,
		.arg = plan->arg,
		.max = plan->octets_max,
	};
	if (f->easy != NULL && prepare(f, plan) &&
	    multi_add(fetcher->multi, f->easy))
		return f;
	destroy(f);
	return NULL;
}

void fetch_cancel(struct fetch *fetch)
{
	if (fetch != NULL)
		destroy(fetch);
}

struct fetcher *fetcher_new(struct event_base *loop, struct error *err)
{
	struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

	if (fetcher != NULL)
		fetcher->multi = multi_new(loop, on_done, KEPT_MAX, err);
	if (fetcher != NULL && fetcher->multi == NULL) {
		free(fetcher);
		fetcher = NULL;
	}
	return fetcher;
}

void fetcher_free(struct fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	multi_free(fetcher->multi);
	free(fetcher);
}
