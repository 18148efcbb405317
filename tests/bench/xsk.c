/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/xsk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	FRAMES = 8192,
	BIND_TRIES = 300, /* 10 ms apart */
	RING = 2048,      /* descriptors in each, a power of two */
	AREA_OCTETS = FRAMES * XSK_FRAME_OCTETS,
};

/* Ours is the end that we move; the kernel moves the other. */
struct ring {
	uint32_t *producer, *consumer;
	void *entries;
	void *map;
	size_t map_octets;
};

struct xsk {
	int fd, map_fd, program_fd, link_fd; /* -1: not there */
	uint8_t *area;
	struct ring rx, tx, fill, done;
	uint64_t spare[FRAMES]; /* offsets of frames that nobody has */
	size_t spare_count;
};

static uint32_t load(const uint32_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *at, uint32_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* return bpf_redirect_map(map, context->rx_queue_index, XDP_PASS); */
static int load_program(int map_fd)
{
	const struct bpf_insn code[] = {
		{ BPF_LDX | BPF_W | BPF_MEM, BPF_REG_2, BPF_REG_1,
		  offsetof(struct xdp_md, rx_queue_index), 0 },
		{ BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0,
		  map_fd },
		{ 0, 0, 0, 0, 0 }, /* the upper half of that */
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, XDP_PASS },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect_map },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.insns = (uint64_t)(uintptr_t)code,
		.license = (uint64_t)(uintptr_t) "GPL",
		.prog_name = "bench_xsk",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

static bool attach(struct xsk *x, unsigned ifindex, bool generic)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_XSKMAP,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};
	const uint32_t queue = 0;
	union bpf_attr entry = { .key = (uint64_t)(uintptr_t)&queue,
				 .value = (uint64_t)(uintptr_t)&x->fd };
	union bpf_attr link = { .link_create = {
					.target_ifindex = ifindex,
					.attach_type = BPF_XDP,
					.flags = generic ? XDP_FLAGS_SKB_MODE
							 : XDP_FLAGS_DRV_MODE,
				} };

	x->map_fd = bpf(BPF_MAP_CREATE, &map);
	x->program_fd = x->map_fd < 0 ? -1 : load_program(x->map_fd);
	if (x->program_fd < 0)
		return false;
	entry.map_fd = (uint32_t)x->map_fd;
	link.link_create.prog_fd = (uint32_t)x->program_fd;
	if (bpf(BPF_MAP_UPDATE_ELEM, &entry) < 0)
		return false;
	x->link_fd = bpf(BPF_LINK_CREATE, &link);
	return x->link_fd >= 0;
}

static bool map_ring(const struct xsk *x, const struct xdp_ring_offset *at,
		     size_t entry_octets, off_t which, struct ring *out)
{
	size_t octets = at->desc + RING * entry_octets;
	uint8_t *map = mmap(NULL, octets, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, x->fd, which);

	if (map == MAP_FAILED)
		return false;
	*out = (struct ring){
		.producer = (uint32_t *)(void *)(map + at->producer),
		.consumer = (uint32_t *)(void *)(map + at->consumer),
		.entries = map + at->desc,
		.map = map,
		.map_octets = octets,
	};
	return true;
}

static bool set(int fd, int option, const void *value, socklen_t len)
{
	return setsockopt(fd, SOL_XDP, option, value, len) == 0;
}

static bool make_rings(struct xsk *x)
{
	const int entries = RING;
	const struct xdp_umem_reg area = {
		.addr = (uint64_t)(uintptr_t)x->area,
		.len = AREA_OCTETS,
		.chunk_size = XSK_FRAME_OCTETS,
	};
	struct xdp_mmap_offsets at;
	socklen_t len = sizeof(at);
	size_t desc = sizeof(struct xdp_desc), offset = sizeof(uint64_t);

	return set(x->fd, XDP_UMEM_REG, &area, sizeof(area)) &&
	       set(x->fd, XDP_UMEM_FILL_RING, &entries, sizeof(entries)) &&
	       set(x->fd, XDP_UMEM_COMPLETION_RING, &entries,
		   sizeof(entries)) &&
	       set(x->fd, XDP_RX_RING, &entries, sizeof(entries)) &&
	       set(x->fd, XDP_TX_RING, &entries, sizeof(entries)) &&
	       getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &len) == 0 &&
	       map_ring(x, &at.rx, desc, XDP_PGOFF_RX_RING, &x->rx) &&
	       map_ring(x, &at.tx, desc, XDP_PGOFF_TX_RING, &x->tx) &&
	       map_ring(x, &at.fr, offset, (off_t)XDP_UMEM_PGOFF_FILL_RING,
			&x->fill) &&
	       map_ring(x, &at.cr, offset,
			(off_t)XDP_UMEM_PGOFF_COMPLETION_RING, &x->done);
}

/* Frames that were sent are nobody's again. */
static void reclaim(struct xsk *x)
{
	const uint64_t *entries = x->done.entries;
	uint32_t at = *x->done.consumer, end = load(x->done.producer);

	for (; at != end; at++)
		x->spare[x->spare_count++] = entries[at % RING];
	store(x->done.consumer, at);
}

/* Gives the kernel frames to receive into; half of them are for sending. */
static void refill(struct xsk *x)
{
	uint64_t *entries = x->fill.entries;
	uint32_t at = *x->fill.producer;
	uint32_t room = RING - (at - load(x->fill.consumer));

	while (room-- > 0 && x->spare_count > FRAMES / 2)
		entries[at++ % RING] = x->spare[--x->spare_count];
	store(x->fill.producer, at);
}

/* The kernel lets go of a queue some time after who had it has ended. */
static bool bind_in_time(int fd, const struct sockaddr_xdp *at)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	for (unsigned tries = 0; tries < BIND_TRIES; tries++) {
		if (bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
			return true;
		if (errno != EBUSY)
			return false;
		nanosleep(&pause, NULL);
	}
	return false;
}

struct xsk *xsk_open(const char *iface, bool generic)
{
	struct xsk *x = calloc(1, sizeof(*x));
	struct sockaddr_xdp at = { .sxdp_family = AF_XDP,
				   .sxdp_flags = XDP_COPY,
				   .sxdp_ifindex = if_nametoindex(iface) };

	if (x == NULL)
		return NULL;
	x->fd = x->map_fd = x->program_fd = x->link_fd = -1;
	x->area = mmap(NULL, AREA_OCTETS, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (x->area == MAP_FAILED)
		goto fail;
	for (uint64_t i = 0; i < FRAMES; i++)
		x->spare[x->spare_count++] = i * XSK_FRAME_OCTETS;
	x->fd = socket(AF_XDP, SOCK_RAW, 0);
	if (x->fd < 0 || !make_rings(x))
		goto fail;
	refill(x);
	if (!bind_in_time(x->fd, &at) || !attach(x, at.sxdp_ifindex, generic))
		goto fail;
	return x;
fail:
	fprintf(stderr, "AF_XDP on %s: %s\n", iface, strerror(errno));
	xsk_free(x);
	return NULL;
}

void xsk_free(struct xsk *x)
{
	if (x == NULL)
		return;
	const int fds[] = { x->link_fd, x->program_fd, x->map_fd, x->fd };
	const struct ring *const rings[] = { &x->rx, &x->tx, &x->fill,
					     &x->done };

	for (size_t i = 0; i < 4; i++) {
		if (rings[i]->map != NULL)
			munmap(rings[i]->map, rings[i]->map_octets);
		if (fds[i] >= 0)
			close(fds[i]);
	}
	if (x->area != MAP_FAILED)
		munmap(x->area, AREA_OCTETS);
	free(x);
}

size_t xsk_receive(struct xsk *x, struct xsk_frame *list, size_t max,
		   int wait_ms)
{
	const struct xdp_desc *entries = x->rx.entries;
	uint32_t at = *x->rx.consumer, end = load(x->rx.producer);
	size_t count = 0;

	if (at == end && wait_ms != 0) {
		struct pollfd ready = { .fd = x->fd, .events = POLLIN };

		(void)poll(&ready, 1, wait_ms);
		end = load(x->rx.producer);
	}
	for (; at != end && count < max; at++, count++)
		list[count] = (struct xsk_frame){
			x->area + entries[at % RING].addr,
			entries[at % RING].len,
		};
	store(x->rx.consumer, at);
	reclaim(x);
	refill(x);
	return count;
}

bool xsk_take(struct xsk *x, struct xsk_frame *out)
{
	if (x->spare_count == 0)
		reclaim(x);
	if (x->spare_count == 0)
		return false;
	*out = (struct xsk_frame){ .octets = x->area +
					     x->spare[--x->spare_count] };
	return true;
}

void xsk_drop(struct xsk *x, const struct xsk_frame *frame)
{
	/* A received one may begin inside its frame. */
	uint64_t offset = (uint64_t)(frame->octets - x->area);

	x->spare[x->spare_count++] = offset - offset % XSK_FRAME_OCTETS;
}

/* In copy mode the kernel sends only what it is asked to, a few at a time. */
static void kick(struct xsk *x)
{
	for (unsigned tries = 0;
	     load(x->tx.consumer) != *x->tx.producer && tries < RING; tries++)
		if (sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 &&
		    errno != EAGAIN && errno != EBUSY && errno != ENOBUFS)
			break;
}

size_t xsk_send(struct xsk *x, const struct xsk_frame *list, size_t count)
{
	struct xdp_desc *entries = x->tx.entries;
	uint32_t at = *x->tx.producer;
	uint32_t room = RING - (at - load(x->tx.consumer));
	size_t sent = count < room ? count : room;

	for (size_t i = 0; i < sent; i++)
		entries[at++ % RING] = (struct xdp_desc){
			.addr = (uint64_t)(list[i].octets - x->area),
			.len = list[i].len,
		};
	store(x->tx.producer, at);
	for (size_t i = sent; i < count; i++)
		xsk_drop(x, &list[i]);
	kick(x);
	return sent;
}
