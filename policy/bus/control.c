/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/bus/control.h"

#include "policy/base/accept.h"
#include "policy/base/error.h"
#include "policy/bus/control_socket.h"
#include "policy/bus/member.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <jansson.h>

enum {
	CALLS_MAX = 64,    /* open at a time; more are closed at once */
	CALL_IDLE_S = 10,  /* for the request line, and for its reader */
	CALL_OPEN_S = 120, /* for the answer to be made */
};

/* One connection: reads a line, is asked, writes a line, ends. */
struct control_call {
	struct control_call *next;
	struct control *control;
	struct bufferevent *connection;
	bool asked;    /* the handler has it: only control_answer() ends it */
	bool deserted; /* the asker has gone; the answer goes nowhere */
};

struct control {
	struct evconnlistener *listener;
	char *path;
	ino_t inode; /* of the socket file: another's is not removed */
	control_handler *handler;
	void *arg;
	struct control_call *calls;
	size_t call_count;
};

static void call_free(struct control_call *call)
{
	struct control_call **at = &call->control->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->control->call_count--;
	bufferevent_free(call->connection);
	free(call);
}

static void set_timeouts(struct control_call *call, int read_s, int write_s)
{
	struct timeval read = { read_s, 0 }, write = { write_s, 0 };

	bufferevent_set_timeouts(call->connection, read_s > 0 ? &read : NULL,
				 write_s > 0 ? &write : NULL);
}

static void on_written(struct bufferevent *connection, void *arg)
{
	(void)connection;
	call_free(arg);
}

/* The other end closed, stayed silent for too long, or broke. */
static void on_ended(struct bufferevent *connection, short what, void *arg)
{
	struct control_call *call = arg;

	if (!call->asked) {
		call_free(call);
		return;
	}
	/* Half closed, as socat(1) does: it still wants its answer. */
	if ((what & BEV_EVENT_EOF) != 0) {
		bufferevent_disable(connection, EV_READ);
		return;
	}
	bufferevent_disable(connection, EV_READ | EV_WRITE);
	call->deserted = true;
}

/* Takes ownership of line. */
static void send_line(struct control_call *call, char *line)
{
	struct evbuffer *out = bufferevent_get_output(call->connection);

	bufferevent_setcb(call->connection, NULL, on_written, on_ended, call);
	bufferevent_disable(call->connection, EV_READ);
	set_timeouts(call, 0, CALL_IDLE_S);
	if (line == NULL || evbuffer_add(out, line, strlen(line)) != 0 ||
	    evbuffer_add(out, "\n", 1) != 0)
		call_free(call);
	free(line);
}

static char *write_refusal(const char *text)
{
	json_t *answer = json_pack("{s:b, s:s}", "ok", 0, "error", text);
	char *line = json_dumps(answer, JSON_COMPACT);

	json_decref(answer);
	return line;
}

void control_answer(struct control_call *call, json_t *answer)
{
	char *line = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);

	json_decref(answer);
	call->asked = false;
	if (call->deserted) {
		free(line);
		call_free(call);
		return;
	}
	if (line != NULL && strlen(line) > CONTROL_ANSWER_MAX) {
		free(line);
		line = write_refusal("the answer is too long");
	}
	send_line(call, line);
}

bool control_peer(const struct control_call *call, struct control_peer *out)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(bufferevent_getfd(call->connection), SOL_SOCKET,
		       SO_PEERCRED, &peer, &len) != 0)
		return false;
	*out = (struct control_peer){ .pid = peer.pid, .uid = peer.uid };
	return true;
}

bool control_give(struct control_call *call, const int *fds, size_t count)
{
	return !call->deserted &&
	       control_socket_give(bufferevent_getfd(call->connection), fds,
				   count);
}

static void refuse(struct control_call *call, const char *text)
{
	send_line(call, write_refusal(text));
}

static void on_readable(struct bufferevent *connection, void *arg)
{
	struct control_call *call = arg;
	struct evbuffer *in = bufferevent_get_input(connection);
	struct error err;
	json_t *request;
	size_t len;
	char *line;

	line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
	if (line == NULL) {
		if (evbuffer_get_length(in) >= CONTROL_REQUEST_MAX)
			refuse(call, "the request is too long");
		return;
	}
	bufferevent_setcb(connection, NULL, NULL, on_ended, call);
	set_timeouts(call, CALL_OPEN_S, 0);
	request = member_load("request", line, len, CONTROL_REQUEST_MAX, &err);
	free(line);
	if (request == NULL) {
		refuse(call, err.text);
		return;
	}
	call->asked = true;
	call->control->handler(call->control->arg, request, call);
	json_decref(request);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *from, int from_len, void *arg)
{
	struct control *control = arg;
	struct control_call *call = NULL;

	(void)from, (void)from_len;
	if (control->call_count < CALLS_MAX)
		call = calloc(1, sizeof(*call));
	if (call != NULL)
		call->connection =
			bufferevent_socket_new(evconnlistener_get_base(
						       listener),
					       fd, BEV_OPT_CLOSE_ON_FREE);
	if (call == NULL || call->connection == NULL) {
		free(call);
		evutil_closesocket(fd);
		return;
	}
	call->control = control;
	call->next = control->calls;
	control->calls = call;
	control->call_count++;
	bufferevent_setcb(call->connection, on_readable, NULL, on_ended, call);
	bufferevent_setwatermark(call->connection, EV_READ, 0,
				 CONTROL_REQUEST_MAX);
	set_timeouts(call, CALL_IDLE_S, 0);
	bufferevent_enable(call->connection, EV_READ | EV_WRITE);
}

static bool listen_on(struct control *control, struct event_base *loop, int fd,
		      struct error *err)
{
	struct stat st;

	if (stat(control->path, &st) == 0)
		control->inode = st.st_ino;
	control->listener = evconnlistener_new(loop, on_accept, control,
					       LEV_OPT_CLOSE_ON_FREE |
						       LEV_OPT_CLOSE_ON_EXEC,
					       16, fd);
	if (control->listener != NULL) {
		evconnlistener_set_error_cb(control->listener, accept_pause);
		return true;
	}
	error_set(err, "%s: cannot listen: %s", control->path, strerror(errno));
	close(fd);
	return false;
}

struct control *control_adopt(struct event_base *loop, const char *path, int fd,
			      control_handler *handler, void *arg,
			      struct error *err)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL || (control->path = strdup(path)) == NULL) {
		error_set(err, "%s: out of memory", path);
		free(control);
		close(fd);
		return NULL;
	}
	control->handler = handler;
	control->arg = arg;
	if (listen_on(control, loop, fd, err))
		return control;
	control_stop(control);
	return NULL;
}

struct control *control_start(struct event_base *loop, const char *path,
			      control_handler *handler, void *arg,
			      struct error *err)
{
	int fd = control_socket_bind(path, err);

	return fd < 0 ? NULL : control_adopt(loop, path, fd, handler, arg, err);
}

int control_descriptor(const struct control *control)
{
	return evconnlistener_get_fd(control->listener);
}

void control_leave(struct control *control)
{
	control->inode = 0;
	evconnlistener_free(control->listener);
	control->listener = NULL;
}

/* Only what this one made: a successor may already listen there. */
static void remove_socket(const struct control *control)
{
	struct stat st;

	if (control->inode != 0 && stat(control->path, &st) == 0 &&
	    st.st_ino == control->inode)
		unlink(control->path);
}

/* The last answers were made on this turn: what the socket takes goes out. */
static void flush(struct control_call *call)
{
	struct evbuffer *out = bufferevent_get_output(call->connection);
	evutil_socket_t fd = bufferevent_getfd(call->connection);

	if (fd >= 0 && !call->deserted && evbuffer_get_length(out) > 0) {
		evbuffer_unfreeze(out, 1);
		evbuffer_write(out, fd);
	}
}

void control_stop(struct control *control)
{
	if (control == NULL)
		return;
	while (control->calls != NULL) {
		struct control_call *call = control->calls;

		flush(call);
		control->calls = call->next;
		bufferevent_free(call->connection);
		free(call);
	}
	remove_socket(control);
	if (control->listener != NULL)
		evconnlistener_free(control->listener);
	free(control->path);
	free(control);
}
