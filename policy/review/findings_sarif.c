/* SPDX-License-Identifier: Apache-2.0 */
/* findings.h's SARIF. */
#include "policy/review/findings.h"

#include "policy/language/code.h"
#include "policy/review/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* A path as a URI reference; RFC 3986, 2.3. */
static json_t *uri_json(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	json_t *uri;

	if (out == NULL)
		return json_null();
	for (; *path != '\0'; path++)
		fprintf(out, strchr(plain, *path) != NULL ? "%c" : "%%%02X",
			(unsigned char)*path);
	fclose(out);
	uri = json_string(text);
	free(text);
	return uri;
}

static json_t *location_json(const struct place *at)
{
	json_t *region = json_object();
	json_t *place = json_pack("{s:{s:o}}", "artifactLocation", "uri",
				  uri_json(at->file));

	if (at->line > 0)
		json_object_set_new(region, "startLine",
				    json_integer(at->line));
	if (at->line > 0 && at->col > 0)
		json_object_set_new(region, "startColumn",
				    json_integer(at->col));
	if (at->line > 0)
		json_object_set(place, "region", region);
	json_decref(region);
	return json_pack("{s:o}", "physicalLocation", place);
}

static json_t *page_json(const struct code_row *row)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	json_t *page;

	if (out == NULL)
		return json_string(row->line);
	page_print(row, out);
	fclose(out);
	page = json_string(text);
	free(text);
	return page;
}

/* 3.49: reportingDescriptor. */
static json_t *rule_json(const struct code_row *row)
{
	char code[CODE_TEXT_SIZE];

	return json_pack("{s:s, s:s, s:{s:s}, s:{s:s}, s:{s:o}, s:{s:s}}", "id",
			 code_text(row->code, code), "name", row->name,
			 "shortDescription", "text", row->line,
			 "fullDescription", "text", row->means, "help", "text",
			 page_json(row), "defaultConfiguration", "level",
			 page_severity(row));
}

/* Of every kind that was found, once, in the order of codes. */
static json_t *rules_json(const struct errors *errs)
{
	json_t *rules = json_array();
	const struct code_row *row;

	for (size_t i = 0; (row = code_row_at(i)) != NULL; i++) {
		bool found = false;

		for (size_t k = 0; k < errs->count; k++)
			found |= errs->list[k].code == row->code;
		if (found)
			json_array_append_new(rules, rule_json(row));
	}
	return rules;
}

/* 3.27: result.  What is accepted is a suppressed one: 3.35. */
static json_t *result_json(const struct finding *f)
{
	char code[CODE_TEXT_SIZE];
	json_t *one =
		json_pack("{s:s, s:{s:s}}", "level",
			  f->severity == SEVERITY_ERROR ? "error" : "warning",
			  "message", "text", f->error.text);

	if (f->code != 0)
		json_object_set_new(one, "ruleId",
				    json_string(code_text(f->code, code)));
	if (f->severity == SEVERITY_ACCEPTED)
		json_object_set_new(one, "suppressions",
				    json_pack("[{s:s, s:s}]", "kind",
					      "inSource", "justification",
					      f->reason == NULL
						      ? "ignored by the policy"
						      : f->reason));
	if (f->error.at.file != NULL)
		json_object_set_new(one, "locations",
				    json_pack("[o]",
					      location_json(&f->error.at)));
	return one;
}

void findings_print_sarif(const struct findings *r)
{
	json_t *results = json_array(), *o;

	for (size_t i = 0; i < r->errs.count; i++)
		json_array_append_new(results, result_json(&r->errs.list[i]));
	o = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:o}]}", "$schema",
		      "https://json.schemastore.org/sarif-2.1.0.json",
		      "version", "2.1.0", "runs", "tool", "driver", "name",
		      "windrose", "version", PACKAGE_VERSION, "rules",
		      rules_json(&r->errs), "results", results);
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}
