/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/check.h"

#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/option.h"
#include "policy/decide/geo.h"
#include "policy/keys/keyring.h"
#include "policy/language/policy.h"
#include "policy/review/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { OPERANDS_MAX = 256, DIGEST_SHOWN = 12 };

struct request {
	const char *format;
	bool json, no_geo, help;
	const char *path;
};

struct result {
	const struct request *request;
	struct policy *policy; /* NULL when it does not load */
	struct geo *geo;       /* NULL when not asked for or not loaded */
	struct errors errs;
};

static void print_text(const struct result *r)
{
	const struct policy *p = r->policy;

	errors_print(&r->errs, stderr);
	if (!errors_ok(&r->errs) || p == NULL) {
		fprintf(stderr, "windrose check: %s has %zu error%s\n",
			r->request->path, r->errs.fatal,
			r->errs.fatal == 1 ? "" : "s");
		return;
	}
	printf("%s: ok: ", r->request->path);
	if (p->zone_count == 1)
		printf("zone %s, ", p->zones[0].name);
	else
		printf("%zu zones, ", p->zone_count);
	printf("%zu services, %zu regions, %zu records, %zu tests, ",
	       p->service_count, p->region_count, policy_record_count(p),
	       p->test_count);
	if (r->geo != NULL)
		printf("%zu client classes, ", geo_class_count(r->geo));
	printf("%zu warnings, digest %.*s\n", r->errs.count - r->errs.fatal,
	       DIGEST_SHOWN, p->digest);
}

static json_t *finding_json(const struct finding *f)
{
	const struct place *at = &f->error.at;
	json_t *o = json_object();

	/* A file name need not be UTF-8; what is not is left out. */
	if (at->file != NULL)
		json_object_set_new(o, "file", json_string(at->file));
	if (at->line > 0)
		json_object_set_new(o, "line", json_integer(at->line));
	if (at->col > 0)
		json_object_set_new(o, "column", json_integer(at->col));
	json_object_set_new(o, "severity",
			    json_string(f->severity == SEVERITY_ERROR
						? "error"
						: "warning"));
	json_object_set_new(o, "message", json_string(f->error.text));
	return o;
}

static json_t *zones_json(const struct policy *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->zone_count; i++)
		json_array_append_new(list, json_string(p->zones[i].name));
	return list;
}

static void add_summary(json_t *o, const struct result *r)
{
	const struct policy *p = r->policy;

	json_object_set_new(o, "zone", json_string(p->zones[0].name));
	json_object_set_new(o, "zones", zones_json(p));
	json_object_set_new(o, "digest", json_string(p->digest));
	json_object_set_new(o, "services",
			    json_integer((json_int_t)p->service_count));
	json_object_set_new(o, "regions",
			    json_integer((json_int_t)p->region_count));
	json_object_set_new(o, "records",
			    json_integer((json_int_t)policy_record_count(p)));
	json_object_set_new(o, "tests",
			    json_integer((json_int_t)p->test_count));
	if (r->geo != NULL)
		json_object_set_new(o, "client_classes",
				    json_integer((json_int_t)geo_class_count(
					    r->geo)));
}

static void print_json(const struct result *r)
{
	json_t *o = json_object(), *list = json_array();
	bool ok = errors_ok(&r->errs) && r->policy != NULL;

	for (size_t i = 0; i < r->errs.count; i++)
		json_array_append_new(list, finding_json(&r->errs.list[i]));
	json_object_set_new(o, "ok", json_boolean(ok));
	json_object_set_new(o, "path", json_string(r->request->path));
	json_object_set_new(o, "findings", list);
	if (ok)
		add_summary(o, r);
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}

static int print_usage(const struct option_row *rows, size_t count, FILE *out)
{
	fprintf(out, "usage: windrose check PATH [--format text|json] "
		     "[--no-geo]\n");
	option_print(rows, count, out);
	return out == stdout ? REVIEW_FINE : REVIEW_USAGE;
}

static bool known_format(struct request *request)
{
	request->json = strcmp(request->format, "json") == 0;
	return request->json || strcmp(request->format, "text") == 0;
}

/* False when usage was printed; *status is then what to end with. */
static bool read_request(int argc, char **argv, struct request *request,
			 int *status)
{
	const struct option_row rows[] = {
		{ "format", OPTION_TEXT, &request->format, "text|json",
		  "how findings are printed", 0, 0 },
		{ "no-geo", OPTION_FLAG, &request->no_geo, NULL,
		  "do not read the geo databases", 0, 0 },
		{ "help", OPTION_FLAG, &request->help, NULL, "print this", 0,
		  0 },
	};
	const char *operands[OPERANDS_MAX];
	struct error err;
	int count = -1;

	if (argc <= OPERANDS_MAX)
		count = option_parse(rows, 3, argc, argv, operands, &err);
	else
		error_set(&err, "more than %d words", OPERANDS_MAX);
	if (count >= 0 && !known_format(request)) {
		error_set(&err, "format \"%.40s\" is not known; text or json",
			  request->format);
		count = -1;
	}
	if (count < 0)
		fprintf(stderr, "windrose check: %s\n", err.text);
	if (request->help) {
		*status = print_usage(rows, 3, stdout);
	} else if (count != 1) {
		*status = print_usage(rows, 3, stderr);
	} else {
		request->path = operands[0];
		return true;
	}
	return false;
}

/* The keys of signed zones.  They may well not be where policies are
 * reviewed. */
static void check_keys(struct result *r)
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
			errors_warn(&r->errs, (struct place){ directory, 0, 0 },
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

int review_check(int argc, char **argv)
{
	struct request request = { .format = "text" };
	struct result r = { .request = &request };
	int status;

	if (!read_request(argc, argv, &request, &status))
		return status;
	r.policy = policy_load(request.path, &r.errs);
	if (r.policy != NULL && !request.no_geo)
		r.geo = geo_open(r.policy, &r.errs);
	if (r.policy != NULL)
		check_keys(&r);
	errors_sort(&r.errs);
	if (request.json)
		print_json(&r);
	else
		print_text(&r);
	status = r.policy != NULL && errors_ok(&r.errs) ? REVIEW_FINE
							: REVIEW_FAILED;
	geo_free(r.geo);
	policy_free(r.policy);
	errors_fini(&r.errs);
	return status;
}
