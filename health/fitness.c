/* SPDX-License-Identifier: Apache-2.0 */
#include "health/fitness.h"

#include "health/probe_external.h"
#include "health/probe_http.h"
#include "policy/base/error.h"
#include "policy/base/nearest.h"
#include "policy/language/policy.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The first error of errs, as one line. */
static void take_first(const struct errors *errs, const char *path,
		       struct error *err)
{
	char line[300];

	for (size_t i = 0; i < errs->count; i++) {
		if (errs->list[i].severity != SEVERITY_ERROR)
			continue;
		error_set(err, "%s%s",
			  error_line(&errs->list[i].error, line, sizeof(line)),
			  errs->fatal > 1 ? " (and more; see windrose check)"
					  : "");
		return;
	}
	error_set(err, "%s: out of memory while loading", path);
}

static struct policy *load(const char *path, struct error *err)
{
	struct errors errs = { 0 };
	struct policy *policy = policy_load(path, &errs);

	errors_sort(&errs);
	if (policy == NULL)
		take_first(&errs, path, err);
	errors_fini(&errs);
	return policy;
}

static bool check_vantage(const struct policy *policy, const char *vantage,
			  struct error *err)
{
	const char *known[POLICY_VANTAGES_MAX];
	const char *near;

	if (policy_find_vantage(policy, vantage) != POLICY_NONE)
		return true;
	for (size_t i = 0; i < policy->vantage_count; i++)
		known[i] = policy->vantages[i].name;
	near = nearest_word(vantage, known, policy->vantage_count);
	if (near != NULL)
		error_set(err,
			  "%s: vantage \"%s\" is not defined; did you mean "
			  "\"%s\"?",
			  policy->directory, vantage, near);
	else
		error_set(err,
			  "%s: vantage \"%s\" is not defined; add it to "
			  "vantages:",
			  policy->directory, vantage);
	return false;
}

static bool check_file(const struct policy_check *check, const char *file,
		       struct error *err)
{
	if (file == NULL || access(file, R_OK) == 0)
		return true;
	error_set(err, "check \"%s\": %s cannot be read: %s", check->name, file,
		  strerror(errno));
	return false;
}

/* What only probes would miss is missed here, in words. */
static bool check_means(const struct probe_external_pool *programs,
			const struct policy_check *check, struct error *err)
{
	if (!check_file(check, check->client_certificate, err) ||
	    !check_file(check, check->client_key, err))
		return false;
	if (check->http == HTTP_2 && !probe_http_speaks_2()) {
		error_set(err,
			  "check \"%s\" wants HTTP/2, and this libcurl has "
			  "none",
			  check->name);
		return false;
	}
	return check->type != CHECK_EXTERNAL ||
	       probe_external_check(programs, check, err);
}

static bool check_all_means(const struct probe_external_pool *programs,
			    const struct policy *policy, struct error *err)
{
	for (size_t i = 0; i < policy->check_count; i++)
		if (!check_means(programs, &policy->checks[i], err))
			return false;
	return true;
}

struct policy *fitness_load(const char *path, const char *vantage,
			    const struct probe_external_pool *programs,
			    struct error *err)
{
	struct policy *policy = load(path, err);

	if (policy == NULL || (check_vantage(policy, vantage, err) &&
			       check_all_means(programs, policy, err)))
		return policy;
	policy_free(policy);
	return NULL;
}
