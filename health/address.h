/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address -- where a probe goes, as sockets want it.  Shell: of sockets it uses
 * the types alone.
 */
#ifndef HEALTH_ADDRESS_H
#define HEALTH_ADDRESS_H

#include "policy/base/net.h"

#include <stdint.h>
#include <sys/socket.h>

/* addr is of a family; the length of what was filled in. */
socklen_t address_fill(const struct net_addr *addr, uint16_t port,
		       struct sockaddr_storage *to);

#endif
