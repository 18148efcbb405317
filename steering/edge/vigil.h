/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vigil -- a connection that is held open only to see its other end go away.
 *
 * A proxy that is stopped, dies or restarts closes it at that moment; then, as
 * soon as somebody listens again, back is called.  A proxy that closes idle
 * connections has it called once in a while: that does no harm.
 *
 * Shell; on the loop's thread.
 */
#ifndef STEERING_EDGE_VIGIL_H
#define STEERING_EDGE_VIGIL_H

struct error;
struct event_base;
struct vigil;

enum { VIGIL_FIRST_MS = 20, VIGIL_LAST_MS = 1000 }; /* between attempts */

/* Somebody listens, who did not or who was gone; from the loop. */
typedef void vigil_back(void *arg);

/* On a unix socket.  NULL with err set: too long a path, or no memory. */
struct vigil *vigil_start(struct event_base *loop, const char *path,
			  vigil_back *back, void *arg, struct error *err);

/* Accepts NULL. */
void vigil_stop(struct vigil *vigil);

#endif
