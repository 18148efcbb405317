/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/proxies.h"

#include "policy/base/error.h"
#include "steering/edge/agent_driver.h"
#include "steering/edge/haproxy_driver.h"
#include "steering/edge/nginx_driver.h"
#include "steering/edge/sheet_driver.h"

#include <stdlib.h>
#include <string.h>

enum {
	COMMAND_TIMEOUT_S = 30,
	DRIVERS_MAX = OPTION_LIST_MAX + 3, /* HAProxies, nginx, agent, file */
};

struct proxies {
	const struct proxies_options *options;
	struct haproxy_config haproxy;
	struct haproxy_route routes[OPTION_LIST_MAX];
	char *names[OPTION_LIST_MAX]; /* owned: "SERVICE\0CANARY" of each */
	struct nginx_config nginx;    /* its servings are owned */
	struct sheet_config sheet;    /* its servings are owned */
	struct agent_config agent;    /* its servings are owned */
	struct serving *servings;     /* owned; for those who only read them */
	struct driver *drivers[DRIVERS_MAX]; /* owned */
	size_t driver_count;
};

/* "SERVICE[/CANARY]=BACKEND"; *names is what was cut apart of it. */
static bool read_route(const char *text, char **names,
		       struct haproxy_route *out, struct error *err)
{
	const char *equals = strchr(text, '=');
	char *slash;

	if (equals == NULL || equals == text || equals[1] == '\0') {
		error_set(err,
			  "--backend is \"%s\"; it must be "
			  "SERVICE[/CANARY]=BACKEND",
			  text);
		return false;
	}
	*names = strndup(text, (size_t)(equals - text));
	if (*names == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	slash = strchr(*names, '/');
	if (slash != NULL)
		*slash = '\0';
	*out = (struct haproxy_route){
		.service = *names,
		.canary = slash == NULL ? NULL : slash + 1,
		.backend = equals + 1,
	};
	return true;
}

static bool has_service(const struct proxies *p, const char *service)
{
	for (size_t i = 0; i < p->haproxy.route_count; i++)
		if (p->routes[i].canary == NULL &&
		    strcmp(p->routes[i].service, service) == 0)
			return true;
	return false;
}

/* A canary's backend is nothing without the stable one, and the map. */
static bool check_routes(const struct proxies *p, struct error *err)
{
	for (size_t i = 0; i < p->haproxy.route_count; i++) {
		const struct haproxy_route *r = &p->routes[i];

		if (r->canary == NULL)
			continue;
		if (p->haproxy.map == NULL || !has_service(p, r->service)) {
			error_set(err,
				  "--backend %s/%s=%s needs --cohorts, and a "
				  "--backend %s=BACKEND",
				  r->service, r->canary, r->backend,
				  r->service);
			return false;
		}
	}
	return true;
}

static bool read_at_zero(const char *word, bool *maint, struct error *err)
{
	*maint = word != NULL && strcmp(word, "maint") == 0;
	if (word == NULL || *maint || strcmp(word, "drain") == 0)
		return true;
	error_set(err, "--at-zero is \"%s\"; it must be drain or maint", word);
	return false;
}

static bool add_driver(struct proxies *p, struct driver *driver)
{
	if (driver != NULL)
		p->drivers[p->driver_count++] = driver;
	return driver != NULL;
}

static bool read_routes(struct proxies *p, struct error *err)
{
	const struct proxies_options *o = p->options;

	for (size_t i = 0; i < o->backends.count; i++) {
		if (!read_route(o->backends.items[i], &p->names[i],
				&p->routes[i], err))
			return false;
		p->haproxy.route_count++;
	}
	p->haproxy.routes = p->routes;
	if (o->cohorts != NULL && *o->cohorts != '/') {
		error_set(err,
			  "--cohorts is \"%.80s\"; it must be an absolute "
			  "path, as in HAProxy's own file",
			  o->cohorts);
		return false;
	}
	p->haproxy.map = o->cohorts;
	return read_at_zero(o->at_zero, &p->haproxy.maint_at_zero, err) &&
	       check_routes(p, err);
}

static bool add_haproxies(struct proxies *p, struct event_base *loop,
			  struct error *err)
{
	const struct proxies_options *o = p->options;

	if (o->haproxies.count > 0 && o->backends.count == 0) {
		error_set(err, "--haproxy needs --backend");
		return false;
	}
	if (!read_routes(p, err))
		return false;
	for (size_t i = 0; i < o->haproxies.count; i++)
		if (!add_driver(p,
				haproxy_driver_new(loop, o->haproxies.items[i],
						   &p->haproxy, err)))
			return false;
	return true;
}

/* Each kind computes with its own: they need not be at one plan. */
static struct serving *read_servings(struct proxies *p, const char *option,
				     struct error *err)
{
	const struct option_list *list = &p->options->servings;
	struct serving *servings;

	if (list->count == 0) {
		error_set(err, "--%s needs --serve", option);
		return NULL;
	}
	servings = calloc(list->count, sizeof(*servings));
	if (servings == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < list->count; i++)
		if (!serving_parse(list->items[i], &servings[i], err)) {
			free(servings);
			return NULL;
		}
	return servings;
}

static bool add_nginx(struct proxies *p, struct event_base *loop,
		      struct error *err)
{
	const struct proxies_options *o = p->options;
	const char *test = o->nginx_test == NULL ? NGINX_TEST : o->nginx_test;
	struct nginx_config *c = &p->nginx;

	if (o->nginx == NULL)
		return true;
	if (o->nginx_probe == NULL ||
	    (o->nginx_pid == NULL) == (o->nginx_reload == NULL)) {
		error_set(err, "--nginx needs --nginx-probe, and either "
			       "--nginx-pid or --nginx-reload");
		return false;
	}
	c->path = o->nginx;
	c->probe_url = o->nginx_probe;
	c->pid_path = o->nginx_pid;
	c->logs = o->nginx_logs;
	c->serving_count = o->servings.count;
	c->servings = read_servings(p, "nginx", err);
	if (c->servings == NULL ||
	    !nginx_check(c->servings, c->serving_count, err) ||
	    !words_parse(test, "nginx-test", &c->test, err))
		return false;
	if (o->nginx_reload != NULL &&
	    !words_parse(o->nginx_reload, "nginx-reload", &c->reload, err))
		return false;
	return add_driver(p, nginx_driver_new(loop, c, err));
}

static bool add_agent(struct proxies *p, struct event_base *loop,
		      struct error *err)
{
	struct agent_config *c = &p->agent;

	if (p->options->agent == NULL)
		return true;
	c->listen = p->options->agent;
	c->serving_count = p->options->servings.count;
	c->servings = read_servings(p, "agent", err);
	return c->servings != NULL &&
	       add_driver(p, agent_driver_new(loop, c, err));
}

static bool add_sheet(struct proxies *p, struct event_base *loop,
		      struct error *err)
{
	const struct proxies_options *o = p->options;
	struct sheet_config *c = &p->sheet;

	if (o->file == NULL && o->command == NULL)
		return true;
	if (o->file == NULL) {
		error_set(err, "--command needs --file");
		return false;
	}
	c->path = o->file;
	c->timeout_ms =
		1000 * (o->command_timeout_s == 0 ? COMMAND_TIMEOUT_S
						  : o->command_timeout_s);
	c->serving_count = o->servings.count;
	c->servings = read_servings(p, "file", err);
	if (c->servings == NULL ||
	    (o->command != NULL &&
	     !words_parse(o->command, "command", &c->command, err)))
		return false;
	return add_driver(p, sheet_driver_new(loop, c, err));
}

struct proxies *proxies_new(struct event_base *loop,
			    const struct proxies_options *options,
			    struct error *err)
{
	struct proxies *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	p->options = options;
	if (!add_haproxies(p, loop, err) || !add_nginx(p, loop, err) ||
	    !add_agent(p, loop, err) || !add_sheet(p, loop, err))
		goto fail;
	if (options->servings.count > 0) {
		p->servings = read_servings(p, "serve", err);
		if (p->servings == NULL)
			goto fail;
	}
	if (p->driver_count > 0)
		return p;
	error_set(err, "no proxy is named: give --haproxy, --agent, "
		       "--nginx or --file");
fail:
	proxies_free(p);
	return NULL;
}

void proxies_free(struct proxies *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->driver_count; i++)
		driver_free(p->drivers[i]);
	for (size_t i = 0; i < OPTION_LIST_MAX; i++)
		free(p->names[i]);
	free(p->nginx.servings);
	free(p->sheet.servings);
	free(p->agent.servings);
	free(p->servings);
	free(p);
}

struct driver *const *proxies_drivers(const struct proxies *p, size_t *count)
{
	*count = p->driver_count;
	return p->drivers;
}

struct haproxy_routes proxies_routes(const struct proxies *p)
{
	return (struct haproxy_routes){ p->routes, p->haproxy.route_count };
}

const struct serving *proxies_servings(const struct proxies *p, size_t *count)
{
	*count = p->servings == NULL ? 0 : p->options->servings.count;
	return p->servings;
}
