/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/xdp_socket.h"

#include "policy/base/error.h"

#include <errno.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Linux 6.17; each sendto() then takes a whole batch in copy mode, not 32. */
#define MAX_TX_SKB_BUDGET 9

enum {
	BUDGET = 64,
	SEND_BUFFER = 4 << 20, /* octets; the kernel may give less */
	SEND_TRIES = 16,
};

void xdp_socket_init(struct xdp_socket *s)
{
	*s = (struct xdp_socket){ .fd = -1 };
}

static bool set(int fd, int name, const void *value, socklen_t len)
{
	return setsockopt(fd, SOL_XDP, name, value, len) == 0;
}

static bool make_memory(struct xdp_socket *s)
{
	struct xdp_umem_reg memory = {
		.len = (uint64_t)XDP_FRAMES * XDP_FRAME,
		.chunk_size = XDP_FRAME,
	};
	void *at = mmap(NULL, memory.len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		return false;
	s->frames = at;
	memory.addr = (uintptr_t)at;
	return set(s->fd, XDP_UMEM_REG, &memory, sizeof(memory));
}

static bool size_ring(int fd, int name, int entries)
{
	return set(fd, name, &entries, sizeof(entries));
}

/* entries begin at where->desc of what is mapped; each has so many octets. */
static bool map_ring(struct xdp_socket *s, struct xdp_ring *ring,
		     const struct xdp_ring_offset *where, uint32_t entries,
		     uint64_t page)
{
	bool addresses = ring == &s->fill || ring == &s->sent;
	size_t each = addresses ? sizeof(uint64_t) : sizeof(struct xdp_desc);
	uint8_t *map;

	ring->map_octets = where->desc + entries * each;
	map = mmap(NULL, ring->map_octets, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, s->fd, (off_t)page);
	if (map == MAP_FAILED)
		return false;
	ring->map = map;
	ring->producer = (void *)(map + where->producer);
	ring->consumer = (void *)(map + where->consumer);
	ring->flags = (void *)(map + where->flags);
	ring->entries = map + where->desc;
	ring->mask = entries - 1;
	return true;
}

static bool make_rings(struct xdp_socket *s)
{
	struct xdp_mmap_offsets at;
	socklen_t len = sizeof(at);

	return size_ring(s->fd, XDP_UMEM_FILL_RING, XDP_RECEIVING) &&
	       size_ring(s->fd, XDP_UMEM_COMPLETION_RING, XDP_SENDING) &&
	       size_ring(s->fd, XDP_RX_RING, XDP_RECEIVING) &&
	       size_ring(s->fd, XDP_TX_RING, XDP_SENDING) &&
	       getsockopt(s->fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &len) == 0 &&
	       map_ring(s, &s->fill, &at.fr, XDP_RECEIVING,
			XDP_UMEM_PGOFF_FILL_RING) &&
	       map_ring(s, &s->sent, &at.cr, XDP_SENDING,
			XDP_UMEM_PGOFF_COMPLETION_RING) &&
	       map_ring(s, &s->received, &at.rx, XDP_RECEIVING,
			XDP_PGOFF_RX_RING) &&
	       map_ring(s, &s->sending, &at.tx, XDP_SENDING, XDP_PGOFF_TX_RING);
}

/* What we wrote before is seen by who sees this. */
static inline void tell(uint32_t *counter, uint32_t value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELEASE);
}

static inline uint32_t hear(const uint32_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

/* The first frames are the kernel's to receive into, the others are idle. */
static void deal_frames(struct xdp_socket *s)
{
	uint64_t *empty = s->fill.entries;

	for (uint64_t i = 0; i < XDP_RECEIVING; i++)
		empty[i] = i * XDP_FRAME;
	s->fill.at = XDP_RECEIVING;
	tell(s->fill.producer, s->fill.at);
	for (uint64_t i = XDP_RECEIVING; i < XDP_FRAMES; i++)
		s->idle[s->idle_count++] = i * XDP_FRAME;
}

/* As for UDP sockets: as far as the kernel grants. */
static void fit(const struct xdp_socket *s)
{
	const int buffer = SEND_BUFFER, budget = BUDGET;

	if (setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer,
		       sizeof(buffer)) != 0)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &buffer,
				 sizeof(buffer));
	(void)set(s->fd, MAX_TX_SKB_BUDGET, &budget, sizeof(budget));
}

static const char *hint_of(int error)
{
	switch (error) {
	case EPERM:
		return "; it needs root, or CAP_NET_RAW, CAP_NET_ADMIN and "
		       "CAP_BPF";
	case EAFNOSUPPORT:
		return "; the kernel has no AF_XDP";
	case ENOBUFS:
	case ENOMEM:
		return "; more memory must be allowed to be locked: "
		       "RLIMIT_MEMLOCK, LimitMEMLOCK= of systemd";
	default:
		return "";
	}
}

bool xdp_socket_open(struct xdp_socket *s, struct error *err)
{
	s->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 && make_memory(s) && make_rings(s)) {
		deal_frames(s);
		fit(s);
		return true;
	}
	error_set(err, "cannot open an XDP socket: %s%s", strerror(errno),
		  hint_of(errno));
	return false;
}

bool xdp_socket_bind(struct xdp_socket *s, unsigned nic_index, unsigned queue)
{
	const struct sockaddr_xdp at = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_USE_NEED_WAKEUP,
		.sxdp_ifindex = nic_index,
		.sxdp_queue_id = queue,
	};

	return bind(s->fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
}

size_t xdp_socket_count(const struct xdp_socket *s, size_t max)
{
	size_t there = hear(s->received.producer) - s->received.at;

	return there < max ? there : max;
}

struct xdp_view xdp_socket_view(const struct xdp_socket *s, size_t i)
{
	const struct xdp_ring *ring = &s->received;
	const struct xdp_desc *all = ring->entries;
	const struct xdp_desc *one =
		&all[(ring->at + (uint32_t)i) & ring->mask];

	return (struct xdp_view){ s->frames + one->addr, one->len };
}

void xdp_socket_release(struct xdp_socket *s, size_t count)
{
	struct xdp_ring *from = &s->received, *to = &s->fill;
	const struct xdp_desc *received = from->entries;
	uint64_t *empty = to->entries;

	/* There is always room: no more frames are out than it has entries. */
	for (size_t i = 0; i < count; i++) {
		uint64_t addr = received[from->at++ & from->mask].addr;

		empty[to->at++ & to->mask] = addr / XDP_FRAME * XDP_FRAME;
	}
	tell(from->consumer, from->at);
	tell(to->producer, to->at);
}

/* Frames that were sent are idle again. */
static void reap(struct xdp_socket *s)
{
	struct xdp_ring *ring = &s->sent;
	const uint64_t *sent = ring->entries;
	uint32_t end = hear(ring->producer);

	if (ring->at == end)
		return;
	while (ring->at != end)
		s->idle[s->idle_count++] = sent[ring->at++ & ring->mask];
	tell(ring->consumer, ring->at);
}

/* In copy mode, sendto() takes so many at a time and then says EAGAIN. */
static void kick(const struct xdp_socket *s, int tries)
{
	if ((hear(s->sending.flags) & XDP_RING_NEED_WAKEUP) == 0)
		return;
	for (int i = 0; i < tries; i++)
		if (sendto(s->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0 ||
		    (errno != EAGAIN && errno != EINTR && errno != EBUSY))
			return;
}

/* What an interface that was down did not take is offered again. */
uint8_t *xdp_socket_room(struct xdp_socket *s)
{
	if (s->idle_count == 0)
		reap(s);
	if (s->idle_count == 0) {
		kick(s, 1);
		reap(s);
	}
	return s->idle_count == 0 ? NULL : s->frames + s->idle[--s->idle_count];
}

void xdp_socket_give_back(struct xdp_socket *s, const uint8_t *room)
{
	s->idle[s->idle_count++] = (uint64_t)(room - s->frames);
}

void xdp_socket_put(struct xdp_socket *s, const uint8_t *room, size_t len)
{
	struct xdp_ring *ring = &s->sending;
	struct xdp_desc *entries = ring->entries;

	/* No more frames are there than the ring has entries. */
	entries[ring->at++ & ring->mask] = (struct xdp_desc){
		.addr = (uint64_t)(room - s->frames),
		.len = (uint32_t)len,
	};
}

void xdp_socket_send(struct xdp_socket *s)
{
	tell(s->sending.producer, s->sending.at);
	kick(s, SEND_TRIES);
	reap(s);
}

uint64_t xdp_socket_lost(const struct xdp_socket *s)
{
	struct xdp_statistics counts = { 0 };
	socklen_t len = sizeof(counts);

	if (getsockopt(s->fd, SOL_XDP, XDP_STATISTICS, &counts, &len) != 0)
		return 0;
	return counts.rx_dropped + counts.rx_ring_full;
}

static void unmap(struct xdp_ring *ring)
{
	if (ring->map != NULL)
		munmap(ring->map, ring->map_octets);
}

void xdp_socket_close(struct xdp_socket *s)
{
	unmap(&s->fill);
	unmap(&s->sent);
	unmap(&s->received);
	unmap(&s->sending);
	if (s->fd >= 0)
		close(s->fd);
	if (s->frames != NULL)
		munmap(s->frames, (size_t)XDP_FRAMES * XDP_FRAME);
	xdp_socket_init(s);
}
