/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/rum.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/guests.h"
#include "policy/base/hash.h"
#include "policy/base/net.h"
#include "policy/decide/geo.h"
#include "policy/language/policy.h"
#include "steering/loaded.h"
#include "steering/rum_post.h"
#include "steering/rum_rate.h"
#include "steering/tally.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/util.h>

/* libevent names no others. */
enum { HTTP_FORBIDDEN = 403, HTTP_TOO_MANY = 429 };

enum { TIMEOUT_S = 5, BACKLOG = 128, V4_BITS = 24, V6_BITS = 56 };

struct rum {
	struct rum_config config;
	struct net_prefix edges[OPTION_LIST_MAX];
	struct guests *guests;
	struct tally tally;
	struct rum_rate rate;
	uint64_t seed; /* drawn: nobody chooses whom he shares a rate with */
};

/* One request a connection; any page may read the answer. */
static void answer(struct evhttp_request *request, int status, const char *why)
{
	struct evkeyvalq *fields = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evbuffer_new();

	evhttp_add_header(fields, "Access-Control-Allow-Origin", "*");
	evhttp_add_header(fields, "Cache-Control", "no-store");
	evhttp_add_header(fields, "Connection", "close");
	if (why != NULL && body != NULL) {
		evhttp_add_header(fields, "Content-Type",
				  "text/plain; charset=utf-8");
		evbuffer_add_printf(body, "%s\n", why);
	}
	evhttp_send_reply(request, status, NULL, body);
	if (body != NULL)
		evbuffer_free(body);
}

/* What a browser asks before it posts JSON from another site's page. */
static void answer_preflight(struct evhttp_request *request)
{
	struct evkeyvalq *fields = evhttp_request_get_output_headers(request);

	evhttp_add_header(fields, "Access-Control-Allow-Methods", "POST");
	evhttp_add_header(fields, "Access-Control-Allow-Headers",
			  "Content-Type");
	evhttp_add_header(fields, "Access-Control-Max-Age", "86400");
	answer(request, HTTP_NOCONTENT, NULL);
}

static struct net_addr peer_of(struct evhttp_request *request)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct net_addr peer = { 0 };
	char *text = NULL;
	ev_uint16_t port;

	evhttp_connection_get_peer(evhttp_request_get_connection(request),
				   &text, &port);
	if (text == NULL || !net_addr_parse(text, &peer))
		return (struct net_addr){ 0 };
	if (peer.family == NET_V6 &&
	    memcmp(peer.octets, mapped, sizeof(mapped)) == 0) {
		peer.family = NET_V4;
		memmove(peer.octets, peer.octets + sizeof(mapped), 4);
		memset(peer.octets + 4, 0, sizeof(mapped));
	}
	return peer;
}

static bool is_edge(const struct rum *rum, const struct net_addr *peer)
{
	for (size_t i = 0; i < rum->config.edges.count; i++)
		if (net_within(&rum->edges[i], peer))
			return true;
	return false;
}

/* A hash of the network that a client is one of. */
static uint64_t network_of(const struct rum *rum, const struct net_addr *client)
{
	unsigned bits = client->family == NET_V4 ? V4_BITS : V6_BITS;
	struct net_addr network = net_mask(client, bits);

	return hash_mix(hash_octets(rum->seed, network.octets,
				    net_octets(client->family)) ^
			(uint64_t)client->family);
}

/* False when there was no room. */
static bool take(struct rum *rum, const struct net_addr *client,
		 const struct rum_post *post)
{
	const struct loaded *on = rum->config.loaded;
	const struct client_class *class =
		geo_class(on->geo, geo_class_of(on->geo, client));
	struct tally_sample sample = {
		.cell_lat = class->cell_lat,
		.cell_lon = class->cell_lon,
		.source = network_of(rum, client),
	};
	bool room = true;

	for (size_t i = 0; class->located && i < post->count; i++) {
		sample.region = post->rtts[i].region;
		sample.ms = post->rtts[i].ms;
		if (policy_find_region(on->policy, sample.region) >= 0)
			room = tally_add(&rum->tally, &sample) && room;
	}
	return room;
}

/* Who measured; false when the request was answered. */
static bool find_client(const struct rum *rum, struct evhttp_request *request,
			const struct rum_post *post, struct net_addr *client)
{
	struct net_addr peer = peer_of(request);
	bool edge = is_edge(rum, &peer);
	const char *forwarded =
		evhttp_find_header(evhttp_request_get_input_headers(request),
				   "X-Forwarded-For");

	*client = post->client.family == NET_NONE ? peer : post->client;
	if (post->client.family != NET_NONE && !edge) {
		answer(request, HTTP_FORBIDDEN, "only edges may name a client");
		return false;
	}
	if (post->client.family == NET_NONE && edge && forwarded != NULL &&
	    !rum_post_forwarded(forwarded, client)) {
		answer(request, HTTP_BADREQUEST,
		       "X-Forwarded-For ends with no address");
		return false;
	}
	return true;
}

static void take_post(struct rum *rum, struct evhttp_request *request,
		      const struct rum_post *post)
{
	struct net_addr client;

	if (!find_client(rum, request, post, &client))
		return;
	if (!rum_rate_take(&rum->rate, network_of(rum, &client),
			   clock_now_ms()))
		answer(request, HTTP_TOO_MANY, "too many from this network");
	else if (!take(rum, &client, post))
		answer(request, HTTP_SERVUNAVAIL, "no more room");
	else
		answer(request, HTTP_NOCONTENT, NULL);
}

static void on_rum(struct evhttp_request *request, void *arg)
{
	struct rum *rum = arg;
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(body);
	struct error err = { .text = "out of memory" };
	struct rum_post post;

	guests_follow(rum->guests, request);
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_OPTIONS:
		answer_preflight(request);
		return;
	case EVHTTP_REQ_POST:
		break;
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD:
	case EVHTTP_REQ_PUT:
	case EVHTTP_REQ_DELETE:
	case EVHTTP_REQ_TRACE:
	case EVHTTP_REQ_CONNECT:
	case EVHTTP_REQ_PATCH:
		answer(request, HTTP_BADMETHOD, "POST it");
		return;
	}
	if (rum_post_parse(evbuffer_pullup(body, -1), len, &post, &err))
		take_post(rum, request, &post);
	else
		answer(request, HTTP_BADREQUEST, err.text);
}

static void on_other(struct evhttp_request *request, void *arg)
{
	const struct rum *rum = arg;

	guests_follow(rum->guests, request);
	answer(request, HTTP_NOTFOUND, "there is /rum");
}

static bool read_edges(struct rum *rum, struct error *err)
{
	for (size_t i = 0; i < rum->config.edges.count; i++) {
		const char *text = rum->config.edges.items[i];

		if (net_prefix_parse(text, &rum->edges[i], NULL))
			continue;
		error_set(err,
			  "--rum-edge: \"%s\" is no network; write "
			  "192.0.2.0/24 or an address",
			  text);
		return false;
	}
	return true;
}

static bool serve(struct rum *rum, struct event_base *loop, struct error *err)
{
	const struct guests_config config = {
		.listen = rum->config.listen,
		.backlog = BACKLOG,
		.limits = { RUM_CLIENTS, RUM_LIFE_MS },
		.methods =
			EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_OPTIONS,
		.body_max = RUM_POST_OCTETS_MAX,
		.timeout_s = TIMEOUT_S,
	};

	rum->guests = guests_serve(loop, &config, err);
	if (rum->guests == NULL)
		return false;
	evhttp_set_cb(guests_http(rum->guests), "/rum", on_rum, rum);
	evhttp_set_gencb(guests_http(rum->guests), on_other, rum);
	return true;
}

struct rum *rum_start(struct event_base *loop, const struct rum_config *config,
		      struct error *err)
{
	struct rum *rum = calloc(1, sizeof(*rum));

	if (rum == NULL) {
		error_set(err, "--rum: out of memory");
		return NULL;
	}
	rum->config = *config;
	evutil_secure_rng_get_bytes(&rum->seed, sizeof(rum->seed));
	if (read_edges(rum, err) && serve(rum, loop, err))
		return rum;
	rum_stop(rum);
	return NULL;
}

void rum_stop(struct rum *rum)
{
	if (rum == NULL)
		return;
	guests_free(rum->guests);
	tally_fini(&rum->tally);
	free(rum);
}

struct plan_rum_list rum_told(struct rum *rum, int64_t now_ms)
{
	if (rum == NULL)
		return (struct plan_rum_list){ .list = NULL };
	(void)tally_turn(&rum->tally, now_ms);
	return (struct plan_rum_list){ rum->tally.told, rum->tally.told_count };
}

void rum_adopt(struct rum *rum, const struct plan *plan)
{
	if (rum != NULL)
		tally_adopt(&rum->tally, plan);
}
