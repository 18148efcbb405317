/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/link.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/bus/bus.h"
#include "policy/bus/control.h"
#include "policy/bus/redis.h"
#include "policy/bus/sign.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <event2/event.h>
#include <jansson.h>

enum {
	CONNECT_MS = 3000,
	FETCH_AGAIN_MS = 250,
	PUT_MS = 10000,
	BUNDLE_TTL_MS = 60 * 60 * 1000, /* the agent goes on from there */
};

struct link {
	char *socket; /* owned; NULL: the bus */
	struct event_base *loop;
	struct bus *bus;
	struct sealer *key;
	struct json_t *answer; /* of the request under way */
	bool replied;
	char *bundle; /* that came last, of that digest; owned */
	size_t bundle_len;
	char digest[BUS_KEY_MAX + 1];
};

static void on_link(void *arg, bool up)
{
	struct link *link = arg;

	if (up)
		event_base_loopbreak(link->loop);
}

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct link *link = arg;
	char *copy = topic == BUS_BUNDLES ? malloc(len + 1) : NULL;

	if (copy == NULL)
		return;
	memcpy(copy, octets, len);
	free(link->bundle);
	link->bundle = copy;
	link->bundle_len = len;
	snprintf(link->digest, sizeof(link->digest), "%s", key);
	event_base_loopbreak(link->loop);
}

static bool connect_bus(struct link *link, const struct link_config *config,
			struct error *err)
{
	const struct redis_config redis = { .url = config->bus };
	const struct bus_follower follower = {
		.on_value = on_value,
		.on_link = on_link,
		.arg = link,
	};
	const struct timeval patience = { .tv_sec = CONNECT_MS / 1000 };

	link->bus = redis_bus_new(link->loop, &redis, err);
	if (link->bus == NULL)
		return false;
	bus_follow(link->bus, &follower);
	event_base_loopexit(link->loop, &patience);
	if (!bus_is_up(link->bus))
		event_base_dispatch(link->loop);
	return true;
}

static enum link_result
open_bus(struct link *link, const struct link_config *config, struct error *err)
{
	if (config->bus == NULL) {
		error_set(err, "neither a bus nor a node is given; use --bus "
			       "URL (or WINDROSE_BUS) or --node SOCKET");
		return LINK_WRONG;
	}
	if (config->key_path == NULL) {
		error_set(err, "commands over the bus are signed; use --key "
			       "PEM (or WINDROSE_KEY)");
		return LINK_WRONG;
	}
	link->key = sealer_open(config->key_path, err);
	if (link->key == NULL)
		return LINK_WRONG;
	link->loop = event_base_new();
	if (link->loop == NULL) {
		error_set(err, "out of memory");
		return LINK_WRONG;
	}
	if (!connect_bus(link, config, err))
		return LINK_WRONG;
	if (!bus_is_up(link->bus)) {
		error_set(err, "the bus does not answer; with --node SOCKET "
			       "each daemon can be commanded by itself");
		return LINK_UNREACHABLE;
	}
	return LINK_OK;
}

enum link_result link_open(const struct link_config *config, struct link **out,
			   struct error *err)
{
	struct link *link = calloc(1, sizeof(*link));
	enum link_result result = LINK_OK;

	if (link == NULL) {
		error_set(err, "out of memory");
		return LINK_WRONG;
	}
	if (config->socket != NULL)
		link->socket = strdup(config->socket);
	else
		result = open_bus(link, config, err);
	if (result != LINK_OK) {
		link_free(link);
		return result;
	}
	*out = link;
	return LINK_OK;
}

void link_free(struct link *link)
{
	if (link == NULL)
		return;
	bus_free(link->bus);
	if (link->loop != NULL)
		event_base_free(link->loop);
	sealer_free(link->key);
	json_decref(link->answer);
	free(link->bundle);
	free(link->socket);
	free(link);
}

static void on_reply(void *arg, const void *octets, size_t len)
{
	struct link *link = arg;

	link->replied = true;
	if (octets != NULL)
		link->answer = json_loadb(octets, len, 0, NULL);
	event_base_loopbreak(link->loop);
}

/* A request's id need only be new: 128 random bits are. */
static bool name_request(char *id, size_t size)
{
	uint64_t bits[2];

	if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return false;
	snprintf(id, size, "%016" PRIx64 "%016" PRIx64, bits[0], bits[1]);
	return true;
}

static struct json_t *ask_bus(struct link *link, const struct json_t *request,
			      int64_t timeout_ms, struct error *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	struct json_t *answer;
	char *envelope;
	char id[40];
	size_t len;

	if (text == NULL || !name_request(id, sizeof(id))) {
		free(text);
		error_set(err, "out of memory");
		return NULL;
	}
	envelope = sign_wrap(link->key, SIGN_COMMAND, text, strlen(text), &len,
			     err);
	free(text);
	if (envelope == NULL)
		return NULL;
	link->replied = false;
	bus_request(link->bus, id, envelope, len, timeout_ms, on_reply, link);
	free(envelope);
	while (!link->replied && event_base_loop(link->loop, EVLOOP_ONCE) == 0)
		;
	answer = link->answer;
	link->answer = NULL;
	if (answer == NULL)
		error_set(err,
			  "no agent that leads has answered within %lld s; ask "
			  "one daemon with --node SOCKET",
			  (long long)timeout_ms / 1000);
	return answer;
}

struct json_t *link_ask(struct link *link, const struct json_t *request,
			int64_t timeout_ms, struct error *err)
{
	if (link->socket != NULL)
		return control_ask(link->socket, request, timeout_ms, err);
	return ask_bus(link, request, timeout_ms, err);
}

/* Asks for it, and again, until it came or the time is over. */
static bool await_bundle(struct link *link, const char *digest,
			 int64_t timeout_ms)
{
	int64_t until_ms = clock_now_ms() + timeout_ms;
	const struct timeval again = { 0, FETCH_AGAIN_MS * 1000 };

	link->digest[0] = '\0';
	while (strcmp(link->digest, digest) != 0 && clock_now_ms() < until_ms) {
		bus_fetch(link->bus, digest);
		event_base_loopexit(link->loop, &again);
		event_base_dispatch(link->loop);
	}
	return strcmp(link->digest, digest) == 0;
}

char *link_fetch_bundle(struct link *link, const char *digest,
			int64_t timeout_ms, size_t *len, struct error *err)
{
	char *bundle;

	if (link->bus == NULL) {
		error_set(err, "policies go over the bus; use --bus URL (or "
			       "WINDROSE_BUS)");
		return NULL;
	}
	if (!await_bundle(link, digest, timeout_ms)) {
		error_set(err, "policy %.16s is not on the bus", digest);
		return NULL;
	}
	bundle = link->bundle;
	*len = link->bundle_len;
	link->bundle = NULL;
	return bundle;
}

bool link_put_bundle(struct link *link, const char *digest, const void *octets,
		     size_t len, struct error *err)
{
	size_t back_len = 0;
	char *back = NULL;
	bool same;

	if (link->bus != NULL)
		bus_put(link->bus, BUS_BUNDLES, digest, octets, len,
			BUNDLE_TTL_MS);
	back = link_fetch_bundle(link, digest, PUT_MS, &back_len, err);
	if (back == NULL)
		return false;
	same = back_len == len && memcmp(back, octets, len) == 0;
	if (!same)
		error_set(err,
			  "the bus has another policy as %.16s; may this "
			  "user write bundles?",
			  digest);
	free(back);
	return same;
}
