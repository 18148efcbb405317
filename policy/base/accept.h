/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept -- the socket that connections come to, and what to do when one cannot
 * be accepted.
 *
 * Without descriptors the listening socket stays readable, and its loop would
 * spin and fill the log.  Shell.
 */
#ifndef POLICY_BASE_ACCEPT_H
#define POLICY_BASE_ACCEPT_H

struct error;
struct evconnlistener;
struct event_base;

/* For evconnlistener_set_error_cb(): waits for 10 ms, in silence. */
void accept_pause(struct evconnlistener *listener, void *arg);

/*
 * Listens at "ADDR:PORT", "[ADDR]:PORT", or "PORT" of 127.0.0.1, for
 * evhttp_bind_listener(), and pauses as above.  The port can be shared: a
 * successor binds it before its predecessor lets go.  NULL with err set.
 */
struct evconnlistener *accept_http(struct event_base *loop, const char *text,
				   int backlog, struct error *err);

#endif
