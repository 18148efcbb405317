/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/haproxy_driver.h"

#include "policy/base/error.h"
#include "policy/base/file.h"
#include "steering/edge/proxy.h"
#include "steering/edge/vigil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 3 }; /* read, write, read: more means that it disagrees */

struct haproxy_driver {
	struct driver driver;
	const struct haproxy_config *config;
	struct proxy *proxy;
	struct vigil *vigil;
	struct haproxy_state state; /* of the round under way */
	char *commands;             /* owned; NULL: none are being written */
	size_t written;             /* octets of them */
	char *map;                  /* what the file has; NULL: not known */
	unsigned round;
};

static void settle(struct haproxy_driver *h, const char *trouble)
{
	haproxy_state_fini(&h->state);
	free(h->commands);
	h->commands = NULL;
	driver_settle(&h->driver, trouble);
}

static void ask(struct haproxy_driver *h, const char *question,
		proxy_done *done)
{
	if (!proxy_ask(h->proxy, question, done, h))
		settle(h, "out of memory");
}

/* HAProxy starts from this file: it begins where it ended. */
static bool save_map(struct haproxy_driver *h, struct error *err)
{
	char *text;

	if (h->config->map == NULL)
		return true;
	text = haproxy_map_text(&h->state, h->config);
	if (text == NULL) {
		error_set(err, "out of memory");
		return false;
	}
	if (h->map != NULL && strcmp(h->map, text) == 0) {
		free(text);
		return true;
	}
	if (!file_replace(h->config->map, text, strlen(text), err)) {
		free(text);
		return false;
	}
	free(h->map);
	h->map = text;
	return true;
}

static void on_state(void *arg, const char *answer, size_t len,
		     const char *why);

static void read_state(struct haproxy_driver *h)
{
	haproxy_state_fini(&h->state);
	ask(h, "show servers state", on_state);
}

/* As many whole lines as one question holds. */
static size_t next_lines(const char *from)
{
	size_t len = strlen(from);

	if (len > PROXY_LINE_MAX)
		len = PROXY_LINE_MAX;
	while (len > 0 && from[len - 1] != '\n') /* no line is as long */
		len--;
	return len;
}

/* What came of some commands; the next ones follow, then a look at all. */
static void on_written(void *arg, const char *answer, size_t len,
		       const char *why)
{
	struct haproxy_driver *h = arg;
	char question[PROXY_LINE_MAX];
	const char *from = h->commands + h->written;
	size_t next = next_lines(from);
	struct error err;

	if (why != NULL) {
		settle(h, why);
	} else if (!haproxy_done_parse(answer, len, &err)) {
		settle(h, err.text);
	} else if (next == 0) {
		free(h->commands);
		h->commands = NULL;
		read_state(h);
	} else {
		memcpy(question, from, next - 1);
		question[next - 1] = '\0';
		h->written += next;
		ask(h, question, on_written);
	}
}

static void reconcile(struct haproxy_driver *h)
{
	struct error err;
	char *commands =
		haproxy_commands(&h->state, h->driver.orders, h->config, &err);

	if (commands == NULL || (*commands == '\0' && err.text[0] != '\0')) {
		free(commands);
		settle(h, err.text);
	} else if (*commands == '\0') {
		free(commands);
		settle(h, save_map(h, &err) ? "" : err.text);
	} else if (++h->round > ROUNDS_MAX) {
		free(commands);
		settle(h, "it does not take what it is told");
	} else {
		h->commands = commands;
		h->written = 0;
		h->driver.counters.changes++;
		on_written(h, "", 0, NULL);
	}
}

static void on_map(void *arg, const char *answer, size_t len, const char *why)
{
	struct haproxy_driver *h = arg;
	struct error err;

	if (why != NULL)
		settle(h, why);
	else if (!haproxy_map_parse(answer, len, &h->state, &err))
		settle(h, err.text);
	else
		reconcile(h);
}

static void on_state(void *arg, const char *answer, size_t len, const char *why)
{
	struct haproxy_driver *h = arg;
	char question[PROXY_LINE_MAX];
	struct error err;

	if (why != NULL) {
		settle(h, why);
	} else if (!haproxy_state_parse(answer, len, &h->state, &err)) {
		settle(h, err.text);
	} else if (h->config->map == NULL) {
		reconcile(h);
	} else {
		snprintf(question, sizeof(question), "show map %s",
			 h->config->map);
		ask(h, question, on_map);
	}
}

static void begin(struct driver *driver)
{
	struct haproxy_driver *h = (struct haproxy_driver *)driver;

	h->round = 0;
	read_state(h);
}

static void on_back(void *arg)
{
	driver_return(arg);
}

static void driver_end(struct driver *driver)
{
	struct haproxy_driver *h = (struct haproxy_driver *)driver;

	vigil_stop(h->vigil);
	proxy_free(h->proxy);
	haproxy_state_fini(&h->state);
	free(h->commands);
	free(h->map);
	free(h);
}

struct driver *haproxy_driver_new(struct event_base *loop, const char *path,
				  const struct haproxy_config *config,
				  struct error *err)
{
	static const struct driver_kind kind = { "haproxy", begin, driver_end };
	struct haproxy_driver *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	h->driver.kind = &kind;
	h->driver.place = path;
	h->config = config;
	h->proxy = proxy_new(loop, path, err);
	if (h->proxy != NULL)
		h->vigil = vigil_start(loop, path, on_back, h, err);
	if (h->vigil == NULL) {
		driver_end(&h->driver);
		return NULL;
	}
	return &h->driver;
}
