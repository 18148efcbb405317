/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/findings.h"

#include "policy/base/error.h"
#include "policy/decide/geo.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { DIGEST_SHOWN = 12 };

static size_t count_accepted(const struct errors *errs)
{
	return errs->count - errs->fatal - errors_warnings(errs);
}

static void print_text(const struct findings *r)
{
	const struct policy *p = r->policy;

	errors_print(&r->errs, stderr);
	if (!errors_ok(&r->errs) || p == NULL) {
		fprintf(stderr, "windrose check: %s has %zu error%s\n", r->path,
			r->errs.fatal, r->errs.fatal == 1 ? "" : "s");
		return;
	}
	printf("%s: ok: ", r->path);
	if (p->zone_count == 1)
		printf("zone %s, ", p->zones[0].name);
	else
		printf("%zu zones, ", p->zone_count);
	printf("%zu services, %zu regions, %zu records, %zu tests, ",
	       p->service_count, p->region_count, policy_record_count(p),
	       p->test_count);
	if (r->geo != NULL)
		printf("%zu client classes, ", geo_class_count(r->geo));
	printf("%zu warnings, ", errors_warnings(&r->errs));
	if (count_accepted(&r->errs) > 0)
		printf("%zu accepted, ", count_accepted(&r->errs));
	printf("digest %.*s\n", DIGEST_SHOWN, p->digest);
}

static const char *severity_word(const struct finding *f)
{
	static const char *const words[] = {
		[SEVERITY_ERROR] = "error",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_ACCEPTED] = "accepted",
	};

	return words[f->severity];
}

static json_t *finding_json(const struct finding *f)
{
	const struct place *at = &f->error.at;
	char code[CODE_TEXT_SIZE];
	json_t *o = json_object();

	/* A file name need not be UTF-8; what is not is left out. */
	if (at->file != NULL)
		json_object_set_new(o, "file", json_string(at->file));
	if (at->line > 0)
		json_object_set_new(o, "line", json_integer(at->line));
	if (at->col > 0)
		json_object_set_new(o, "column", json_integer(at->col));
	json_object_set_new(o, "severity", json_string(severity_word(f)));
	if (f->code != 0)
		json_object_set_new(o, "code",
				    json_string(code_text(f->code, code)));
	if (f->reason != NULL)
		json_object_set_new(o, "reason", json_string(f->reason));
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

static void add_summary(json_t *o, const struct findings *r)
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

static void print_json(const struct findings *r)
{
	json_t *o = json_object(), *list = json_array();
	bool ok = errors_ok(&r->errs) && r->policy != NULL;

	for (size_t i = 0; i < r->errs.count; i++)
		json_array_append_new(list, finding_json(&r->errs.list[i]));
	json_object_set_new(o, "ok", json_boolean(ok));
	json_object_set_new(o, "path", json_string(r->path));
	json_object_set_new(o, "findings", list);
	if (ok)
		add_summary(o, r);
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}

/*
 * A value of a workflow command: percent signs and line ends, and in a property
 * colons and commas too, as GitHub's toolkit writes them (actions/toolkit,
 * packages/core/src/command.ts).
 */
static void print_escaped(const char *text, bool property)
{
	for (; *text != '\0'; text++) {
		bool plain = *text != '%' && *text != '\r' && *text != '\n' &&
			     (!property || (*text != ':' && *text != ','));

		if (plain)
			putchar(*text);
		else
			printf("%%%02X", (unsigned char)*text);
	}
}

static void print_annotation(const struct finding *f)
{
	const struct code_row *row = code_row_of(f->code);
	const struct place *at = &f->error.at;
	char code[CODE_TEXT_SIZE];

	printf("::%s title=windrose check", severity_word(f));
	if (row != NULL)
		printf(" %s %s", code_text(f->code, code), row->name);
	if (at->file != NULL) {
		printf(",file=");
		print_escaped(at->file, true);
	}
	if (at->line > 0)
		printf(",line=%u", at->line);
	if (at->col > 0)
		printf(",col=%u", at->col);
	printf("::");
	print_escaped(f->error.text, false);
	printf("\n");
}

/* Annotations in a pull request: "Workflow commands for GitHub Actions". */
static void print_github(const struct findings *r)
{
	for (size_t i = 0; i < r->errs.count; i++)
		if (r->errs.list[i].severity != SEVERITY_ACCEPTED)
			print_annotation(&r->errs.list[i]);
}

static const struct format {
	const char *name;
	void (*print)(const struct findings *r);
} formats[] = {
	{ "text", print_text },
	{ "json", print_json },
	{ "sarif", findings_print_sarif },
	{ "github", print_github },
};

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

bool findings_has_format(const char *format)
{
	return find_format(format) != NULL;
}

void findings_print(const struct findings *findings, const char *format)
{
	find_format(format)->print(findings);
}
