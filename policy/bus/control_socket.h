/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_socket -- the unix sockets under policy/bus/control: bound so that
 * only owner and group may connect, and asked without an event loop.  Shell.
 */
#ifndef POLICY_BUS_CONTROL_SOCKET_H
#define POLICY_BUS_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * A bound, non-blocking socket with mode 0660 that nobody else answers on; a
 * socket file left by a dead process is replaced, any other file is not.  -1
 * with err set.
 */
int control_socket_bind(const char *path, struct error *err);

/*
 * Sends descriptors over a connected unix socket, each lot with a blank, which
 * JSON does not mind ahead of a text.  False when not all of them go.
 */
bool control_socket_give(int fd, const int *fds, size_t count);

#endif
