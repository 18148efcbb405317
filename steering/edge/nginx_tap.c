/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/nginx_tap.h"

#include "policy/base/error.h"
#include "steering/edge/ledger.h"
#include "steering/edge/nginx_log.h"
#include "steering/edge/tap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)NGINX_LOG_MAX == (int)TAP_LINE_MAX, "all is read");

struct nginx_tap {
	struct nginx_tap_config config;
	struct tap *tap;
};

static void count(struct nginx_tap *t, const struct nginx_logged *logged)
{
	const struct serving *s = &t->config.servings[logged->serving];
	const char *name = s->portions.parts[logged->part].name;
	const char *slash = strchr(name, '/');
	char canary[PLAN_NAME_SIZE] = "";
	struct ledger_key key = { s->service, name, canary };

	if (slash != NULL) {
		snprintf(canary, sizeof(canary), "%.*s", (int)(slash - name),
			 name);
		key.endpoint = slash + 1;
	}
	ledger_add(t->config.ledger, &key, &logged->count);
}

static bool take(void *arg, const char *line, size_t len)
{
	struct nginx_tap *t = arg;
	struct nginx_logged logged;
	int got = nginx_log_parse(line, len, t->config.servings,
				  t->config.serving_count, &logged);

	if (got > 0)
		count(t, &logged);
	return got >= 0;
}

struct nginx_tap *nginx_tap_start(struct event_base *loop,
				  const struct nginx_tap_config *config,
				  struct error *err)
{
	struct nginx_tap *t = calloc(1, sizeof(*t));
	const struct tap_config tap = { config->path, "nginx-log", take, t };

	if (t == NULL) {
		error_set(err, "out of memory");
		return NULL;
	}
	t->config = *config;
	t->tap = tap_start(loop, &tap, err);
	if (t->tap != NULL)
		return t;
	free(t);
	return NULL;
}

void nginx_tap_stop(struct nginx_tap *t)
{
	if (t == NULL)
		return;
	tap_stop(t->tap);
	free(t);
}
