/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/haproxy.h"

#include "policy/base/error.h"
#include "policy/bus/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WEIGHT_MAX = 256,
	COLUMNS = 9,        /* of a server's line that are read */
	FORCED_DRAIN = 0x8, /* SRV_ADMF_FDRAIN in srv_admin_state */
};

/* Columns of format version 1, counted from 0. */
enum {
	COLUMN_BACKEND = 1,
	COLUMN_NAME = 3,
	COLUMN_ADMIN = 6,
	COLUMN_WEIGHT = 7,
	COLUMN_CONFIGURED = 8
};

static bool read_number(const char *text, uint32_t max, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n > max)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool read_name(const char *text, char out[HAPROXY_NAME_SIZE])
{
	if (strlen(text) >= HAPROXY_NAME_SIZE)
		return false;
	strcpy(out, text);
	return true;
}

/* One line of words; modifies it. */
static bool read_server(char *line, struct haproxy_server *out)
{
	struct haproxy_server s = { .drains = false };
	char *words[COLUMNS];
	char *rest = line;
	uint32_t admin;

	for (size_t i = 0; i < COLUMNS; i++) {
		words[i] = strsep(&rest, " ");
		if (words[i] == NULL)
			return false;
	}
	if (!read_name(words[COLUMN_BACKEND], s.backend) ||
	    !read_name(words[COLUMN_NAME], s.name) ||
	    !read_number(words[COLUMN_ADMIN], UINT16_MAX, &admin) ||
	    !read_number(words[COLUMN_WEIGHT], WEIGHT_MAX, &s.weight) ||
	    !read_number(words[COLUMN_CONFIGURED], WEIGHT_MAX, &s.configured))
		return false;
	s.drains = (admin & FORCED_DRAIN) != 0;
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

void haproxy_state_fini(struct haproxy_state *state)
{
	free(state->servers);
	*state = (struct haproxy_state){ 0 };
}

/* Is this the server of that endpoint?  HAProxy's names have no "/". */
static bool is_server_of(const char *server, const char *endpoint)
{
	for (; *server != '\0' || *endpoint != '\0'; server++, endpoint++)
		if (*server != (*endpoint == '/' ? '.' : *endpoint))
			return false;
	return true;
}

const struct plan_share *haproxy_find_share(const struct plan *plan,
					    const char *service,
					    const char *server)
{
	for (size_t i = 0; i < plan->share_count; i++)
		if (strcmp(plan->shares[i].service, service) == 0 &&
		    is_server_of(server, plan->shares[i].endpoint))
			return &plan->shares[i];
	return NULL;
}

/* What a server should be at, going by its share (NULL: full). */
static uint32_t wanted_weight(const struct haproxy_server *server,
			      const struct plan_share *share)
{
	uint32_t full = server->configured;
	double weight;

	if (share == NULL)
		return full;
	if (share->weight >= 0)
		full = share->weight > WEIGHT_MAX ? WEIGHT_MAX
						  : (uint32_t)share->weight;
	weight = full * share->share + 0.5;
	if (share->share > 0 && full > 0 && weight < 1)
		return 1;
	return (uint32_t)weight;
}

/* Every server that the plan names for the service must be there. */
static bool check_names(const struct haproxy_state *state,
			const struct plan *plan,
			const struct haproxy_route *route, struct error *err)
{
	for (size_t i = 0; i < plan->share_count; i++) {
		const struct plan_share *share = &plan->shares[i];
		bool there = false;

		if (strcmp(share->service, route->service) != 0)
			continue;
		for (size_t j = 0; j < state->count && !there; j++)
			there = strcmp(state->servers[j].backend,
				       route->backend) == 0 &&
				is_server_of(state->servers[j].name,
					     share->endpoint);
		/* A canary that this proxy has no server for takes nobody
		 * here: that is a choice, not a mistake. */
		if (!there && share->cause != PLAN_CANARY) {
			error_set(err, "HAProxy has no server %s/%s",
				  route->backend, share->endpoint);
			return false;
		}
	}
	return true;
}

/* A backend keeps at least one server that takes clients. */
static bool check_left(const struct haproxy_state *state,
		       const struct plan *plan,
		       const struct haproxy_route *route, struct error *err)
{
	bool known = false;

	for (size_t i = 0; i < state->count; i++) {
		const struct haproxy_server *s = &state->servers[i];

		if (strcmp(s->backend, route->backend) != 0)
			continue;
		known = true;
		if (wanted_weight(s, haproxy_find_share(plan, route->service,
							s->name)) > 0)
			return true;
	}
	if (!known)
		error_set(err, "HAProxy has no backend \"%s\"; see --backend",
			  route->backend);
	else
		error_set(err,
			  "the plan leaves backend \"%s\" no server; what "
			  "it has is kept",
			  route->backend);
	return false;
}

/* Servers come back before others go, so that there is always one. */
static void write_changes(const struct haproxy_state *state,
			  const struct plan *plan,
			  const struct haproxy_route *route, bool raise,
			  FILE *out)
{
	for (size_t i = 0; i < state->count; i++) {
		const struct haproxy_server *s = &state->servers[i];
		uint32_t weight;
		bool drains;

		if (strcmp(s->backend, route->backend) != 0)
			continue;
		weight = wanted_weight(s,
				       haproxy_find_share(plan, route->service,
							  s->name));
		drains = weight == 0;
		if (raise != (weight > s->weight || (s->drains && !drains)))
			continue;
		if (!drains && weight != s->weight)
			fprintf(out, "set server %s/%s weight %u\n", s->backend,
				s->name, weight);
		if (drains != s->drains)
			fprintf(out, "set server %s/%s state %s\n", s->backend,
				s->name, drains ? "drain" : "ready");
	}
}

/* One route's commands; what comes back comes first. */
static void write_route(const struct haproxy_state *state,
			const struct plan *plan,
			const struct haproxy_route *route, FILE *out)
{
	write_changes(state, plan, route, true, out);
	write_changes(state, plan, route, false, out);
}

char *haproxy_commands(const struct haproxy_state *state,
		       const struct plan *plan,
		       const struct haproxy_route *routes, size_t route_count,
		       struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	error_set(err, "out of memory");
	if (out == NULL)
		return NULL;
	error_set(err, "%s", "");
	for (size_t i = 0; i < route_count; i++)
		if (check_left(state, plan, &routes[i], err) &&
		    check_names(state, plan, &routes[i], err))
			write_route(state, plan, &routes[i], out);
	if (fclose(out) == 0)
		return text;
	free(text);
	error_set(err, "out of memory");
	return NULL;
}
