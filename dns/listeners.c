/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/listeners.h"

#include "policy/base/error.h"

#include <stdlib.h>
#include <string.h>

#include <unistd.h>

static const char *const kind_names[LISTENER_KINDS] = {
	[LISTENER_UDP] = "udp",
	[LISTENER_TCP] = "tcp",
	[LISTENER_DOT] = "dot",
};

const char *listener_kind_name(enum listener_kind kind)
{
	return kind_names[kind];
}

enum listener_kind listener_kind_parse(const char *word)
{
	enum listener_kind kind = LISTENER_UDP;

	while (kind < LISTENER_KINDS && strcmp(kind_names[kind], word) != 0)
		kind++;
	return kind;
}

/* Takes ownership of the descriptor, also when it fails. */
static bool put(struct listeners *all, const struct listener *one,
		struct error *err)
{
	struct listener *list =
		realloc(all->list, (all->count + 1) * sizeof(*list));

	if (list == NULL) {
		error_set(err, "out of memory for listen addresses");
		close(one->fd);
		return false;
	}
	all->list = list;
	list[all->count++] = *one;
	return true;
}

bool listener_same_place(const struct listener *a, const struct listener *b)
{
	return a->kind == b->kind && a->at.len == b->at.len &&
	       memcmp(&a->at.addr, &b->at.addr, a->at.len) == 0;
}

static void leave_out(struct listeners *all, size_t i)
{
	all->count--;
	memmove(&all->list[i], &all->list[i + 1],
		(all->count - i) * sizeof(all->list[0]));
}

/* An address of no octets is any. */
static bool is_wanted(const struct listener *one, const struct listener *wanted)
{
	return wanted->at.len == 0 ? one->kind == wanted->kind
				   : listener_same_place(one, wanted);
}

/* All that are wanted, in the order they have: how many, -1 on failure. */
static int take_given(struct listeners *all, struct listeners *given,
		      const struct listener *wanted, struct error *err)
{
	int taken = 0;

	for (size_t i = 0; i < given->count;) {
		struct listener one = given->list[i];

		if (!is_wanted(&one, wanted)) {
			i++;
			continue;
		}
		leave_out(given, i);
		if (!put(all, &one, err))
			return -1;
		taken++;
	}
	return taken;
}

static bool open_at(struct listeners *all, const struct listener *wanted,
		    unsigned sockets, struct error *err)
{
	for (unsigned i = 0; i < sockets; i++) {
		struct listener one = *wanted;

		one.fd = one.kind == LISTENER_UDP
				 ? socket_open_udp(&one.at, err)
				 : socket_open_tcp(&one.at, err);
		if (one.fd < 0 || !put(all, &one, err))
			return false;
	}
	return true;
}

/* Addresses for one kind of sockets. */
struct places {
	const char *const *texts;
	size_t count;
	enum listener_kind kind;
	unsigned sockets; /* for one that is opened */
};

static bool add_places(struct listeners *all, struct listeners *given,
		       const struct places *places, struct error *err)
{
	for (size_t i = 0; i < places->count; i++) {
		struct listener wanted = { .kind = places->kind };
		int taken;

		if (!socket_parse(places->texts[i], &wanted.at, err))
			return false;
		taken = take_given(all, given, &wanted, err);
		if (taken < 0 || (taken == 0 &&
				  !open_at(all, &wanted, places->sockets, err)))
			return false;
	}
	return true;
}

static bool has_kind(const struct listeners *all, enum listener_kind kind)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].kind == kind)
			return true;
	return false;
}

static bool take_kind(struct listeners *all, struct listeners *given,
		      enum listener_kind kind, struct error *err)
{
	const struct listener wanted = { .kind = kind };

	return take_given(all, given, &wanted, err) >= 0;
}

static bool add_plain(struct listeners *all, const struct listeners_wish *wish,
		      struct listeners *given, struct error *err)
{
	static const char *const by_default[] = { LISTENERS_DEFAULT };
	bool none = wish->listen_count == 0;
	struct places places = {
		.texts = none ? by_default : wish->listen,
		.count = none ? 1 : wish->listen_count,
		.kind = LISTENER_TCP,
		.sockets = 1,
	};

	if (none &&
	    (has_kind(given, LISTENER_TCP) || has_kind(given, LISTENER_UDP)))
		return take_kind(all, given, LISTENER_TCP, err) &&
		       take_kind(all, given, LISTENER_UDP, err);
	if (!add_places(all, given, &places, err))
		return false;
	places.kind = LISTENER_UDP;
	places.sockets = wish->workers;
	return add_places(all, given, &places, err);
}

bool listeners_open(struct listeners *all, const struct listeners_wish *wish,
		    struct listeners *given, struct error *err)
{
	const struct places dot = {
		.texts = wish->dot,
		.count = wish->dot_count,
		.kind = LISTENER_DOT,
		.sockets = 1,
	};

	if (wish->tls && wish->dot_count == 0 &&
	    !take_kind(all, given, LISTENER_DOT, err))
		return false;
	return add_places(all, given, &dot, err) &&
	       add_plain(all, wish, given, err);
}

bool listeners_adopt(struct listeners *all, int fd, enum listener_kind kind,
		     struct error *err)
{
	struct listener one = { .fd = fd, .kind = kind };
	int type = kind == LISTENER_UDP ? SOCK_DGRAM : SOCK_STREAM;

	if (socket_adopt(fd, type, &one.at, err))
		return put(all, &one, err);
	close(fd);
	return false;
}

bool listeners_merge(struct listeners *all, struct listeners *more,
		     struct error *err)
{
	size_t had = all->count;
	bool ok = true;

	while (ok && more->count > 0) {
		struct listener one = more->list[0];
		size_t i = 0;

		leave_out(more, 0);
		while (i < had && !listener_same_place(&all->list[i], &one))
			i++;
		if (i < had)
			close(one.fd);
		else
			ok = put(all, &one, err);
	}
	return ok;
}

void listeners_fini(struct listeners *all)
{
	for (size_t i = 0; i < all->count; i++)
		close(all->list[i].fd);
	free(all->list);
	*all = (struct listeners){ 0 };
}
