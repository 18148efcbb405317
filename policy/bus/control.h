/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control -- a daemon's own unix socket: the way in that needs no bus.
 *
 * One request a connection: a line of JSON, answered by a line of JSON.  The
 * socket's permissions (0660) are who may ask.  Shell: the program must ignore
 * SIGPIPE.
 */
#ifndef POLICY_BUS_CONTROL_H
#define POLICY_BUS_CONTROL_H

#include <stdint.h>

struct control;
struct error;
struct event_base;
struct json_t;

enum { CONTROL_LINE_MAX = 1 << 20 };

/*
 * Answers one request, later or at once, with control_answer().  request is
 * borrowed for the call.
 */
struct control_call;
typedef void control_handler(void *arg, const struct json_t *request,
			     struct control_call *call);

/*
 * Takes ownership of answer and ends the call: exactly once for each, also
 * when the asker has gone.  answer NULL: out of memory, the asker sees the
 * connection close.  What is no JSON object, or too long, is answered with
 * {"ok": false, "error": TEXT} before any handler sees it.
 */
void control_answer(struct control_call *call, struct json_t *answer);

/*
 * Listens on path.  A stale socket file is replaced, one that answers is "in
 * use".  NULL with err set.
 */
struct control *control_start(struct event_base *loop, const char *path,
			      control_handler *handler, void *arg,
			      struct error *err);

/* Accepts NULL.  Removes the socket file.  Open calls must not be answered
 * afterwards. */
void control_stop(struct control *control);

/*
 * The other end, blocking, for the command: a new reference to the answer, or
 * NULL with err set.
 */
struct json_t *control_ask(const char *path, const struct json_t *request,
			   int64_t timeout_ms, struct error *err);

#endif
