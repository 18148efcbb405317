/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_socket -- the unix sockets under policy/bus/control: bound so that
 * only owner and group may connect, and asked without an event loop.  Shell.
 */
#ifndef POLICY_BUS_CONTROL_SOCKET_H
#define POLICY_BUS_CONTROL_SOCKET_H

struct error;

/*
 * A bound, non-blocking socket with mode 0660 that nobody else answers on; a
 * socket file left by a dead process is replaced, any other file is not.  -1
 * with err set.
 */
int control_socket_bind(const char *path, struct error *err);

#endif
