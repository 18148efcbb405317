/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/haproxy.h"

#include "policy/base/error.h"
#include "policy/bus/plan.h"
#include "policy/decide/view.h"
#include "steering/edge/portions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT_MAX = 256 };

/* One service: its servers, those of canaries of their own too. */
struct service {
	const struct haproxy_state *state;
	const struct haproxy_config *config;
	const struct orders *orders;
	const struct haproxy_route *route; /* the stable one */
	struct portions portions;
	const struct haproxy_server *servers[PORTIONS_MAX];
	const struct haproxy_route *routes[PORTIONS_MAX]; /* of each */
	uint32_t weights[PORTIONS_MAX];                   /* wanted */
};

static const struct haproxy_server *
find_server(const struct haproxy_state *state, const char *backend,
	    const char *name)
{
	for (size_t i = 0; i < state->count; i++)
		if (strcmp(state->servers[i].backend, backend) == 0 &&
		    strcmp(state->servers[i].name, name) == 0)
			return &state->servers[i];
	return NULL;
}

/* "v2.us" is the canary's endpoint "v2/us" where there is a server "us". */
static void name_endpoint(const struct haproxy_state *state,
			  const struct haproxy_server *server,
			  char out[HAPROXY_NAME_SIZE])
{
	memcpy(out, server->name, HAPROXY_NAME_SIZE);
	for (char *dot = strchr(out, '.'); dot != NULL;
	     dot = strchr(dot + 1, '.'))
		if (find_server(state, server->backend, dot + 1) != NULL) {
			*dot = '/';
			return;
		}
}

static bool add_server(struct service *s, const struct haproxy_route *route,
		       const struct haproxy_server *server)
{
	char name[2 * HAPROXY_NAME_SIZE + PLAN_NAME_SIZE];
	size_t at = s->portions.count;

	if (route->canary != NULL)
		snprintf(name, sizeof(name), "%s/%s", route->canary,
			 server->name);
	else
		name_endpoint(s->state, server, name);
	if (!portions_add(&s->portions, name, server->configured))
		return false;
	s->servers[at] = server;
	s->routes[at] = route;
	return true;
}

static bool add_servers(struct service *s, const struct haproxy_route *route,
			struct error *err)
{
	bool known = false;

	for (size_t i = 0; i < s->state->count; i++) {
		const struct haproxy_server *server = &s->state->servers[i];

		if (strcmp(server->backend, route->backend) != 0)
			continue;
		known = true;
		if (!add_server(s, route, server)) {
			error_set(err,
				  "backend \"%s\" has too many servers, or "
				  "names too long",
				  route->backend);
			return false;
		}
	}
	if (!known)
		error_set(err, "HAProxy has no backend \"%s\"; see --backend",
			  route->backend);
	return known;
}

static bool is_canary_of(const struct haproxy_route *route,
			 const struct haproxy_route *stable)
{
	return route->canary != NULL &&
	       strcmp(route->service, stable->service) == 0;
}

/* Every server that the plan names for the service must be there. */
static bool check_names(const struct service *s, struct error *err)
{
	const char *missing =
		portions_missing(&s->portions, s->orders, s->route->service);

	if (missing != NULL)
		error_set(err, "HAProxy has no server %s/%s", s->route->backend,
			  missing);
	return missing == NULL;
}

/*
 * A backend keeps at least one server that takes clients.  Where people have
 * every server in maintenance, nothing that is said here matters.
 */
static bool check_left(const struct service *s, struct error *err)
{
	bool any = false, open = false;

	for (size_t i = 0; i < s->portions.count; i++) {
		if (s->routes[i]->canary != NULL ||
		    (s->servers[i]->admin == HAPROXY_MAINT &&
		     !s->config->maint_at_zero))
			continue;
		open = true;
		any = any || s->weights[i] > 0;
	}
	if (!open || any)
		return true;
	error_set(err,
		  "the plan leaves backend \"%s\" no server; what it has is "
		  "kept",
		  s->route->backend);
	return false;
}

/*
 * By how much the parts of a backend are scaled.  What a canary's own backend
 * gets is chosen before, and only its servers' proportions matter: they are
 * made as fine as HAProxy can.  So it is for the stable servers beside such a
 * canary: what it takes of all of them alike does not concern them.
 */
static double scale_of(const struct service *s, const struct haproxy_route *r)
{
	double most = 0, left = 0;

	for (size_t i = 0; i < s->portions.count; i++) {
		const struct portion *part = &s->portions.parts[i];

		if (s->routes[i] != r)
			continue;
		most = part->part > most ? part->part : most;
		if (part->whole > 0 && part->part / part->whole > left)
			left = part->part / part->whole;
	}
	if (r->canary != NULL)
		return most > 0 ? WEIGHT_MAX / most : 0;
	if (s->config->map != NULL && left > 0 && most / left <= WEIGHT_MAX)
		return 1 / left;
	return most > WEIGHT_MAX ? WEIGHT_MAX / most : 1;
}

static uint32_t weight_of(double part)
{
	if (part > 0 && part < 1)
		return 1;
	return part + 0.5 > WEIGHT_MAX ? WEIGHT_MAX : (uint32_t)(part + 0.5);
}

/* The stable servers of a backend that all clients leave by the map. */
static bool is_left_by_map(const struct service *s)
{
	if (s->config->map == NULL || !portions_serves(&s->portions))
		return false;
	for (size_t i = 0; i < s->portions.count; i++)
		if (s->routes[i]->canary == NULL &&
		    s->portions.parts[i].part > 0)
			return false;
	return true;
}

static void weigh(struct service *s)
{
	/* Requests that no session is known of still have to go somewhere. */
	bool left = is_left_by_map(s);

	for (size_t i = 0; i < s->portions.count; i++) {
		const struct portion *part = &s->portions.parts[i];
		double scale = scale_of(s, s->routes[i]);

		if (s->routes[i]->canary != NULL && scale <= 0)
			s->weights[i] = s->servers[i]->weight;
		else if (s->routes[i]->canary == NULL && left)
			s->weights[i] = weight_of(part->whole);
		else
			s->weights[i] = weight_of(scale * part->part);
	}
}

static const char *state_word(enum haproxy_admin admin)
{
	return admin == HAPROXY_READY   ? "ready"
	       : admin == HAPROXY_DRAIN ? "drain"
					: "maint";
}

/* What a server is to be; a canary nobody is sent to stays as it is. */
static enum haproxy_admin wanted_admin(const struct service *s, size_t i)
{
	enum haproxy_admin now = s->servers[i]->admin;

	if (now == HAPROXY_MAINT && !s->config->maint_at_zero)
		return now;
	if (s->weights[i] > 0)
		return HAPROXY_READY;
	return s->config->maint_at_zero ? HAPROXY_MAINT : HAPROXY_DRAIN;
}

/* Servers come back before others go, so that there is always one. */
static void write_changes(const struct service *s, bool raise, FILE *out)
{
	for (size_t i = 0; i < s->portions.count; i++) {
		const struct haproxy_server *server = s->servers[i];
		enum haproxy_admin admin = wanted_admin(s, i);
		uint32_t weight = s->weights[i];

		if (raise != (weight > server->weight ||
			      (weight > 0 && admin != server->admin)))
			continue;
		if (weight > 0 && weight != server->weight)
			fprintf(out, "set server %s/%s weight %u\n",
				server->backend, server->name, weight);
		if (admin != server->admin)
			fprintf(out, "set server %s/%s state %s\n",
				server->backend, server->name,
				state_word(admin));
	}
}

static const struct haproxy_entry *find_entry(const struct haproxy_state *state,
					      const char *key)
{
	for (size_t i = 0; i < state->entry_count; i++)
		if (strcmp(state->entries[i].key, key) == 0)
			return &state->entries[i];
	return NULL;
}

static void name_key(const struct haproxy_route *route,
		     char key[HAPROXY_KEY_SIZE])
{
	snprintf(key, HAPROXY_KEY_SIZE, "%s/%s", route->service, route->canary);
}

/* All is one more than the greatest draw. */
static uint64_t threshold_of(double share)
{
	uint32_t accept = accept_of(share);

	return accept == ACCEPT_ALL ? UINT64_C(1) << 32 : accept;
}

/* Who leaves a canary leaves before its servers go, who comes comes after. */
static void write_threshold(const struct service *s,
			    const struct haproxy_route *route, bool raise,
			    FILE *out)
{
	char key[HAPROXY_KEY_SIZE];
	const struct haproxy_entry *entry;
	uint64_t value =
		threshold_of(portions_cohort(&s->portions, route->canary));

	name_key(route, key);
	entry = find_entry(s->state, key);
	if (raise != (entry == NULL || value > entry->value))
		return;
	if (entry == NULL || value != entry->value)
		fprintf(out, "%s map %s %s %" PRIu64 "\n",
			entry == NULL ? "add" : "set", s->config->map, key,
			value);
}

static void write_thresholds(const struct service *s, bool raise, FILE *out)
{
	for (size_t i = 0; i < s->config->route_count; i++)
		if (is_canary_of(&s->config->routes[i], s->route))
			write_threshold(s, &s->config->routes[i], raise, out);
}

/* Gathers a service and computes what its servers are to be. */
static bool read_service(struct service *s, struct error *err)
{
	if (!add_servers(s, s->route, err))
		return false;
	for (size_t i = 0; i < s->config->route_count; i++)
		if (is_canary_of(&s->config->routes[i], s->route) &&
		    !add_servers(s, &s->config->routes[i], err))
			return false;
	portions_make(&s->portions, s->orders, s->route->service);
	weigh(s);
	return check_left(s, err) && check_names(s, err);
}

char *haproxy_commands(const struct haproxy_state *state,
		       const struct orders *orders,
		       const struct haproxy_config *config, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct service *s = malloc(sizeof(*s));

	error_set(err, "%s", "");
	for (size_t i = 0; i < config->route_count && s != NULL && out != NULL;
	     i++) {
		if (config->routes[i].canary != NULL)
			continue;
		*s = (struct service){ .state = state,
				       .config = config,
				       .orders = orders,
				       .route = &config->routes[i] };
		if (!read_service(s, err))
			continue;
		write_thresholds(s, false, out);
		write_changes(s, true, out);
		write_changes(s, false, out);
		write_thresholds(s, true, out);
	}
	if (out != NULL && fclose(out) == 0 && s != NULL) {
		free(s);
		return text;
	}
	free(s);
	free(text);
	error_set(err, "out of memory");
	return NULL;
}

char *haproxy_map_text(const struct haproxy_state *state,
		       const struct haproxy_config *config)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < config->route_count; i++) {
		char key[HAPROXY_KEY_SIZE];
		const struct haproxy_entry *entry;

		if (config->routes[i].canary == NULL)
			continue;
		name_key(&config->routes[i], key);
		entry = find_entry(state, key);
		if (entry != NULL)
			fprintf(out, "%s %" PRIu64 "\n", key, entry->value);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
