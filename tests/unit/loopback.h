/* SPDX-License-Identifier: Apache-2.0 */
/* loopback -- clients over the loopback interface, for tests of sockets. */
#ifndef TESTS_UNIT_LOOPBACK_H
#define TESTS_UNIT_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A test that waits longer than this for the network has failed. */
enum { LOOPBACK_PATIENCE_MS = 5000 };

/* A port that is free for UDP and TCP just now. */
uint16_t loopback_port(void);

/* Sockets connected to address:port, which give up after the patience. */
int loopback_udp(const char *address, uint16_t port);
int loopback_tcp(const char *address, uint16_t port);

/* Blocking; false on a short count, end of file or out of patience. */
bool loopback_write(int fd, const void *octets, size_t len);
bool loopback_read(int fd, void *octets, size_t len);

struct event_base;
/*
 * Turns the loop, on which the other side is served, until it has closed; what
 * came before that, as a text cut to size.  Closes fd.  Returns text.
 */
const char *loopback_read_all(struct event_base *loop, int fd, char *text,
			      size_t size);

/* One message behind its two octets of length. */
bool loopback_write_message(int fd, const void *octets, size_t len);
/* Its length, 0 when none came; at most size octets are kept. */
size_t loopback_read_message(int fd, void *octets, size_t size);

/* The other side has closed, and nothing more came. */
bool loopback_is_closed(int fd);

/* A query for NAME ("www.example.com"), its length; type A is 1. */
size_t loopback_query(uint8_t *out, uint16_t id, const char *name,
		      uint16_t type);

#endif
