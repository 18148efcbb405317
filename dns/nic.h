/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nic -- what a network interface says of itself.  Shell.
 *
 * Source: netdevice(7); linux/ethtool.h.
 */
#ifndef DNS_NIC_H
#define DNS_NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net/if.h>

struct error;

enum { NIC_STATION_OCTETS = 6 };

struct nic {
	char name[IF_NAMESIZE];
	unsigned index;
	size_t mtu;                          /* octets */
	uint8_t station[NIC_STATION_OCTETS]; /* its Ethernet address */
	unsigned queues; /* that it receives by; 1 when it does not tell */
	bool takes_tags; /* takes VLAN tags off before anybody sees them */
	bool has_vlans;  /* there are VLAN interfaces on it */
};

/* False with err set: there is none of this name, or it is no Ethernet. */
bool nic_read(const char *name, struct nic *out, struct error *err);

#endif
