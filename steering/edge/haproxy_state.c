/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/haproxy_state.h"

#include "policy/base/error.h"

#include <stdlib.h>
#include <string.h>

enum {
	WEIGHT_MAX = 256,
	COLUMNS = 9,                     /* of a server's line that are read */
	MAINT_BITS = 0x01 | 0x02 | 0x04, /* forced, inherited, in the file */
	DRAIN_BITS = 0x08,               /* forced */
	WORDS_MAX = 120, /* octets of HAProxy's own words told */
};

/* Columns of format version 1, counted from 0. */
enum {
	COLUMN_BACKEND = 1,
	COLUMN_NAME = 3,
	COLUMN_ADMIN = 6,
	COLUMN_WEIGHT = 7,
	COLUMN_CONFIGURED = 8
};

static bool read_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n > max)
		return false;
	*out = n;
	return true;
}

static bool read_weight(const char *text, uint32_t *out)
{
	uint64_t n;

	if (!read_number(text, WEIGHT_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool read_word(const char *text, char *out, size_t size)
{
	size_t len = strlen(text);

	if (len == 0 || len >= size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

/* HAProxy has names of these characters alone (configuration manual, 2.2), and
 * they go into commands. */
static bool read_name(const char *text, char *out, size_t size)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_.:";

	return text[strspn(text, allowed)] == '\0' &&
	       read_word(text, out, size);
}

/* One line of words; modifies it. */
static bool read_server(char *line, struct haproxy_server *out)
{
	struct haproxy_server s = { .admin = HAPROXY_READY };
	char *words[COLUMNS];
	char *rest = line;
	uint64_t admin;

	for (size_t i = 0; i < COLUMNS; i++) {
		words[i] = strsep(&rest, " ");
		if (words[i] == NULL)
			return false;
	}
	if (!read_name(words[COLUMN_BACKEND], s.backend, sizeof(s.backend)) ||
	    !read_name(words[COLUMN_NAME], s.name, sizeof(s.name)) ||
	    !read_number(words[COLUMN_ADMIN], UINT16_MAX, &admin) ||
	    !read_weight(words[COLUMN_WEIGHT], &s.weight) ||
	    !read_weight(words[COLUMN_CONFIGURED], &s.configured))
		return false;
	s.admin = (admin & MAINT_BITS) != 0   ? HAPROXY_MAINT
		  : (admin & DRAIN_BITS) != 0 ? HAPROXY_DRAIN
					      : HAPROXY_READY;
	*out = s;
	return true;
}

static bool read_lines(char *text, struct haproxy_state *state,
		       struct error *err)
{
	char *rest = text;
	char *line = strsep(&rest, "\n");

	if (line == NULL || strcmp(line, "1") != 0) {
		error_set(err, "HAProxy did not answer \"show servers state\" "
			       "in format 1");
		return false;
	}
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0' || *line == '#')
			continue;
		if (state->count == HAPROXY_SERVERS_MAX ||
		    !read_server(line, &state->servers[state->count])) {
			error_set(err,
				  "HAProxy's server line %zu is not "
				  "understood",
				  state->count + 1);
			return false;
		}
		state->count++;
	}
	return true;
}

bool haproxy_state_parse(const char *text, size_t len,
			 struct haproxy_state *out, struct error *err)
{
	struct haproxy_state state = { 0 };
	char *copy = strndup(text, len);
	bool ok = false;

	state.servers = calloc(HAPROXY_SERVERS_MAX, sizeof(*state.servers));
	if (copy == NULL || state.servers == NULL)
		error_set(err, "out of memory");
	else
		ok = read_lines(copy, &state, err);
	free(copy);
	if (!ok) {
		haproxy_state_fini(&state);
		return false;
	}
	*out = state;
	return true;
}

/* HAProxy's own words, as far as they go. */
static void quote(const char *line, struct error *err)
{
	error_set(err, "HAProxy says: %.*s", WORDS_MAX, line);
}

/* "ADDRESS KEY VALUE"; modifies it. */
static bool read_entry(char *line, struct haproxy_state *state,
		       struct error *err)
{
	struct haproxy_entry *entry = &state->entries[state->entry_count];
	char *key = strchr(line, ' ');
	char *value = key == NULL ? NULL : strchr(key + 1, ' ');

	if (strncmp(line, "0x", 2) != 0 || value == NULL) {
		quote(line, err);
		return false;
	}
	*value = '\0';
	if (!read_word(key + 1, entry->key, sizeof(entry->key)) ||
	    !read_number(value + 1, UINT64_MAX, &entry->value))
		return true;
	if (++state->entry_count <= HAPROXY_ENTRIES_MAX)
		return true;
	error_set(err, "the map has more than %d entries", HAPROXY_ENTRIES_MAX);
	return false;
}

bool haproxy_map_parse(const char *text, size_t len,
		       struct haproxy_state *state, struct error *err)
{
	char *copy = strndup(text, len);
	char *rest = copy, *line;
	bool ok = true;

	state->entries =
		calloc(HAPROXY_ENTRIES_MAX + 1, sizeof(*state->entries));
	if (copy == NULL || state->entries == NULL) {
		error_set(err, "out of memory");
		free(copy);
		return false;
	}
	while (ok && (line = strsep(&rest, "\n")) != NULL)
		ok = *line == '\0' || read_entry(line, state, err);
	free(copy);
	return ok;
}

bool haproxy_done_parse(const char *text, size_t len, struct error *err)
{
	size_t at = 0, end;

	while (at < len && (text[at] == '\n' || text[at] == ' '))
		at++;
	if (at == len)
		return true;
	for (end = at; end < len && text[end] != '\n' && end - at < WORDS_MAX;)
		end++;
	error_set(err, "HAProxy says: %.*s", (int)(end - at), text + at);
	return false;
}

void haproxy_state_fini(struct haproxy_state *state)
{
	free(state->servers);
	free(state->entries);
	*state = (struct haproxy_state){ 0 };
}
