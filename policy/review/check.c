/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/check.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "policy/decide/geo.h"
#include "policy/keys/keyring.h"
#include "policy/language/acceptance.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"
#include "policy/review/findings.h"
#include "policy/review/loss.h"
#include "policy/review/subject.h"
#include "policy/review/walls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	const char *format;
	bool no_geo, help;
	const char *path;
};

static enum program_status read_request(int argc, char **argv,
					struct request *request)
{
	const struct option_row rows[] = {
		{ "format", OPTION_TEXT, &request->format,
		  "text|json|sarif|github", "how findings are printed", 0, 0 },
		{ "no-geo", OPTION_FLAG, &request->no_geo, NULL,
		  "do not read the geo databases", 0, 0 },
		{ "help", OPTION_FLAG, &request->help, NULL, "print this", 0,
		  0 },
	};
	const struct invocation call = {
		"check",        "PATH [--format WORD] [--no-geo]", rows, 3, 1,
		&request->help,
	};
	enum program_status status =
		invocation_read(&call, argc, argv, &request->path);

	if (status == PROGRAM_GO && !findings_has_format(request->format))
		return invocation_refuse(&call,
					 "format \"%.40s\" is not known; text, "
					 "json, sarif or github",
					 request->format);
	return status;
}

/* The keys of signed zones.  They may well not be where policies are
 * reviewed. */
static void check_keys(struct findings *r)
{
	int64_t now_s = clock_wall_ms() / 1000;

	for (size_t i = 0; i < r->policy->zone_count; i++) {
		const struct policy_zone *zone = &r->policy->zones[i];
		const struct keyring_ttls ttls = {
			.dnskey_s = zone->ttl_s,
			.max_s = policy_max_ttl_s(r->policy, i),
		};
		const char *directory = zone->dnssec.keys;
		struct keyring *ring;

		if (directory == NULL)
			continue;
		if (keyring_stamp(directory) == 0) {
			errors_warn(&r->errs, CODE_KEYS_ELSEWHERE,
				    (struct place){ directory, 0, 0 },
				    "cannot be read here; the responders need "
				    "the keys of %.100s there",
				    zone->name);
			continue;
		}
		ring = keyring_open(directory, zone->name, &r->errs);
		if (ring != NULL &&
		    keyring_judge(ring, now_s, zone->at, &r->errs))
			keyring_judge_rolls(ring, ttls, now_s, &r->errs);
		keyring_free(ring);
	}
}

/* Findings of these kinds come with the geo databases. */
static bool needs_geo(unsigned code)
{
	const unsigned subject = 100;

	return code / subject == CODE_GEO_DATABASE / subject ||
	       code == CODE_CAPACITY_LOSS || code == CODE_RESIDENCY_CLASH ||
	       code == CODE_ENDPOINT_UNREACHABLE;
}

/* What is accepted and was not found, when it was looked for. */
static void judge_stale(struct findings *r)
{
	const struct policy_review *review = &r->policy->review;
	char code[CODE_TEXT_SIZE];

	for (size_t i = 0; i < review->accepted_count; i++) {
		const struct policy_acceptance *a = &review->accepted[i];

		if (acceptance_is_used(a, &r->errs) ||
		    (r->geo == NULL && needs_geo(a->code)))
			continue;
		errors_warn(&r->errs, CODE_ACCEPTED_STALE, a->at,
			    "%s is accepted at \"%.80s\" and is not found "
			    "there; correct at, or remove it",
			    code_text(a->code, code), a->where);
	}
}

/* As the policy wants its findings taken. */
static void judge_findings(struct findings *r)
{
	acceptance_apply(&r->policy->review, &r->errs, true);
	judge_stale(r);
	acceptance_apply(&r->policy->review, &r->errs, true);
}

void check_policy(struct findings *r, bool no_geo)
{
	r->policy = policy_load(r->path, &r->errs);
	if (r->policy != NULL && !no_geo)
		r->geo = geo_open(r->policy, &r->errs);
	if (r->policy != NULL)
		check_keys(r);
	if (r->geo != NULL && !loss_judge(r->policy, r->geo, &r->errs))
		errors_add(&r->errs, CODE_MEMORY,
			   (struct place){ .file = NULL }, "out of memory");
	if (r->geo != NULL)
		walls_judge(r->policy, r->geo, &r->errs);
	if (r->policy != NULL)
		judge_findings(r);
	errors_sort(&r->errs);
}

void check_fini(struct findings *r)
{
	geo_free(r->geo);
	policy_free(r->policy);
	errors_fini(&r->errs);
}

int review_check(int argc, char **argv)
{
	struct request request = { .format = "text" };
	struct findings r = { .policy = NULL };
	enum program_status status = read_request(argc, argv, &request);

	if (status != PROGRAM_GO)
		return status;
	r.path = request.path;
	check_policy(&r, request.no_geo);
	findings_print(&r, request.format);
	status = r.policy != NULL && errors_ok(&r.errs) ? PROGRAM_OK
							: PROGRAM_FAILED;
	check_fini(&r);
	return status;
}
