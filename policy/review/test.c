/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/test.h"

#include "policy/base/civil.h"
#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "policy/review/coverage.h"
#include "policy/review/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { ANY_PCT = 101 }; /* of coverage: none is required */

struct request {
	bool tap, json, coverage, help;
	unsigned required_pct;
	const char *path;
};

static const struct policy_service *service_of(const struct trial *t)
{
	return &t->subject->policy->services[t->test->service];
}

static void print_endpoints(FILE *out, const struct trial *t, uint64_t set)
{
	const struct policy_service *service = service_of(t);
	const char *sep = "";

	for (size_t i = 0; i < service->endpoint_count; i++) {
		if (!(set >> i & 1))
			continue;
		fprintf(out, "%s%s", sep, service->endpoints[i].name);
		sep = ", ";
	}
}

static void print_without(FILE *out, const struct policy *policy,
			  uint64_t regions)
{
	const char *sep = " without ";

	for (size_t i = 0; i < policy->region_count; i++) {
		if (!(regions >> i & 1))
			continue;
		fprintf(out, "%s%s", sep, policy->regions[i].name);
		sep = ", ";
	}
}

/* What the test supposes, with these regions failed. */
struct supposed {
	struct scenario scenario;
	struct scenario_canaries canaries;
};

static void suppose(const struct trial *t, uint64_t down, struct supposed *out)
{
	out->scenario = (struct scenario){
		.failed = down,
		.at_s = t->test->at_s,
	};
	scenario_suppose(&out->scenario, t->subject->policy, &t->test->supposed,
			 &out->canaries);
}

/* Beside failures and the time. */
static void print_supposed(FILE *out, const struct trial *t)
{
	struct supposed supposed;

	suppose(t, 0, &supposed);
	supposed.scenario.at_s = 0;
	if (scenario_size(&supposed.scenario) == 0)
		return;
	fprintf(out, " when ");
	scenario_print(&supposed.scenario, t->subject->policy, t->test->service,
		       out);
}

static void print_expected(FILE *out, const struct trial *t)
{
	const struct policy *policy = t->subject->policy;
	const struct policy_test *test = t->test;
	const char *sep = "";

	if (test->expect != TEST_ALWAYS_WITHIN) {
		fprintf(out, "%s",
			test->expect == TEST_NEVER ? "never "
			: test->expect == TEST_ALWAYS_WITHOUT
				? "always without "
				: "");
		print_endpoints(out, t, test->endpoints);
		return;
	}
	fprintf(out, "always within ");
	for (size_t i = 0; i < policy->jurisdiction_count; i++) {
		if (!(test->jurisdictions >> i & 1))
			continue;
		fprintf(out, "%s%s", sep, policy->jurisdictions[i]);
		sep = ", ";
	}
}

/* What the test says, as a title. */
static void print_title(FILE *out, const struct trial *t)
{
	const struct policy *policy = t->subject->policy;
	const struct policy_test *test = t->test;
	char buf[NET_TEXT_SIZE], at[CIVIL_TEXT_SIZE];

	if (test->client.family != NET_NONE)
		fprintf(out, "client %s ", net_addr_text(&test->client, buf));
	else
		fprintf(out, "clients %s ", policy->sets[test->clients].name);
	fprintf(out, "%s", service_of(t)->name);
	print_without(out, policy, test->down);
	print_supposed(out, t);
	if (test->at_s != 0)
		fprintf(out, " at %s", civil_text(test->at_s, at));
	fprintf(out, ": ");
	print_expected(out, t);
}

static void print_tried(const struct trial *t)
{
	if (!policy_is_always(t->test) || !t->ok)
		return;
	printf(" (%" PRIu64 " sets of failed regions%s, %zu", t->states,
	       t->some_subsets ? ", not all of them" : "", t->tried);
	if (t->tried < t->classes)
		printf(" of %zu", t->classes);
	printf(" client class%s)", t->classes == 1 ? "" : "es");
}

/* What came instead. */
static void print_got(FILE *out, const struct trial *t)
{
	fprintf(out, "got %s", t->got == 0 ? "no answer" : "");
	print_endpoints(out, t, t->got);
	if (t->why != NULL)
		fprintf(out, " (%s)", t->why);
	if (t->down != t->test->down)
		print_without(out, t->subject->policy, t->down);
}

/* The command that shows it, if there is a client to ask. */
static void print_command(FILE *out, const struct trial *t)
{
	struct net_addr client = t->test->client;
	struct supposed supposed;
	char buf[NET_TEXT_SIZE];

	if (t->classes == 0 ||
	    (client.family == NET_NONE &&
	     !subject_find_address(t->subject, t->class_id, &client)))
		return;
	suppose(t, t->down, &supposed);
	fprintf(out, "windrose explain %s --client %s --service %s",
		t->subject->path, net_addr_text(&client, buf),
		service_of(t)->name);
	scenario_print_options(&supposed.scenario, t->subject->policy,
			       t->test->service, out);
}

typedef void printing(FILE *out, const struct trial *t);

/* The caller frees it; NULL when memory runs out. */
static char *text_of(printing *print, const struct trial *t)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	print(out, t);
	fclose(out);
	return text;
}

static void print_trial(const struct trial *t, size_t number,
			const struct request *request)
{
	const char *margin = request->tap ? "#   " : "    ";
	char *command;

	printf("%s %zu - %s:%u: ", t->ok ? "ok" : "not ok", number,
	       t->test->at.file, t->test->at.line);
	print_title(stdout, t);
	print_tried(t);
	printf("\n");
	if (t->ok)
		return;
	printf("%s", margin);
	print_got(stdout, t);
	printf("\n");
	command = text_of(print_command, t);
	if (command != NULL && command[0] != '\0')
		printf("%s%s\n", margin, command);
	free(command);
}

static void set_text(json_t *o, const char *member, printing *print,
		     const struct trial *t)
{
	char *text = text_of(print, t);

	json_object_set_new(o, member, json_string(text == NULL ? "" : text));
	free(text);
}

static json_t *trial_json(const struct trial *t)
{
	json_t *o = json_pack("{s:b, s:s, s:I}", "ok", t->ok, "file",
			      t->test->at.file, "line",
			      (json_int_t)t->test->at.line);

	set_text(o, "says", print_title, t);
	if (t->ok)
		return o;
	set_text(o, "failure", print_got, t);
	set_text(o, "explain", print_command, t);
	return o;
}

/* What all tests together came to. */
struct outcome {
	size_t failed;
	struct coverage coverage;
	json_t *list; /* of trials; NULL unless JSON is asked for */
};

static unsigned covered_pct(const struct coverage *c)
{
	return c->count == 0 ? 100
			     : (unsigned)(100 * coverage_tried(c) / c->count);
}

static bool is_enough(const struct request *request,
		      const struct coverage *coverage)
{
	return request->required_pct == ANY_PCT ||
	       covered_pct(coverage) >= request->required_pct;
}

/* "network 10.1.0.0/16", "endpoint www/us-east". */
static void print_rule(FILE *out, const struct coverage_rule *rule)
{
	char buf[NET_TEXT_SIZE];

	fprintf(out, "%s%s%s", rule->service == NULL ? "" : rule->service,
		rule->service == NULL ? "" : "/",
		rule->name == NULL ? net_prefix_text(&rule->network, buf)
				   : rule->name);
}

static void print_coverage(const struct request *request,
			   const struct coverage *c)
{
	const char *margin = request->tap ? "# " : "";

	for (size_t i = 0; i < c->count; i++) {
		const struct coverage_rule *rule = &c->rules[i];

		if (rule->tried)
			continue;
		printf("%suntried  %s ", margin,
		       coverage_kind_name(rule->kind));
		print_rule(stdout, rule);
		printf(" (%s:%u)\n", rule->at.file, rule->at.line);
	}
	printf("%scoverage %zu of %zu rules are tried, %u%%%s\n", margin,
	       coverage_tried(c), c->count, covered_pct(c),
	       is_enough(request, c) ? "" : ": too few");
}

static json_t *coverage_json(const struct coverage *c)
{
	json_t *untried = json_array();

	for (size_t i = 0; i < c->count; i++) {
		const struct coverage_rule *rule = &c->rules[i];
		char name[2 * NET_TEXT_SIZE + 2 * POLICY_NAME_MAX] = "";
		FILE *out = fmemopen(name, sizeof(name), "w");

		if (out != NULL) {
			print_rule(out, rule);
			fclose(out);
		}
		if (!rule->tried)
			json_array_append_new(
				untried,
				json_pack("{s:s, s:s, s:s?, s:I}", "kind",
					  coverage_kind_name(rule->kind),
					  "name", name, "file", rule->at.file,
					  "line", (json_int_t)rule->at.line));
	}
	return json_pack("{s:I, s:I, s:I, s:o}", "rules", (json_int_t)c->count,
			 "tried", (json_int_t)coverage_tried(c), "percent",
			 (json_int_t)covered_pct(c), "untried", untried);
}

static void print_json(const struct request *request, size_t count,
		       struct outcome *outcome)
{
	json_t *o = json_pack("{s:o, s:I, s:I}", "tests", outcome->list,
			      "passed", (json_int_t)(count - outcome->failed),
			      "failed", (json_int_t)outcome->failed);

	if (request->coverage)
		json_object_set_new(o, "coverage",
				    coverage_json(&outcome->coverage));
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}

static void run_tests(struct subject *s, const struct request *request,
		      struct outcome *outcome)
{
	for (size_t i = 0; i < s->policy->test_count; i++) {
		const struct policy_test *test = &s->policy->tests[i];
		struct trial t = trial_run(s, test);

		if (request->json)
			json_array_append_new(outcome->list, trial_json(&t));
		else
			print_trial(&t, i + 1, request);
		if (request->coverage)
			coverage_add(&outcome->coverage, test);
		outcome->failed += !t.ok;
	}
}

static bool open_coverage(struct coverage *coverage, struct subject *s)
{
	struct errors errs = { .list = NULL };
	bool ok = coverage_open(coverage, s, &errs);

	errors_print(&errs, stderr);
	errors_fini(&errs);
	return ok;
}

static enum program_status test(struct subject *s,
				const struct request *request)
{
	struct outcome outcome = { .failed = 0 };
	size_t count = s->policy->test_count;
	bool ok = !request->coverage || open_coverage(&outcome.coverage, s);

	if (ok && request->json)
		outcome.list = json_array();
	if (ok && request->tap)
		printf("1..%zu\n", count);
	if (ok)
		run_tests(s, request, &outcome);
	if (ok && request->json)
		print_json(request, count, &outcome);
	else if (ok)
		printf("%s%zu passed, %zu failed\n", request->tap ? "# " : "",
		       count - outcome.failed, outcome.failed);
	if (ok && request->coverage && !request->json)
		print_coverage(request, &outcome.coverage);
	ok = ok && outcome.failed == 0 &&
	     (!request->coverage || is_enough(request, &outcome.coverage));
	coverage_fini(&outcome.coverage);
	return ok ? PROGRAM_OK : PROGRAM_FAILED;
}

static enum program_status read_request(int argc, char **argv,
					struct request *request)
{
	const struct option_row rows[] = {
		{ "tap", OPTION_FLAG, &request->tap, NULL,
		  "print the Test Anything Protocol", 0, 0 },
		{ "json", OPTION_FLAG, &request->json, NULL, "print JSON", 0,
		  0 },
		{ "coverage", OPTION_FLAG, &request->coverage, NULL,
		  "tell which rules of the policy no test tries", 0, 0 },
		{ "require-coverage", OPTION_NUMBER, &request->required_pct,
		  "PERCENT", "the same, and end with 1 when fewer are tried", 0,
		  100 },
		{ "help", OPTION_FLAG, &request->help, NULL, "print this", 0,
		  0 },
	};
	const struct invocation call = {
		"test",
		"PATH [--tap | --json] [--coverage] "
		"[--require-coverage PERCENT]",
		rows,
		5,
		1,
		&request->help,
	};
	enum program_status status =
		invocation_read(&call, argc, argv, &request->path);

	if (status == PROGRAM_GO && request->tap && request->json)
		return invocation_refuse(&call, "--tap or --json, not both");
	request->coverage |= request->required_pct != ANY_PCT;
	return status;
}

int review_test(int argc, char **argv)
{
	struct request request = { .required_pct = ANY_PCT };
	enum program_status status = read_request(argc, argv, &request);
	struct subject s;

	if (status != PROGRAM_GO)
		return status;
	if (!subject_open(request.path, &s))
		return PROGRAM_FAILED;
	status = test(&s, &request);
	subject_free(&s);
	return status;
}
