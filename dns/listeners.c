/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/listeners.h"

#include "policy/base/error.h"

#include <stdlib.h>
#include <string.h>

#include <unistd.h>

static const char *const kind_names[LISTENER_KINDS] = {
	[LISTENER_UDP] = "udp",
	[LISTENER_TCP] = "tcp",
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

/* Every one given for this place; *any says whether there was one. */
static bool take_given(struct listeners *all, struct listeners *given,
		       const struct listener *wanted, bool *any,
		       struct error *err)
{
	*any = false;
	for (size_t i = 0; i < given->count;) {
		struct listener one = given->list[i];

		if (!listener_same_place(&one, wanted)) {
			i++;
			continue;
		}
		leave_out(given, i);
		*any = true;
		if (!put(all, &one, err))
			return false;
	}
	return true;
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

static bool add_kind(struct listeners *all, const struct listeners_wish *wish,
		     struct listeners *given, enum listener_kind kind,
		     struct error *err)
{
	for (size_t i = 0; i < wish->listen_count; i++) {
		struct listener wanted = { .kind = kind };
		bool any;

		if (!socket_parse(wish->listen[i], &wanted.at, err) ||
		    !take_given(all, given, &wanted, &any, err))
			return false;
		if (!any &&
		    !open_at(all, &wanted,
			     kind == LISTENER_UDP ? wish->workers : 1, err))
			return false;
	}
	return true;
}

bool listeners_open(struct listeners *all, const struct listeners_wish *wish,
		    struct listeners *given, struct error *err)
{
	static const char *const by_default[] = { LISTENERS_DEFAULT };
	struct listeners_wish use = *wish;

	if (wish->listen_count == 0 && given->count > 0) {
		*all = *given;
		*given = (struct listeners){ 0 };
		return true;
	}
	if (wish->listen_count == 0) {
		use.listen = by_default;
		use.listen_count = 1;
	}
	return add_kind(all, &use, given, LISTENER_TCP, err) &&
	       add_kind(all, &use, given, LISTENER_UDP, err);
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
