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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct control;
struct error;
struct event_base;
struct json_t;

/* Octets of a line.  An answer has the health of every endpoint there is. */
enum { CONTROL_REQUEST_MAX = 1 << 20, CONTROL_ANSWER_MAX = 64 << 20 };

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
 * {"ok": false, "error": TEXT} before any handler sees it; so is, instead of
 * it, an answer longer than CONTROL_ANSWER_MAX.
 */
void control_answer(struct control_call *call, struct json_t *answer);

/* Who asks, as the kernel says: SO_PEERCRED.  False when it does not. */
struct control_peer {
	int pid;
	unsigned uid;
};
bool control_peer(const struct control_call *call, struct control_peer *out);

/*
 * Sends descriptors, which stay the caller's, ahead of the answer, for
 * control_take().  False: the asker cannot have them.
 */
enum { CONTROL_DESCRIPTORS_MAX = 4096 };
bool control_give(struct control_call *call, const int *fds, size_t count);

/*
 * Listens on path.  A stale socket file is replaced, one that answers is "in
 * use".  NULL with err set.
 */
struct control *control_start(struct event_base *loop, const char *path,
			      control_handler *handler, void *arg,
			      struct error *err);

/*
 * Listens with fd, taken from the process that listened on path before.  Takes
 * ownership of fd.  NULL with err set.
 */
struct control *control_adopt(struct event_base *loop, const char *path, int fd,
			      control_handler *handler, void *arg,
			      struct error *err);

/* The listening socket, to be given away; borrowed. */
int control_descriptor(const struct control *control);

/* Somebody else listens with the same socket: control_stop() leaves the
 * socket file to him. */
void control_leave(struct control *control);

/* Accepts NULL.  Removes the socket file.  Open calls must not be answered
 * afterwards. */
void control_stop(struct control *control);

/*
 * The other end, blocking, for the command: a new reference to the answer, or
 * NULL with err set.
 */
struct json_t *control_ask(const char *path, const struct json_t *request,
			   int64_t timeout_ms, struct error *err);

/* Descriptors that came with an answer; close-on-exec, the caller's. */
struct control_taken {
	int *fds; /* to be freed */
	size_t count;
};

/* As control_ask(); out is filled also when it fails. */
struct json_t *control_take(const char *path, const struct json_t *request,
			    int64_t timeout_ms, struct control_taken *out,
			    struct error *err);

/* Does anybody listen on path? */
bool control_is_there(const char *path);

#endif
