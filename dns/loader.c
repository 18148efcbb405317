/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/loader.h"

#include "dns/model.h"
#include "dns/sign/signers.h"
#include "policy/base/clock.h"
#include "policy/base/errand.h"
#include "policy/base/log.h"
#include "policy/decide/geo.h"
#include "policy/decide/geo_cache.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct loader {
	struct loader_config config;
	struct errand *errand;  /* NULL: none is under way */
	char *path;             /* the errand's, of a whole load */
	char *asked;            /* for meanwhile: its path; NULL: nothing */
	struct model *renewing; /* the errand's: NULL for a whole load */
	struct model *keeping;  /* the errand's: to be kept in the cache */
	struct error unkept;    /* the errand's: why not; "" is none */
	struct loaded result;   /* the errand's until it is over */
};

static int64_t now_s(void)
{
	return clock_wall_ms() / 1000;
}

/* What was signed is kept only if a model came of it. */
static void end_signing(struct loaded *loaded, struct signers *signers)
{
	loaded->renew_s = INT64_MAX;
	if (loaded->model == NULL) {
		signers_abandon(signers);
		return;
	}
	loaded->renew_s = signers_end(signers);
	loaded->signing = signers_show(signers);
}

/*
 * Stamps are taken before files are read: one that is replaced while it is
 * being read then differs from its stamp, and is read again.
 */
struct loaded loader_load(const char *policy_path, const char *geo_cache,
			  struct signers *signers)
{
	struct loaded loaded = { .path = strdup(policy_path),
				 .wall_ahead_ms = clock_ahead_ms() };
	int64_t begun_ms = clock_now_ms();
	struct policy *policy = policy_load(policy_path, &loaded.errs);
	struct geo *geo = NULL;

	if (policy == NULL)
		return loaded;
	loaded.stamp = geo_stamp(policy);
	loaded.key_stamp = signers_stamp(policy);
	if (signers_begin(signers, policy, now_s(), &loaded.errs))
		geo = geo_open_cached(policy, geo_cache, &loaded.errs);
	if (geo == NULL)
		policy_free(policy);
	else
		loaded.model = model_of(policy, geo, signers_list(signers),
					&loaded.errs);
	end_signing(&loaded, signers);
	loaded.load_ms = clock_now_ms() - begun_ms;
	return loaded;
}

static struct loaded renew(const struct model *model, struct signers *signers)
{
	struct loaded loaded = { .renewal = true };
	int64_t begun_ms = clock_now_ms();

	if (signers_renew(signers, model->policy, now_s(), &loaded.errs))
		loaded.model =
			model_again(model, signers_list(signers), &loaded.errs);
	end_signing(&loaded, signers);
	loaded.load_ms = clock_now_ms() - begun_ms;
	return loaded;
}

void loader_result_fini(struct loaded *loaded)
{
	model_unref(loaded->model);
	free(loaded->path);
	free(loaded->stamp);
	signed_zones_free(loaded->signing);
	errors_fini(&loaded->errs);
	*loaded = (struct loaded){ 0 };
}

void loaded_log(const struct loaded *loaded, const char *event)
{
	struct geo_size size = geo_size(loaded->model->geo);

	log_event(LOG_LEVEL_INFO, "dns", event,
		  "digest=%.16s ms=%" PRId64
		  " services=%zu classes=%zu networks=%zu octets=%zu",
		  loaded->model->policy->digest, loaded->load_ms,
		  loaded->model->policy->service_count,
		  geo_class_count(loaded->model->geo), size.networks_read,
		  size.octets);
}

static void work(void *arg)
{
	struct loader *loader = arg;
	const struct loader_config *config = &loader->config;

	if (loader->keeping != NULL)
		geo_keep(loader->keeping->geo, config->geo_cache,
			 &loader->unkept);
	else if (loader->renewing != NULL)
		loader->result = renew(loader->renewing, config->signers);
	else
		loader->result = loader_load(loader->path, config->geo_cache,
					     config->signers);
}

static void forget_errand(struct loader *loader)
{
	errand_free(loader->errand);
	loader->errand = NULL;
	free(loader->path);
	loader->path = NULL;
	model_unref(loader->renewing);
	loader->renewing = NULL;
	model_unref(loader->keeping);
	loader->keeping = NULL;
}

static void on_kept(struct loader *loader)
{
	if (loader->unkept.text[0] != '\0')
		log_event(LOG_LEVEL_WARN, "dns", "geo-unkept", "error=\"%s\"",
			  loader->unkept.text);
	loader->unkept.text[0] = '\0';
	forget_errand(loader);
}

static void on_loaded(struct loader *loader)
{
	struct loaded loaded = loader->result;
	struct model *model = loaded.model;

	if (model != NULL && loader->asked == NULL && !loaded.renewal)
		model_ref(model);
	else
		model = NULL;
	forget_errand(loader);
	loader->result = (struct loaded){ 0 };
	loader->config.done(loader->config.arg, &loaded);
	loader_result_fini(&loaded);
	if (model != NULL)
		loader_keep(loader, model);
	model_unref(model);
}

/* Asked to load meanwhile: what was read may be older than the question. */
static void on_done(void *arg)
{
	struct loader *loader = arg;
	char *again;

	if (loader->keeping != NULL)
		on_kept(loader);
	else
		on_loaded(loader);
	again = loader->asked;
	if (again == NULL || loader->errand != NULL)
		return;
	loader->asked = NULL;
	loader_ask(loader, again);
	free(again);
}

struct loader *loader_start(const struct loader_config *config,
			    struct error *err)
{
	struct loader *loader = calloc(1, sizeof(*loader));

	if (loader == NULL) {
		error_set(err, "out of memory for the loader");
		return NULL;
	}
	loader->config = *config;
	return loader;
}

static void set_out(struct loader *loader)
{
	const struct errand_config config = {
		.name = "windrose-load",
		.work = work,
		.done = on_done,
		.arg = loader,
	};
	struct loaded none = { .renewal = loader->renewing != NULL };
	struct error err;

	loader->errand = errand_start(loader->config.loop, &config, &err);
	if (loader->errand != NULL)
		return;
	forget_errand(loader);
	errors_push(&none.errs, CODE_RESPONDER_REFUSED, &err);
	loader->config.done(loader->config.arg, &none);
	loader_result_fini(&none);
}

void loader_ask(struct loader *loader, const char *path)
{
	char *copy = strdup(path);
	struct loaded none = { 0 };

	if (copy == NULL) {
		errors_add(&none.errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory");
		loader->config.done(loader->config.arg, &none);
		loader_result_fini(&none);
	} else if (loader->errand != NULL || loader->asked != NULL) {
		free(loader->asked);
		loader->asked = copy;
	} else {
		loader->path = copy;
		set_out(loader);
	}
}

bool loader_renew(struct loader *loader, struct model *model)
{
	if (loader->errand != NULL)
		return false;
	loader->renewing = model_ref(model);
	set_out(loader);
	return true;
}

/* One that cannot be set out leaves the cache as it is: a start takes longer.
 */
void loader_keep(struct loader *loader, struct model *model)
{
	const struct errand_config config = {
		.name = "windrose-keep",
		.work = work,
		.done = on_done,
		.arg = loader,
	};

	if (loader->config.geo_cache == NULL || loader->errand != NULL)
		return;
	loader->keeping = model_ref(model);
	loader->errand =
		errand_start(loader->config.loop, &config, &loader->unkept);
	if (loader->errand == NULL)
		on_kept(loader);
}

bool loader_is_busy(const struct loader *loader)
{
	return loader->errand != NULL;
}

void loader_stop(struct loader *loader)
{
	if (loader == NULL)
		return;
	forget_errand(loader);
	loader_result_fini(&loader->result);
	free(loader->asked);
	free(loader);
}
