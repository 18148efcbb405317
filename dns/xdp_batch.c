/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/xdp_batch.h"

#include "dns/answer.h"
#include "dns/stats.h"

bool xdp_batch_init(struct xdp_batch *b, struct xdp_socket *socket, size_t mtu,
		    struct error *err)
{
	b->socket = socket;
	b->mtu = mtu;
	for (size_t i = 0; i < DATAGRAM_GROUP; i++)
		b->datagrams[i] = &b->exchanges[i].datagram;
	if (!datagram_answerer_init(&b->answerer, err))
		return false;
	b->answerer.transport = STATS_XDP;
	return true;
}

/* What a frame is about, and where its answer goes. */
static void read_datagram(struct xdp_batch *b, struct xdp_exchange *e)
{
	struct datagram *d = &e->datagram;
	size_t room = frame_room(&e->frame, b->mtu);

	d->query = e->in.octets + e->frame.payload;
	d->len = e->frame.payload_len;
	d->answer = e->out + e->frame.payload;
	d->cap = room < ANSWER_UDP_MAX ? room : ANSWER_UDP_MAX;
	d->peer = e->frame.source;
	d->port = e->frame.source_port;
	if (datagram_wants_ends(&b->answerer))
		frame_asked(&e->frame, e->in.octets, &d->server.addr,
			    &d->server.port);
}

/* False, counted, when there is nothing to answer, or no room to do it. */
static bool take_frame(struct xdp_batch *b, struct xdp_view in,
		       struct xdp_exchange *e)
{
	struct stats_block *stats = b->answerer.stats;

	e->in = in;
	e->out = xdp_socket_room(b->socket);
	if (e->out == NULL) {
		stats_count_event(stats, STATS_UNSENT, 1);
		return false;
	}
	if (!frame_parse(in.octets, in.len, &e->frame)) {
		xdp_socket_give_back(b->socket, e->out);
		stats_count_event(stats, STATS_SILENT, 1);
		return false;
	}
	read_datagram(b, e);
	return true;
}

/* Whether there is something to send. */
static bool put_answer(struct xdp_batch *b, const struct xdp_exchange *e)
{
	const struct datagram *d = &e->datagram;
	size_t len;

	if (d->answer_len == 0) {
		xdp_socket_give_back(b->socket, e->out);
		return false;
	}
	len = frame_answer(&e->frame, e->in.octets, e->out, d->answer_len,
			   (uint16_t)(d->random >> 48));
	xdp_socket_put(b->socket, e->out, len);
	return true;
}

/* The frames [from, to), no more than a group. */
static bool answer_group(struct xdp_batch *b, size_t from, size_t to)
{
	size_t count = 0;
	bool any = false;

	for (size_t i = from; i < to; i++)
		if (take_frame(b, xdp_socket_view(b->socket, i),
			       &b->exchanges[count]))
			count++;
	datagram_answer(&b->answerer, b->datagrams, count);
	for (size_t i = 0; i < count; i++)
		any |= put_answer(b, &b->exchanges[i]);
	return any;
}

void xdp_batch_answer(struct xdp_batch *b, size_t count)
{
	bool any = false;

	datagram_begin(&b->answerer);
	for (size_t at = 0; at < count; at += DATAGRAM_GROUP)
		any |= answer_group(b, at,
				    count - at < DATAGRAM_GROUP
					    ? count
					    : at + DATAGRAM_GROUP);
	datagram_end(&b->answerer);
	xdp_socket_release(b->socket, count);
	if (any)
		xdp_socket_send(b->socket);
}
