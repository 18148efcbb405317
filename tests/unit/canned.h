/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canned -- a server on loopback for tests: whatever is asked, it says the
 * same octets and then closes, or does not.  Shell.
 */
#ifndef TESTS_UNIT_CANNED_H
#define TESTS_UNIT_CANNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct canned;
struct event_base;

struct canned_say {
	const char *octets; /* borrowed; NULL: nothing is ever said */
	size_t len;
	size_t repeat; /* so many times; 0 is once */
	bool stays;    /* keeps the connection open afterwards */
	/* What a connection's second request is told, which then closes;
	 * borrowed; NULL: the same again. */
	const char *again;
	int delay_ms; /* before speaking */
};

/* Listens on a port of the system's choice at address ("127.0.0.1", "::1");
 * NULL when that cannot be. */
struct canned *canned_start(struct event_base *loop, const char *address);
uint16_t canned_port(const struct canned *c);

/* From the next connection on. */
void canned_set(struct canned *c, const struct canned_say *say);
/* The same of a text, so many times; NULL: nothing, and nothing is closed. */
void canned_set_text(struct canned *c, const char *text, size_t repeat);

/* No longer listens, as a dead process would; canned_rise() does again. */
void canned_fall(struct canned *c);
void canned_rise(struct canned *c);

/* Closes every connection there is. */
void canned_hang_up(struct canned *c);

unsigned canned_accepted(const struct canned *c);
/* The head of the last request. */
const char *canned_request(const struct canned *c);
void canned_stop(struct canned *c);

#endif
