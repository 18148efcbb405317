/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that runs in the kernel for each frame that comes in.
 *
 * A plain UDP datagram for a place where we listen goes to the socket of the
 * frame's queue; every other frame, and all on queues without a socket, goes
 * on its way as if this were not here.  It judges no more than it must to know
 * whose a frame is: dns/frame does the rest.
 *
 * Compiled by clang for the BPF machine; dns/xdp_filter.c loads it.
 */
#include "dns/xdp_place.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum { TAGS_MAX = 2, MORE_OR_OFFSET = 0x3fff };

struct tag {
	__be16 control, type;
};

/* Constant once loaded: the verifier drops what is not needed. */
const volatile struct xdp_orders orders;

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, XDP_QUEUES_MAX);
} sockets SEC(".maps");

static __always_inline int is_ours(const struct ethhdr *eth)
{
	for (int i = 0; i < XDP_STATION_OCTETS; i++)
		if (eth->h_dest[i] != orders.station[i])
			return 0;
	return 1;
}

static __always_inline int is_listened_v4(__be32 address, __be16 port)
{
	for (__u32 i = 0; i < XDP_PLACES_MAX && i < orders.count; i++) {
		const volatile struct xdp_place *place = &orders.places[i];

		if (place->port == port && (place->match & XDP_MATCH_ANY_V4 ||
					    (place->match & XDP_MATCH_V4 &&
					     place->address[0] == address)))
			return 1;
	}
	return 0;
}

static __always_inline int is_listened_v6(const struct in6_addr *address,
					  __be16 port)
{
	const __be32 *words = address->s6_addr32;

	for (__u32 i = 0; i < XDP_PLACES_MAX && i < orders.count; i++) {
		const volatile struct xdp_place *place = &orders.places[i];

		if (place->port == port && (place->match & XDP_MATCH_ANY_V6 ||
					    (place->match & XDP_MATCH_V6 &&
					     place->address[0] == words[0] &&
					     place->address[1] == words[1] &&
					     place->address[2] == words[2] &&
					     place->address[3] == words[3])))
			return 1;
	}
	return 0;
}

/* An IPv4 header without options, before UDP in one piece. */
static __always_inline int takes_v4(const void *at, const void *end)
{
	const struct iphdr *ip = at;
	const struct udphdr *udp = (const void *)(ip + 1);

	return (const void *)(udp + 1) <= end && ip->version == 4 &&
	       ip->ihl == 5 && ip->protocol == IPPROTO_UDP &&
	       (ip->frag_off & bpf_htons(MORE_OR_OFFSET)) == 0 &&
	       is_listened_v4(ip->daddr, udp->dest);
}

static __always_inline int takes_v6(const void *at, const void *end)
{
	const struct ipv6hdr *ip = at;
	const struct udphdr *udp = (const void *)(ip + 1);

	return (const void *)(udp + 1) <= end && ip->version == 6 &&
	       ip->nexthdr == IPPROTO_UDP &&
	       is_listened_v6(&ip->daddr, udp->dest);
}

static __always_inline int takes(const void *at, const void *end)
{
	const struct ethhdr *eth = at;
	__be16 type;

	/* Not "end - at": that is for who has CAP_PERFMON, too. */
	if (at + XDP_FRAME_MAX < end || (const void *)(eth + 1) > end ||
	    !is_ours(eth))
		return 0;
	type = eth->h_proto;
	at = eth + 1;
	for (int i = 0; i < TAGS_MAX && (type == bpf_htons(ETH_P_8021Q) ||
					 type == bpf_htons(ETH_P_8021AD));
	     i++) {
		const struct tag *tag = at;

		if ((const void *)(tag + 1) > end)
			return 0;
		type = tag->type;
		at = tag + 1;
	}
	if (type == bpf_htons(ETH_P_IP))
		return takes_v4(at, end);
	return type == bpf_htons(ETH_P_IPV6) && takes_v6(at, end);
}

SEC("xdp")
int windrose_dns(struct xdp_md *frame)
{
	const void *begin = (const void *)(long)frame->data;
	const void *end = (const void *)(long)frame->data_end;

	if (!takes(begin, end))
		return XDP_PASS;
	return (int)bpf_redirect_map(&sockets, frame->rx_queue_index, XDP_PASS);
}

/* Nothing here is the kernel's under its own license only. */
const char terms[] SEC("license") = "Apache-2.0";
