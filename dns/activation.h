/* SPDX-License-Identifier: Apache-2.0 */
/*
 * activation -- listening sockets that the service manager opened.
 *
 * sd_listen_fds(3)'s protocol, which is stable and small enough not to need
 * its library: descriptors from 3 on, how many in $LISTEN_FDS, for whom in
 * $LISTEN_PID, their names in $LISTEN_FDNAMES.  Shell: reads and clears the
 * environment.
 */
#ifndef DNS_ACTIVATION_H
#define DNS_ACTIVATION_H

#include <stdbool.h>

struct error;
struct listeners;

#define ACTIVATION_DOT "dot"

/*
 * Adds to given what this process was started with: nothing, mostly.  A
 * datagram socket is for UDP, a stream socket for TCP, or for DNS over TLS
 * when it is named ACTIVATION_DOT.  Once, before other
 * descriptors are opened.  False with err set when one of them is no socket
 * that can be used.
 */
bool activation_take(struct listeners *given, struct error *err);

#endif
