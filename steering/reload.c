/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/reload.h"

#include "policy/base/errand.h"
#include "policy/base/error.h"

#include <stdlib.h>
#include <string.h>

struct reload {
	struct errand *errand;
	char *path;
	reload_done *done;
	void *arg;
	/* The errand's until it is over. */
	bool ok;
	struct loaded loaded;
	struct error err;
};

static void load(void *arg)
{
	struct reload *l = arg;

	l->ok = loaded_open(l->path, &l->loaded, &l->err);
}

static void on_over(void *arg)
{
	struct reload *l = arg;
	struct loaded loaded = l->loaded;

	l->loaded = (struct loaded){ .policy = NULL };
	l->done(l->arg, l->ok, &loaded, &l->err);
}

struct reload *reload_start(struct event_base *loop, const char *path,
			    reload_done *done, void *arg, struct error *err)
{
	struct reload *l = calloc(1, sizeof(*l));
	const struct errand_config config = {
		.name = "windrose-load",
		.work = load,
		.done = on_over,
		.arg = l,
	};

	error_set(err, "%s: out of memory", path);
	if (l != NULL) {
		l->path = strdup(path);
		l->done = done;
		l->arg = arg;
		if (l->path != NULL)
			l->errand = errand_start(loop, &config, err);
		if (l->errand != NULL)
			return l;
	}
	reload_free(l);
	return NULL;
}

void reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	errand_free(reload->errand);
	loaded_fini(&reload->loaded);
	free(reload->path);
	free(reload);
}
