/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify -- tells the service manager that the daemon is ready.
 *
 * One datagram to the socket that $NOTIFY_SOCKET names, nothing without it:
 * sd_notify(3)'s protocol, which is stable and small enough not to need its
 * library.  Shell: reads the environment.
 */
#ifndef DNS_NOTIFY_H
#define DNS_NOTIFY_H

/* state: "READY=1", "STOPPING=1".  A manager that is not there is no error. */
void notify_manager(const char *state);


/* Ready, and the main process of the service is this one, also when it took
 * over from another. */
void notify_ready(void);

#endif
