/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types: records of every type that a master file can have, each with the
 * octets that somebody else's software makes of it: read from a zone, asked
 * for, and answered octet for octet (tests/data/dns/types.cases).
 */
#include "dns/answer.h"
#include "dns/model.h"
#include "dns/table.h"
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/decide/view.h"
#include "policy/language/load.h"
#include "policy/language/policy.h"
#include "policy/language/sources.h"
#include "tests/unit/ask.h"
#include "tests/unit/geo_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS_MIN = 60, ROWS_MAX = 128, LINE_SIZE = 1024, RR_OCTETS = 12 };

/* One record: how it is written, and what it is. */
struct row {
	char text[LINE_SIZE];
	char owner[16]; /* "@" or its own */
	unsigned type;
	uint8_t rdata[LINE_SIZE];
	size_t len;
};

struct rows {
	struct row list[ROWS_MAX];
	size_t count;
};

static size_t read_hex(const char *hex, uint8_t *out)
{
	size_t len = 0;
	unsigned octet;

	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		out[len++] = (uint8_t)octet;
	return len;
}

/* DNSKEY, CDS and CDNSKEY are for the top of a zone. */
static bool at_apex(unsigned type)
{
	return type == 48 || type == 59 || type == 60;
}

static void read_row(struct rows *rows, const char *text, const char *octets)
{
	struct row *row = &rows->list[rows->count];
	char hex[LINE_SIZE] = "";

	assert_true(rows->count < ROWS_MAX);
	assert_int_equal(sscanf(octets, "%u %1023s", &row->type, hex), 2);
	snprintf(row->text, sizeof(row->text), "%s", text);
	row->len = read_hex(hex, row->rdata);
	if (at_apex(row->type))
		strcpy(row->owner, "@");
	else
		snprintf(row->owner, sizeof(row->owner), "t%zu", rows->count);
	rows->count++;
}

static void read_rows(struct rows *rows)
{
	char path[1024], text[LINE_SIZE], octets[LINE_SIZE];
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/data/dns/types.cases",
		 getenv("SRCDIR"));
	in = fopen(path, "r");
	assert_non_null(in);
	while (fgets(text, sizeof(text), in) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		if (text[0] == '#' || text[0] == '\0')
			continue;
		assert_non_null(fgets(octets, sizeof(octets), in));
		read_row(rows, text, octets);
	}
	fclose(in);
	assert_true(rows->count >= ROWS_MIN);
}

/* All rows as one master file; DS only stands at a delegation. */
static char *master_file(const struct rows *rows)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "$TTL 60\n@ SOA ns.example.net. h 1 2 3 4 5\n"
		     "@ NS ns.example.net.\n");
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];

		fprintf(out, "%s %s\n", row->owner, row->text);
		if (row->type == 43)
			fprintf(out, "%s NS ns.example.net.\n", row->owner);
	}
	fclose(out);
	return text;
}

static struct policy *load(const struct rows *rows)
{
	static const char policy_text[] =
		"zone: {name: z.example, records: z}\n";
	struct sources s = { .arena = arena_new(),
			     .folder = "",
			     .sealed = true };
	struct errors errs = { 0 };
	char *zone = master_file(rows);
	struct policy *policy;

	assert_true(
		sources_add(&s, "p.yaml", policy_text, strlen(policy_text)));
	assert_true(sources_add(&s, "z", zone, strlen(zone)));
	policy = load_policy(&s, "p.yaml", &errs);
	errors_print(&errs, stderr);
	assert_non_null(policy);
	errors_fini(&errs);
	free(zone);
	return policy;
}

static struct table *table_of(struct policy *policy)
{
	const struct view_input in = { .now_ms = 1000000, .wall_ms = 1000000 };
	struct geo *geo = calloc(1, sizeof(*geo));
	struct errors errs = { 0 };
	struct view *view;
	struct model *model;
	struct table *table;

	assert_non_null(geo);
	geo->class_count = 1;
	model = model_of(policy, geo, NULL, &errs);
	errors_print(&errs, stderr);
	assert_non_null(model);
	view = view_reduce(policy, &in);
	assert_non_null(view);
	table = table_build(model, view, NULL);
	assert_non_null(table);
	view_free(view);
	model_unref(model);
	errors_fini(&errs);
	return table;
}

/* The record's octets, as an answer has them, behind the question. */
static bool answers(const struct table *table, const struct row *row)
{
	static uint8_t query[ASK_OCTETS_MAX], out[65535];
	struct answer_input in = { .query = query, .stream = true };
	struct answer_outcome outcome;
	bool apex = strcmp(row->owner, "@") == 0;
	char words[64];
	const uint8_t *rr;
	size_t len;

	snprintf(words, sizeof(words), "%s%sz.example TYPE%u",
		 apex ? "" : row->owner, apex ? "" : ".", row->type);
	in.len = ask_write(words, query);
	len = answer_query(table, &in, out, sizeof(out), &outcome);
	rr = out + in.len;
	return len == in.len + RR_OCTETS + row->len && outcome.rcode == 0 &&
	       rr[2] == row->type >> 8 && rr[3] == (row->type & 0xff) &&
	       rr[10] == row->len >> 8 && rr[11] == (row->len & 0xff) &&
	       memcmp(rr + RR_OCTETS, row->rdata, row->len) == 0;
}

static void test_octets(void **state)
{
	static struct rows rows;
	struct table *table;
	unsigned wrong = 0;

	(void)state;
	read_rows(&rows);
	table = table_of(load(&rows));
	for (size_t i = 0; i < rows.count; i++) {
		if (answers(table, &rows.list[i]))
			continue;
		print_error("%s\n", rows.list[i].text);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_octets),
	};

	return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
