/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/handover.h"

#include "policy/base/error.h"
#include "policy/bus/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>

/* What is given before the listening sockets. */
enum { GIVEN_LINE, GIVEN_CONTROL, GIVEN_FIXED };

static const char relieved_word[] = "relieved";

struct handover {
	int line[2]; /* ours, theirs until it is sent */
	struct event *event;
	void (*done)(void *arg, bool relieved);
	void *arg;
};

static void on_line(evutil_socket_t fd, short what, void *arg)
{
	struct handover *h = arg;
	char word[sizeof(relieved_word)];
	ssize_t got = read(fd, word, sizeof(word));

	(void)what;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	event_del(h->event);
	h->done(h->arg, got == sizeof(word) &&
				memcmp(word, relieved_word, sizeof(word)) == 0);
}

static bool open_line(struct handover *h, struct event_base *loop)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, h->line) != 0) {
		h->line[0] = h->line[1] = -1;
		return false;
	}
	h->event =
		event_new(loop, h->line[0], EV_READ | EV_PERSIST, on_line, h);
	return h->event != NULL && event_add(h->event, NULL) == 0;
}

static bool send_all(const struct handover *h, struct control_call *call,
		     const struct handover_offer *offer)
{
	const struct listeners *all = offer->listeners;
	int *fds = calloc(GIVEN_FIXED + all->count, sizeof(*fds));
	bool ok = fds != NULL;

	if (ok) {
		fds[GIVEN_LINE] = h->line[1];
		fds[GIVEN_CONTROL] = offer->control_fd;
		for (size_t i = 0; i < all->count; i++)
			fds[GIVEN_FIXED + i] = all->list[i].fd;
		ok = control_give(call, fds, GIVEN_FIXED + all->count);
	}
	free(fds);
	return ok;
}

static json_t *write_kinds(const struct listeners *all)
{
	json_t *kinds = json_array();

	for (size_t i = 0; i < all->count; i++)
		json_array_append_new(kinds, json_string(listener_kind_name(
						     all->list[i].kind)));
	return json_pack("{s:b, s:o}", "ok", 1, "kinds", kinds);
}

struct handover *handover_give(struct event_base *loop,
			       struct control_call *call,
			       const struct handover_offer *offer,
			       struct error *err)
{
	struct handover *h = calloc(1, sizeof(*h));

	if (h != NULL && open_line(h, loop) && send_all(h, call, offer)) {
		close(h->line[1]);
		h->line[1] = -1;
		h->done = offer->done;
		h->arg = offer->arg;
		control_answer(call, write_kinds(offer->listeners));
		return h;
	}
	error_set(err, "cannot give the sockets away: %s", strerror(errno));
	control_answer(call,
		       json_pack("{s:b, s:s}", "ok", 0, "error", err->text));
	handover_free(h);
	return NULL;
}

void handover_free(struct handover *h)
{
	if (h == NULL)
		return;
	if (h->event != NULL)
		event_free(h->event);
	for (size_t i = 0; i < 2; i++)
		if (h->line[i] >= 0)
			close(h->line[i]);
	free(h);
}

void takeover_init(struct takeover *t)
{
	*t = (struct takeover){ .control_fd = -1, .line = -1 };
}

/* The next descriptor, which is no longer the answer's; -1: there is none. */
static int next_taken(struct control_taken *taken, size_t i)
{
	int fd = i < taken->count ? taken->fds[i] : -1;

	if (fd >= 0)
		taken->fds[i] = -1;
	return fd;
}

static bool adopt(struct takeover *t, const json_t *answer,
		  struct control_taken *taken, struct error *err)
{
	const json_t *kinds = json_object_get(answer, "kinds");
	size_t count = json_array_size(kinds);

	if (!json_is_true(json_object_get(answer, "ok"))) {
		const char *why =
			json_string_value(json_object_get(answer, "error"));

		error_set(err, "the running responder refuses: %s",
			  why == NULL ? "it does not say why" : why);
		return false;
	}
	if (count == 0 || taken->count != GIVEN_FIXED + count) {
		error_set(err,
			  "the running responder gave %zu descriptors "
			  "instead of %zu; is this process at its limit "
			  "of open files?",
			  taken->count, GIVEN_FIXED + count);
		return false;
	}
	t->line = next_taken(taken, GIVEN_LINE);
	t->control_fd = next_taken(taken, GIVEN_CONTROL);
	for (size_t i = 0; i < count; i++) {
		const char *word = json_string_value(json_array_get(kinds, i));
		enum listener_kind kind =
			listener_kind_parse(word == NULL ? "" : word);
		int fd = next_taken(taken, GIVEN_FIXED + i);

		if (kind == LISTENER_KINDS)
			close(fd); /* of a newer one's */
		else if (!listeners_adopt(&t->listeners, fd, kind, err))
			return false;
	}
	return true;
}

bool takeover_ask(struct takeover *t, const char *path, struct error *err)
{
	struct control_taken taken = { 0 };
	json_t *request, *answer;
	bool ok;

	if (!control_is_there(path))
		return true;
	request = json_pack("{s:s}", "op", "take-over");
	answer = control_take(path, request, HANDOVER_ASK_MS, &taken, err);
	ok = answer != NULL && adopt(t, answer, &taken, err);
	for (size_t i = 0; i < taken.count; i++)
		if (taken.fds[i] >= 0)
			close(taken.fds[i]);
	free(taken.fds);
	json_decref(answer);
	json_decref(request);
	return ok;
}

void takeover_relieve(struct takeover *t)
{
	if (t->line < 0)
		return;
	/* When it fails, that one has ended already. */
	(void)!write(t->line, relieved_word, sizeof(relieved_word));
	close(t->line);
	t->line = -1;
}

void takeover_fini(struct takeover *t)
{
	listeners_fini(&t->listeners);
	if (t->control_fd >= 0)
		close(t->control_fd);
	if (t->line >= 0)
		close(t->line);
	takeover_init(t);
}
