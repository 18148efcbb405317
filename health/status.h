/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status -- what a prober answers who asks at its control socket.
 *
 * Shell: reads the clock.
 */
#ifndef HEALTH_STATUS_H
#define HEALTH_STATUS_H

struct account;
struct json_t;

/* Targets in a status: what a line of the control socket can hold. */
enum { STATUS_SHOWN_MAX = 1000 };

/*
 * The node's record, "load" and "targets", one object each.  Of more than
 * STATUS_SHOWN_MAX targets those that are plainly up are left out, and what is
 * too much still; "left_out" counts them.  stretch: reported; 0: none yet.  A
 * new reference, NULL when memory runs out.
 */
struct json_t *status_write(const struct account *a, double stretch);

#endif
