/* SPDX-License-Identifier: Apache-2.0 */
/*
 * haproxy_state -- what HAProxy says of itself over its runtime socket: its
 * servers, and the entries of a map.
 *
 * Source: HAProxy 2.6 management guide, 9.3 "show servers state", "show map",
 * and include/haproxy/server-t.h for the bits of srv_admin_state.  Pure.
 */
#ifndef STEERING_EDGE_HAPROXY_STATE_H
#define STEERING_EDGE_HAPROXY_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
	HAPROXY_NAME_SIZE = 64,
	HAPROXY_SERVERS_MAX = 4096,
	HAPROXY_KEY_SIZE = 130, /* SERVICE/CANARY */
	HAPROXY_ENTRIES_MAX = 4096,
};

/* What somebody, we or a person, made of a server. */
enum haproxy_admin { HAPROXY_READY, HAPROXY_DRAIN, HAPROXY_MAINT };

struct haproxy_server {
	char backend[HAPROXY_NAME_SIZE];
	char name[HAPROXY_NAME_SIZE];
	uint32_t weight;     /* in force, 0..256 */
	uint32_t configured; /* in the file, 0..256 */
	enum haproxy_admin admin;
};

struct haproxy_entry {
	char key[HAPROXY_KEY_SIZE];
	uint64_t value;
};

struct haproxy_state {
	struct haproxy_server *servers; /* owned */
	size_t count;
	struct haproxy_entry *entries; /* owned; of the map of cohorts */
	size_t entry_count;
};

/*
 * Reads the answer to "show servers state".  False with err set when it is not
 * one (another version of the format, cut short); out is untouched then.
 */
bool haproxy_state_parse(const char *text, size_t len,
			 struct haproxy_state *out, struct error *err);

/*
 * Reads the answer to "show map FILE" into the entries of state, which has
 * none yet.  Entries whose value is no number are somebody else's, and left
 * out.  False with err set, which has HAProxy's own words, when it is no such
 * answer.
 */
bool haproxy_map_parse(const char *text, size_t len,
		       struct haproxy_state *state, struct error *err);

/*
 * Judges the answer to "set server" and "set map", which is empty lines when
 * all is well.  False with err set, which has HAProxy's own words.
 */
bool haproxy_done_parse(const char *text, size_t len, struct error *err);

void haproxy_state_fini(struct haproxy_state *state);

#endif
