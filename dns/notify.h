/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify -- tells the service manager how the daemon is.
 *
 * One datagram to the socket that $NOTIFY_SOCKET names, nothing without it:
 * sd_notify(3)'s protocol, which is stable and small enough not to need its
 * library.  A manager that is not there is no error.  Shell: reads the
 * environment.
 */
#ifndef DNS_NOTIFY_H
#define DNS_NOTIFY_H

struct error;
struct event_base;
struct notify_watchdog;

/* state: "STOPPING=1", "STATUS=...", lines of them. */
void notify_manager(const char *state);

/* Ready, and the main process of the service is this one, also when it took
 * over from another.  status: a few words for who looks. */
void notify_ready(const char *status);

/* Loading again, until notify_ready(). */
void notify_reloading(void);

/*
 * Tells the manager that the loop still turns, twice in the time that
 * $WATCHDOG_USEC allows; without that variable, or when it is meant for
 * another process, never.  NULL with err set when memory runs out.
 */
struct notify_watchdog *notify_watchdog_start(struct event_base *loop,
					      struct error *err);

/* Accepts NULL. */
void notify_watchdog_stop(struct notify_watchdog *watchdog);

#endif
