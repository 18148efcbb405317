/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/loader.h"

#include "dns/model.h"
#include "policy/base/clock.h"
#include "policy/base/errand.h"
#include "policy/decide/geo.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdlib.h>

struct loader {
	struct event_base *loop;
	const char *policy_path;
	loader_done *done;
	void *arg;
	struct errand *errand; /* NULL: none is under way */
	bool asked;            /* meanwhile */
	struct loaded result;  /* the errand's until it is over */
};

/*
 * The stamp is taken before the databases are read: a file that is replaced
 * while it is being read then differs from it, and is read again.
 */
struct loaded loader_load(const char *policy_path)
{
	struct loaded loaded = { 0 };
	int64_t begun_ms = clock_now_ms();
	struct policy *policy = policy_load(policy_path, &loaded.errs);
	struct geo *geo;

	if (policy == NULL)
		return loaded;
	loaded.stamp = geo_stamp(policy);
	geo = geo_open(policy, &loaded.errs);
	if (geo == NULL)
		policy_free(policy);
	else
		loaded.model = model_of(policy, geo, NULL, &loaded.errs);
	loaded.load_ms = clock_now_ms() - begun_ms;
	return loaded;
}

void loader_result_fini(struct loaded *loaded)
{
	model_unref(loaded->model);
	free(loaded->stamp);
	errors_fini(&loaded->errs);
	*loaded = (struct loaded){ 0 };
}

static void load(void *arg)
{
	struct loader *loader = arg;

	loader->result = loader_load(loader->policy_path);
}

/* Asked again meanwhile: what was read may be older than the question. */
static void on_loaded(void *arg)
{
	struct loader *loader = arg;
	struct loaded loaded = loader->result;
	bool again = loader->asked;

	errand_free(loader->errand);
	loader->errand = NULL;
	loader->result = (struct loaded){ 0 };
	loader->asked = false;
	loader->done(loader->arg, &loaded);
	loader_result_fini(&loaded);
	if (again)
		loader_ask(loader);
}

struct loader *loader_start(struct event_base *loop, const char *policy_path,
			    loader_done *done, void *arg, struct error *err)
{
	struct loader *loader = calloc(1, sizeof(*loader));

	if (loader == NULL) {
		error_set(err, "out of memory for the loader");
		return NULL;
	}
	loader->loop = loop;
	loader->policy_path = policy_path;
	loader->done = done;
	loader->arg = arg;
	return loader;
}

void loader_ask(struct loader *loader)
{
	const struct errand_config config = {
		.name = "windrose-load",
		.work = load,
		.done = on_loaded,
		.arg = loader,
	};
	struct loaded none = { 0 };
	struct error err;

	if (loader->errand != NULL) {
		loader->asked = true;
		return;
	}
	loader->errand = errand_start(loader->loop, &config, &err);
	if (loader->errand != NULL)
		return;
	errors_push(&none.errs, &err);
	loader->done(loader->arg, &none);
	loader_result_fini(&none);
}

void loader_stop(struct loader *loader)
{
	if (loader == NULL)
		return;
	errand_free(loader->errand);
	loader_result_fini(&loader->result);
	free(loader);
}
