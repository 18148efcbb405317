/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/xdp_filter.h"

#include "dns/listeners.h"
#include "dns/nic.h"
#include "dns/xdp_filter_object.h"
#include "dns/xdp_place.h"
#include "policy/base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_link.h>
#include <netinet/in.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

struct xdp_filter {
	struct bpf_object *object;
	int program, sockets; /* object's */
	int link;             /* -1: not attached */
	unsigned index;       /* of the interface */
};

static struct xdp_place place_of(const struct socket_address *at)
{
	struct xdp_place place = { 0 };
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (at->addr.ss_family == AF_INET) {
		memcpy(&v4, &at->addr, sizeof(v4));
		place.match = at->wildcard ? XDP_MATCH_ANY_V4 : XDP_MATCH_V4;
		place.port = v4.sin_port;
		place.address[0] = v4.sin_addr.s_addr;
	} else {
		memcpy(&v6, &at->addr, sizeof(v6));
		place.match = at->wildcard ? XDP_MATCH_ANY_V6 | XDP_MATCH_ANY_V4
					   : XDP_MATCH_V6;
		place.port = v6.sin6_port;
		memcpy(place.address, &v6.sin6_addr, sizeof(place.address));
	}
	return place;
}

/* Sockets of one address are one place. */
static bool list_places(const struct listeners *all, struct xdp_orders *orders,
			struct error *err)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct listener *one = &all->list[i];

		if (one->kind != LISTENER_UDP ||
		    (i > 0 && listener_same_place(one, one - 1)))
			continue;
		if (orders->count == XDP_PLACES_MAX) {
			error_set(err, "XDP is for %d listen addresses at most",
				  XDP_PLACES_MAX);
			return false;
		}
		orders->places[orders->count++] = place_of(&one->at);
	}
	return true;
}

static bool give_orders(struct bpf_object *object,
			const struct xdp_orders *orders)
{
	struct bpf_map *constants =
		bpf_object__find_map_by_name(object, ".rodata");

	return constants != NULL &&
	       bpf_map__set_initial_value(constants, orders, sizeof(*orders)) ==
		       0;
}

static bool load(struct xdp_filter *filter, const struct xdp_orders *orders)
{
	filter->object = bpf_object__open_mem(xdp_filter_object,
					      sizeof(xdp_filter_object), NULL);
	if (filter->object == NULL || !give_orders(filter->object, orders) ||
	    bpf_object__load(filter->object) != 0)
		return false;
	filter->program = bpf_program__fd(
		bpf_object__find_program_by_name(filter->object,
						 "windrose_dns"));
	filter->sockets =
		bpf_object__find_map_fd_by_name(filter->object, "sockets");
	return filter->program >= 0 && filter->sockets >= 0;
}

/* Whom nobody listens to: what goes wrong is said once, in our words. */
static int hear_nothing(enum libbpf_print_level level, const char *format,
			va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

struct xdp_filter *xdp_filter_open(const struct nic *nic,
				   const struct listeners *listeners,
				   struct error *err)
{
	struct xdp_orders orders = { 0 };
	struct xdp_filter *filter = calloc(1, sizeof(*filter));

	if (filter == NULL) {
		error_set(err, "out of memory for XDP");
		return NULL;
	}
	filter->link = -1;
	filter->index = nic->index;
	memcpy(orders.station, nic->station, sizeof(orders.station));
	if (!list_places(listeners, &orders, err)) {
		xdp_filter_free(filter);
		return NULL;
	}
	libbpf_set_print(hear_nothing);
	if (load(filter, &orders))
		return filter;
	error_set(err, "cannot load the XDP program for %s: %s%s", nic->name,
		  strerror(errno),
		  errno == EPERM || errno == EACCES
			  ? "; it needs root, or CAP_BPF, CAP_NET_ADMIN "
			    "and CAP_NET_RAW"
			  : "");
	xdp_filter_free(filter);
	return NULL;
}

bool xdp_filter_add(struct xdp_filter *filter, unsigned queue, int fd)
{
	return bpf_map_update_elem(filter->sockets, &queue, &fd, BPF_ANY) == 0;
}

/* By the driver where it can, or else as sockets do; EBUSY is EBUSY. */
bool xdp_filter_attach(struct xdp_filter *filter)
{
	const struct bpf_link_create_opts generic = {
		.sz = sizeof(generic),
		.flags = XDP_FLAGS_SKB_MODE,
	};

	filter->link = bpf_link_create(filter->program, (int)filter->index,
				       BPF_XDP, NULL);
	if (filter->link < 0 && errno != EBUSY)
		filter->link =
			bpf_link_create(filter->program, (int)filter->index,
					BPF_XDP, &generic);
	return filter->link >= 0;
}

void xdp_filter_detach(struct xdp_filter *filter)
{
	if (filter->link >= 0)
		close(filter->link);
	filter->link = -1;
}

void xdp_filter_free(struct xdp_filter *filter)
{
	if (filter == NULL)
		return;
	xdp_filter_detach(filter);
	bpf_object__close(filter->object);
	free(filter);
}
