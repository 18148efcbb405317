/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/renewal.h"

#include "dns/feed.h"
#include "dns/loader.h"
#include "dns/model.h"
#include "dns/sign/signers.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/node.h"
#include "policy/language/policy.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

struct renewal {
	struct renewal_config config;
	struct event *timer;
	struct signed_zones *signing;
	int64_t due_s;         /* wall clock */
	int64_t rest_until_ms; /* not before, whatever is due */
	int64_t retry_ms;      /* 0: the last one went well */
	int64_t wall_ahead_ms; /* of the monotonic clock, and... */
	uint64_t stamp;        /* ...of key files, before the last build */
	uint64_t failures;
	char trouble[NODE_TEXT_SIZE];
};

enum {
	REST_FACTOR = 4,  /* a long renewal may take a fifth of the loader's
			   * time, no more */
	RETRIES_LEFT = 4, /* at least, before the signatures end */
};

static bool is_signed(const struct renewal *r)
{
	return r->signing != NULL && r->signing->count > 0;
}

static bool is_due(const struct renewal *r)
{
	return clock_wall_ms() / 1000 >= r->due_s &&
	       clock_now_ms() >= r->rest_until_ms;
}

static void log_clock(int64_t by_ms)
{
	log_event(LOG_LEVEL_WARN, "dns", "clock-set",
		  "by_ms=%" PRId64
		  " hint=\"zones are signed again for the new time\"",
		  by_ms);
}

/*
 * Clock and files are compared with what they were before the last build read
 * them, so that nothing is missed that happens while one is under way.
 */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct renewal *r = arg;
	struct model *model = feed_model(r->config.feed);
	uint64_t stamp = signers_stamp(model->policy);
	int64_t ahead_ms = clock_ahead_ms();
	int64_t by_ms = ahead_ms - r->wall_ahead_ms;
	bool set = by_ms <= -RENEWAL_CLOCK_MS || by_ms >= RENEWAL_CLOCK_MS;

	(void)fd, (void)what;
	if (!is_signed(r) || !(set || stamp != r->stamp || is_due(r)) ||
	    !loader_renew(r->config.loader, model))
		return;
	r->wall_ahead_ms = ahead_ms;
	r->stamp = stamp;
	if (set)
		log_clock(by_ms);
}

struct renewal *renewal_start(const struct renewal_config *config,
			      struct error *err)
{
	const struct timeval every = {
		.tv_sec = RENEWAL_TICK_MS / 1000,
		.tv_usec = RENEWAL_TICK_MS % 1000 * 1000,
	};
	struct renewal *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		r->config = *config;
		r->due_s = INT64_MAX;
		r->timer = event_new(config->loop, -1, EV_PERSIST, on_tick, r);
	}
	if (r == NULL || r->timer == NULL || event_add(r->timer, &every) != 0) {
		error_set(err, "out of memory for renewing signatures");
		renewal_stop(r);
		return NULL;
	}
	return r;
}

static int64_t until_s(const struct renewal *r)
{
	int64_t least_s = INT64_MAX;

	for (size_t i = 0; r->signing != NULL && i < r->signing->count; i++)
		if (r->signing->list[i].span.until_s < least_s)
			least_s = r->signing->list[i].span.until_s;
	return least_s;
}

static const char *first_error(const struct errors *errs, char *buf,
			       size_t size)
{
	snprintf(buf, size, "out of memory");
	for (size_t i = errs->count; i-- > 0;)
		if (errs->list[i].severity == SEVERITY_ERROR)
			error_line(&errs->list[i].error, buf, size);
	return buf;
}

/* Later each time, but well before the signatures end. */
static int64_t next_retry_ms(const struct renewal *r)
{
	int64_t left_ms = until_s(r) == INT64_MAX
				  ? INT64_MAX
				  : until_s(r) * 1000 - clock_wall_ms();
	int64_t retry_ms = 2 * r->retry_ms;

	if (retry_ms > RENEWAL_RETRY_MAX_MS)
		retry_ms = RENEWAL_RETRY_MAX_MS;
	if (retry_ms > left_ms / RETRIES_LEFT)
		retry_ms = left_ms / RETRIES_LEFT;
	return retry_ms < RENEWAL_RETRY_MS ? RENEWAL_RETRY_MS : retry_ms;
}

static void fail(struct renewal *r, const struct loaded *loaded)
{
	char line[NODE_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	r->failures++;
	r->retry_ms = next_retry_ms(r);
	r->due_s = 0;
	r->rest_until_ms = clock_now_ms() + r->retry_ms;
	clock_wall_text(until_s(r) == INT64_MAX ? 0 : until_s(r) * 1000, until);
	snprintf(r->trouble, sizeof(r->trouble),
		 "signing %s, valid until %.20s: %.*s",
		 loaded->model == NULL ? "fails; the signatures stay"
				       : "goes on with keys of before",
		 until, NODE_TEXT_SIZE - 80,
		 first_error(&loaded->errs, line, sizeof(line)));
	log_event(LOG_LEVEL_ERROR, "dns", "signing-failed",
		  "errors=%zu until=%s retry_ms=%" PRId64 " hint=\"%s\"",
		  loaded->errs.fatal, until, r->retry_ms,
		  loaded->model == NULL ? "the signatures stay as they are"
					: "keys of before are used");
}

static void succeed(struct renewal *r, const struct loaded *loaded,
		    uint64_t made)
{
	char until[CLOCK_TEXT_SIZE];

	if (r->retry_ms != 0 && is_signed(r))
		log_event(LOG_LEVEL_INFO, "dns", "signing-recovered",
			  "zones=%zu", r->signing->count);
	r->retry_ms = 0;
	r->trouble[0] = '\0';
	r->due_s = loaded->renew_s;
	r->rest_until_ms = clock_now_ms() + REST_FACTOR * loaded->load_ms;
	if (!is_signed(r))
		return;
	clock_wall_text(until_s(r) * 1000, until);
	log_event(LOG_LEVEL_INFO, "dns", "signed",
		  "zones=%zu made=%" PRIu64 " ms=%" PRId64 " until=%s",
		  r->signing->count, made, loaded->load_ms, until);
}

void renewal_follow(struct renewal *renewal, struct loaded *loaded)
{
	uint64_t before = renewal->signing == NULL ? 0 : renewal->signing->made;

	if (loaded->model == NULL && !loaded->renewal)
		return; /* what is served stays, and when it is due */
	if (loaded->signing != NULL) {
		signed_zones_free(renewal->signing);
		renewal->signing = loaded->signing;
		loaded->signing = NULL;
	}
	if (!loaded->renewal) {
		renewal->stamp = loaded->key_stamp;
		renewal->wall_ahead_ms = loaded->wall_ahead_ms;
	}
	if (loaded->model == NULL || loaded->errs.fatal > 0)
		fail(renewal, loaded);
	else
		succeed(renewal, loaded,
			renewal->signing == NULL
				? 0
				: renewal->signing->made - before);
}

const char *renewal_trouble(const struct renewal *renewal)
{
	return renewal->trouble;
}

uint64_t renewal_failures(const struct renewal *renewal)
{
	return renewal->failures;
}

const struct signed_zones *renewal_signing(const struct renewal *renewal)
{
	return renewal->signing;
}

void renewal_stop(struct renewal *renewal)
{
	if (renewal == NULL)
		return;
	if (renewal->timer != NULL)
		event_free(renewal->timer);
	signed_zones_free(renewal->signing);
	free(renewal);
}
