/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listeners -- the sockets that questions come in by, wherever they are from.
 *
 * Opened here, given by a service manager, or taken over from the responder
 * that ran before: from then on they are the same.  Several UDP sockets of one
 * address stand side by side; the kernel spreads the questions over them.
 * TCP is opened first: its ports are one process's alone, so that a second
 * responder, started by mistake, fails before it takes a single datagram.
 * Shell.
 */
#ifndef DNS_LISTENERS_H
#define DNS_LISTENERS_H

#include "dns/socket.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

enum listener_kind {
	LISTENER_UDP,
	LISTENER_TCP,
	LISTENER_DOT, /* TLS over TCP */
	LISTENER_KINDS
};

struct listener {
	int fd;
	enum listener_kind kind;
	struct socket_address at;
};

/* Owns the descriptors.  Zeroed, it is empty. */
struct listeners {
	struct listener *list;
	size_t count;
};

#define LISTENERS_DEFAULT "127.0.0.1:5300"

/* What shall be listened on. */
struct listeners_wish {
	const char *const *listen; /* "ADDR:PORT": UDP and TCP */
	size_t listen_count;
	const char *const *dot; /* "ADDR:PORT": DNS over TLS */
	size_t dot_count;
	bool tls; /* there is a certificate, so given DOT sockets are taken */
	unsigned workers; /* UDP sockets for an address opened here */
};

/*
 * Fills all, which is empty, with what is wished: from given where that has
 * the address, opened where not.  With no wish, given is taken as it is; with
 * neither, LISTENERS_DEFAULT is opened.  given is left with what nobody wants.
 * False with err set; both are to be finished by the caller in any case.
 */
bool listeners_open(struct listeners *all, const struct listeners_wish *wish,
		    struct listeners *given, struct error *err);

/*
 * Takes ownership of fd, a socket that some other process opened, and fits it
 * for use.  False with err set when it is none of the kind, or not bound; fd
 * is then closed.
 */
bool listeners_adopt(struct listeners *all, int fd, enum listener_kind kind,
		     struct error *err);

/* Moves over from more what stands where all has nothing; closes the rest. */
bool listeners_merge(struct listeners *all, struct listeners *more,
		     struct error *err);

/* Of one kind and bound to the same address and port. */
bool listener_same_place(const struct listener *a, const struct listener *b);

/* "udp", "tcp", "dot"; and back: LISTENER_KINDS for any other word. */
const char *listener_kind_name(enum listener_kind kind);
enum listener_kind listener_kind_parse(const char *word);

/* Closes all and is empty again. */
void listeners_fini(struct listeners *all);

#endif
