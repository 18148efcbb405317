/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/simulate.h"

#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "policy/decide/geo.h"
#include "policy/decide/vicinity.h"
#include "policy/language/scalar.h"
#include "policy/review/simulation.h"
#include "policy/review/simulation_report.h"
#include "policy/review/subject.h"

#include <stdio.h>
#include <stdlib.h>

enum { STEP_MS = 60000 };

struct request {
	const char *path, *trace, *against, *step;
	struct option_list down;
	bool json, help;
	int64_t step_ms;
	struct simulation_outage outages[SIMULATION_OUTAGES_MAX];
};

static enum program_status read_words(const struct invocation *call,
				      struct request *request)
{
	struct error err;

	if (request->trace == NULL)
		return invocation_refuse(call, "say --trace");
	request->step_ms = STEP_MS;
	if (request->step != NULL &&
	    (!scalar_duration(request->step, &request->step_ms) ||
	     request->step_ms < 1000))
		return invocation_refuse(call,
					 "--step %s: a time like 60s is needed",
					 request->step);
	for (size_t i = 0; i < request->down.count; i++)
		if (!simulation_read_outage(request->down.items[i],
					    &request->outages[i], &err))
			return invocation_refuse(call, "%s", err.text);
	return PROGRAM_GO;
}

static enum program_status read_request(int argc, char **argv,
					struct request *request)
{
	const struct option_row rows[] = {
		{ "trace", OPTION_TEXT, &request->trace, "FILE",
		  "queries with their times: text, pcap(ng) or dnstap", 0, 0 },
		{ "down", OPTION_LIST, &request->down, "REGION@FROM..TO",
		  "it fails then: +5m..+10m, or instants; may be given again",
		  0, 0 },
		{ "against", OPTION_TEXT, &request->against, "PATH",
		  "another policy, which is put to the same", 0, 0 },
		{ "step", OPTION_TEXT, &request->step, "DURATION",
		  "one line each; 60s", 0, 0 },
		{ "json", OPTION_FLAG, &request->json, NULL, "print JSON", 0,
		  0 },
		{ "help", OPTION_FLAG, &request->help, NULL, "print this", 0,
		  0 },
	};
	const struct invocation call = {
		"simulate",
		"PATH --trace FILE [--down REGION@FROM..TO]...\n"
		"       [--against PATH] [--step DURATION] [--json]",
		rows,
		sizeof(rows) / sizeof(rows[0]),
		1,
		&request->help,
	};
	enum program_status status =
		invocation_read(&call, argc, argv, &request->path);

	return status == PROGRAM_GO ? read_words(&call, request) : status;
}

/* Every region that fails is of one of the policies; false with a message. */
static bool check_regions(const struct request *request,
			  struct subject *const subjects[2])
{
	for (size_t i = 0; i < request->down.count; i++) {
		const char *name = request->outages[i].region;

		if (policy_find_region(subjects[0]->policy, name) >= 0 ||
		    (subjects[1] != NULL &&
		     policy_find_region(subjects[1]->policy, name) >= 0))
			continue;
		fprintf(stderr,
			"windrose simulate: region \"%s\" is not in the "
			"policy\n",
			name);
		return false;
	}
	return true;
}

/* False with a message. */
static bool ask_trace(struct simulation *s, const char *path,
		      struct trace_tally *tally)
{
	const struct trace_sink sink = { simulation_take, s };
	struct error err;
	bool ok = trace_read_file(path, &sink, tally, &err);

	if (s->too_long)
		fprintf(stderr,
			"windrose simulate: %s: more than %d steps; say a "
			"longer --step\n",
			path, SIMULATION_STEPS_MAX);
	else if (!ok)
		fprintf(stderr, "windrose simulate: %s\n", err.text);
	else if (s->step_count == 0)
		fprintf(stderr,
			"windrose simulate: %s: no query of a service tells "
			"its time\n",
			path);
	return ok && s->step_count > 0;
}

static enum program_status simulate(const struct request *request,
				    struct subject *const subjects[2],
				    const struct vicinity *const vicinities[2])
{
	struct simulation s = {
		.outages = request->outages,
		.outage_count = request->down.count,
		.step_ms = request->step_ms,
	};
	struct trace_tally tally;
	bool ok = simulation_init(&s, subjects, vicinities);

	if (!ok)
		fprintf(stderr, "windrose simulate: out of memory\n");
	ok = ok && ask_trace(&s, request->trace, &tally);
	if (ok && request->json)
		simulation_print_json(&s, &tally);
	else if (ok)
		simulation_print(&s, &tally);
	simulation_fini(&s);
	return ok ? PROGRAM_OK : PROGRAM_FAILED;
}

/* False with a message. */
static bool open_side(const char *path, struct subject *subject,
		      struct vicinity **vicinity)
{
	if (!subject_open(path, subject))
		return false;
	*vicinity = vicinity_new(subject->policy, geo_class(subject->geo, 0),
				 geo_class_count(subject->geo));
	if (*vicinity == NULL)
		fprintf(stderr, "windrose simulate: out of memory\n");
	return *vicinity != NULL;
}

static enum program_status run(const struct request *request)
{
	enum program_status status = PROGRAM_FAILED;
	struct subject first = { .path = NULL }, second = { .path = NULL };
	struct subject *const subjects[2] = {
		&first,
		request->against == NULL ? NULL : &second,
	};
	struct vicinity *v[2] = { NULL, NULL };

	if (open_side(request->path, &first, &v[0]) &&
	    (subjects[1] == NULL ||
	     open_side(request->against, &second, &v[1]))) {
		const struct vicinity *const vicinities[2] = { v[0], v[1] };

		status = check_regions(request, subjects)
				 ? simulate(request, subjects, vicinities)
				 : PROGRAM_USAGE;
	}
	vicinity_free(v[0]);
	vicinity_free(v[1]);
	subject_free(&first);
	subject_free(&second);
	return status;
}

int review_simulate(int argc, char **argv)
{
	struct request *request = calloc(1, sizeof(*request));
	enum program_status status = PROGRAM_FAILED;

	if (request == NULL)
		fprintf(stderr, "windrose simulate: out of memory\n");
	else
		status = read_request(argc, argv, request);
	if (status == PROGRAM_GO)
		status = run(request);
	free(request);
	return status;
}
