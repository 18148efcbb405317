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
	int64_t wall_ahead_ms; /* of the monotonic clock, as last seen */
	uint64_t stamp;        /* of all key files */
	uint64_t failures;
	char trouble[NODE_TEXT_SIZE];
};

/* A long renewal may take a fifth of the loader's time, no more. */
enum { REST_FACTOR = 4 };

static int64_t wall_ahead_ms(void)
{
	return clock_wall_ms() - clock_now_ms();
}

/* Signatures are made for a time: at another one they may not hold. */
static bool clock_was_set(struct renewal *r)
{
	int64_t ahead_ms = wall_ahead_ms();
	int64_t by_ms = ahead_ms - r->wall_ahead_ms;

	r->wall_ahead_ms = ahead_ms;
	if (by_ms > -RENEWAL_CLOCK_MS && by_ms < RENEWAL_CLOCK_MS)
		return false;
	log_event(LOG_LEVEL_WARN, "dns", "clock-set",
		  "by_ms=%" PRId64
		  " hint=\"zones are signed again for the new time\"",
		  by_ms);
	return true;
}

static bool keys_changed(struct renewal *r)
{
	uint64_t stamp = signers_stamp(feed_model(r->config.feed)->policy);

	bool changed = stamp != r->stamp;

	r->stamp = stamp;
	return changed;
}

static bool is_signed(const struct renewal *r)
{
	return r->signing != NULL && r->signing->count > 0;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct renewal *r = arg;
	bool set = clock_was_set(r), changed = keys_changed(r);

	(void)fd, (void)what;
	if (!is_signed(r))
		return;
	if (set || changed) {
		r->due_s = 0;
		r->rest_until_ms = 0;
	}
	if (clock_wall_ms() / 1000 >= r->due_s &&
	    clock_now_ms() >= r->rest_until_ms)
		loader_renew(r->config.loader, feed_model(r->config.feed));
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
		r->wall_ahead_ms = wall_ahead_ms();
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

static void fail(struct renewal *r, const struct loaded *loaded)
{
	char line[NODE_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	r->failures++;
	r->retry_ms = r->retry_ms == 0 ? RENEWAL_RETRY_MS : 2 * r->retry_ms;
	if (r->retry_ms > RENEWAL_RETRY_MAX_MS)
		r->retry_ms = RENEWAL_RETRY_MAX_MS;
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
	if (loaded->key_stamp != 0) /* it got as far as to look */
		renewal->stamp = loaded->key_stamp;
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
