/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept -- what to do when a connection cannot be accepted.
 *
 * Without descriptors the listening socket stays readable, and its loop would
 * spin and fill the log.  Shell.
 */
#ifndef POLICY_BASE_ACCEPT_H
#define POLICY_BASE_ACCEPT_H

struct evconnlistener;

/* For evconnlistener_set_error_cb(): waits for 10 ms, in silence. */
void accept_pause(struct evconnlistener *listener, void *arg);

#endif
