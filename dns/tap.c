/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/tap.h"

#include "dns/dnstap.pb-c.h"
#include "dns/model.h"
#include "dns/table.h"
#include "dns/zone.h"
#include "dns/zones.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <fstrm.h>

enum {
	QUEUE_MESSAGES = 4096, /* of each thread; a power of two */
	REOPEN_S = 1,
};

static const char content_type[] = "protobuf:dnstap.Dnstap";

struct tap_queue {
	struct tap *tap;
	struct fstrm_iothr_queue *queue;
	_Atomic uint64_t lost; /* one writer */
};

struct tap {
	struct fstrm_iothr *thread;
	char *identity;
	struct tap_queue *queues;
	size_t count;
	atomic_size_t taken;
};

static struct fstrm_writer *
open_unix(const char *path, const struct fstrm_writer_options *options)
{
	struct fstrm_unix_writer_options *at = fstrm_unix_writer_options_init();
	struct fstrm_writer *writer;

	fstrm_unix_writer_options_set_socket_path(at, path);
	writer = fstrm_unix_writer_init(at, options);
	fstrm_unix_writer_options_destroy(&at);
	return writer;
}

static struct fstrm_writer *
open_file(const char *path, const struct fstrm_writer_options *options)
{
	struct fstrm_file_options *at = fstrm_file_options_init();
	struct fstrm_writer *writer;

	fstrm_file_options_set_file_path(at, path);
	writer = fstrm_file_writer_init(at, options);
	fstrm_file_options_destroy(&at);
	return writer;
}

static struct fstrm_writer *open_writer(const char *to, struct error *err)
{
	struct fstrm_writer_options *options;
	struct fstrm_writer *writer;

	if ((strncmp(to, "unix:", 5) != 0 && strncmp(to, "file:", 5) != 0) ||
	    to[5] == '\0') {
		error_set(err, "--dnstap %s: give unix:SOCKET or file:FILE",
			  to);
		return NULL;
	}
	options = fstrm_writer_options_init();
	fstrm_writer_options_add_content_type(options, content_type,
					      sizeof(content_type) - 1);
	writer = to[0] == 'u' ? open_unix(to + 5, options)
			      : open_file(to + 5, options);
	fstrm_writer_options_destroy(&options);
	if (writer == NULL)
		error_set(err, "--dnstap %s: this cannot be written to", to);
	return writer;
}

/* Takes ownership of writer. */
static bool start_thread(struct tap *tap, struct fstrm_writer *writer)
{
	struct fstrm_iothr_options *options = fstrm_iothr_options_init();

	fstrm_iothr_options_set_num_input_queues(options, (unsigned)tap->count);
	fstrm_iothr_options_set_input_queue_size(options, QUEUE_MESSAGES);
	fstrm_iothr_options_set_reopen_interval(options, REOPEN_S);
	tap->thread = fstrm_iothr_init(options, &writer);
	fstrm_iothr_options_destroy(&options);
	fstrm_writer_destroy(&writer); /* NULL when it was taken */
	return tap->thread != NULL;
}

struct tap *tap_start(const struct tap_config *config, struct error *err)
{
	struct fstrm_writer *writer = open_writer(config->to, err);
	struct tap *tap = writer == NULL ? NULL : calloc(1, sizeof(*tap));

	if (writer == NULL)
		return NULL;
	if (tap != NULL) {
		tap->count = config->queues;
		tap->identity = strdup(config->identity);
		tap->queues = calloc(config->queues, sizeof(*tap->queues));
	}
	if (tap == NULL || tap->identity == NULL || tap->queues == NULL) {
		fstrm_writer_destroy(&writer);
	} else if (start_thread(tap, writer)) {
		return tap;
	}
	error_set(err, "--dnstap %s: out of memory or threads", config->to);
	tap_stop(tap);
	return NULL;
}

void tap_stop(struct tap *tap)
{
	if (tap == NULL)
		return;
	if (tap->thread != NULL)
		fstrm_iothr_destroy(&tap->thread);
	free(tap->queues);
	free(tap->identity);
	free(tap);
}

struct tap_queue *tap_queue(struct tap *tap)
{
	struct tap_queue *queue;
	size_t at;

	if (tap == NULL)
		return NULL;
	at = atomic_fetch_add(&tap->taken, 1);
	if (at >= tap->count)
		return NULL;
	queue = &tap->queues[at];
	queue->queue = fstrm_iothr_get_input_queue_idx(tap->thread, at);
	queue->tap = tap;
	return queue;
}

uint64_t tap_lost(const struct tap *tap)
{
	uint64_t lost = 0;

	for (size_t i = 0; tap != NULL && i < tap->count; i++)
		lost += atomic_load_explicit(&tap->queues[i].lost,
					     memory_order_relaxed);
	return lost;
}

/* protobuf-c has no const; it only reads. */
static ProtobufCBinaryData octets(const void *at, size_t len)
{
	return (ProtobufCBinaryData){ .len = len,
				      .data = (uint8_t *)(uintptr_t)at };
}

static void lose(struct tap_queue *queue)
{
	atomic_store_explicit(&queue->lost,
			      atomic_load_explicit(&queue->lost,
						   memory_order_relaxed) +
				      1,
			      memory_order_relaxed);
}

static void submit(struct tap_queue *queue, Dnstap__Message *message)
{
	Dnstap__Dnstap frame = DNSTAP__DNSTAP__INIT;
	size_t len;
	uint8_t *packed;

	frame.type = DNSTAP__DNSTAP__TYPE__MESSAGE;
	frame.message = message;
	frame.has_identity = frame.has_version = true;
	frame.identity =
		octets(queue->tap->identity, strlen(queue->tap->identity));
	frame.version = octets(PACKAGE_STRING, strlen(PACKAGE_STRING));
	len = dnstap__dnstap__get_packed_size(&frame);
	packed = malloc(len);
	if (packed == NULL) {
		lose(queue);
		return;
	}
	dnstap__dnstap__pack(&frame, packed);
	if (fstrm_iothr_submit(queue->tap->thread, queue->queue, packed, len,
			       fstrm_free_wrapper, NULL) != fstrm_res_success) {
		free(packed);
		lose(queue);
	}
}

static Dnstap__SocketProtocol protocol_of(enum stats_transport transport)
{
	switch (transport) {
	case STATS_TCP:
		return DNSTAP__SOCKET_PROTOCOL__TCP;
	case STATS_DOT:
		return DNSTAP__SOCKET_PROTOCOL__DOT;
	case STATS_UDP:
	case STATS_XDP:
	case STATS_TRANSPORTS:
		break;
	}
	return DNSTAP__SOCKET_PROTOCOL__UDP;
}

static void fill_ends(Dnstap__Message *m, const struct tap_exchange *e)
{
	m->has_socket_family = m->has_socket_protocol = true;
	m->socket_family = e->client.addr.family == NET_V4
				   ? DNSTAP__SOCKET_FAMILY__INET
				   : DNSTAP__SOCKET_FAMILY__INET6;
	m->socket_protocol = protocol_of(e->transport);
	m->has_query_address = m->has_query_port = true;
	m->query_address = octets(e->client.addr.octets,
				  net_octets(e->client.addr.family));
	m->query_port = e->client.port;
	m->has_response_port = true;
	m->response_port = e->server.port;
	m->has_response_address = e->server.addr.family != NET_NONE;
	m->response_address = octets(e->server.addr.octets,
				     net_octets(e->server.addr.family));
}

static void fill_zone(Dnstap__Message *m, const struct tap_exchange *e)
{
	const struct zone_node *apex;

	if (e->zone < 0)
		return;
	apex = zones_at(table_model(e->table)->zones, (size_t)e->zone)->apex;
	m->has_query_zone = true;
	m->query_zone = octets(apex->octets, apex->len);
}

enum { NS_OF_S = 1000 * 1000 * 1000 };

void tap_put(struct tap_queue *queue, const struct tap_exchange *exchange)
{
	Dnstap__Message m = DNSTAP__MESSAGE__INIT;
	int64_t wall_answered_ns;

	fill_ends(&m, exchange);
	fill_zone(&m, exchange);
	m.type = DNSTAP__MESSAGE__TYPE__AUTH_QUERY;
	m.has_query_time_sec = m.has_query_time_nsec = true;
	m.query_time_sec = (uint64_t)(exchange->wall_asked_ns / NS_OF_S);
	m.query_time_nsec = (uint32_t)(exchange->wall_asked_ns % NS_OF_S);
	m.has_query_message = true;
	m.query_message = octets(exchange->query, exchange->query_len);
	submit(queue, &m);
	if (exchange->answer_len == 0)
		return;
	wall_answered_ns = clock_wall_ns();
	m.type = DNSTAP__MESSAGE__TYPE__AUTH_RESPONSE;
	m.has_query_message = false;
	m.has_response_time_sec = m.has_response_time_nsec = true;
	m.response_time_sec = (uint64_t)(wall_answered_ns / NS_OF_S);
	m.response_time_nsec = (uint32_t)(wall_answered_ns % NS_OF_S);
	m.has_response_message = true;
	m.response_message = octets(exchange->answer, exchange->answer_len);
	submit(queue, &m);
}
