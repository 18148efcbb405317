/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/diff.h"

#include "policy/base/error.h"
#include "policy/base/invocation.h"
#include "policy/review/carriage.h"
#include "policy/review/carrier.h"
#include "policy/review/difference.h"
#include "policy/review/traffic.h"
#include "policy/review/version.h"

#include <stdio.h>
#include <stdlib.h>

struct request {
	bool json, markdown, trusts_names, help;
	const char *trace;    /* NULL: none */
	const char *svg;      /* file to draw to, or NULL */
	const char *paths[2]; /* before, after */
};

static void print(const struct difference *d, const struct request *request)
{
	if (request->json)
		difference_print_json(d);
	else if (request->markdown)
		difference_print_markdown(d);
	else
		difference_print(d);
}

/* False with a message. */
static bool ask_trace(const char *path, struct traffic *t)
{
	const struct trace_sink sink = { traffic_take, t };
	struct error err;

	if (trace_read_file(path, &sink, &t->tally, &err))
		return true;
	fprintf(stderr, "windrose diff: %s\n", err.text);
	return false;
}

/* False with a message. */
static bool draw(const struct difference *d, const char *path)
{
	struct error err;

	if (difference_draw(d, path, &err))
		return true;
	fprintf(stderr, "windrose diff: %s\n", err.text);
	return false;
}

static enum program_status compare(struct difference *d,
				   struct traffic *traffic,
				   const struct request *request)
{
	bool ok = difference_find(d) &&
		  (d->traffic == NULL ||
		   traffic_init(traffic, &d->ground.before, &d->ground.after));

	if (!ok)
		fprintf(stderr, "windrose diff: out of memory\n");
	else if (d->traffic != NULL)
		ok = ask_trace(request->trace, traffic);
	if (ok && request->svg != NULL)
		ok = draw(d, request->svg);
	if (ok)
		print(d, request);
	return ok && d->after->failure_count == 0 ? PROGRAM_OK : PROGRAM_FAILED;
}

static enum program_status lay_over(const struct version versions[2],
				    const struct request *request)
{
	const struct version *before = &versions[0], *after = &versions[1];
	struct carriers *carriers = carriers_open(after->subject.policy);
	bool knows = carriers != NULL && carriers_know(carriers);
	enum program_status status = PROGRAM_FAILED;
	struct traffic traffic = { .count = 0 };
	struct carriage carriage = { .count = 0 };
	struct overlay overlay = { .count = 0 };
	struct difference d = {
		.ground = {
			.before = { &before->subject, before->vicinity },
			.after = { &after->subject, after->vicinity },
			.overlay = &overlay,
			.carriage = knows ? &carriage : NULL,
		},
		.before = &before->proof,
		.after = &after->proof,
		.traffic = request->trace == NULL ? NULL : &traffic,
	};

	if (carriers != NULL &&
	    overlay_make(before->subject.geo, after->subject.geo, &overlay) &&
	    (!knows || carriage_make(before->subject.geo, after->subject.geo,
				     &overlay, carriers, &carriage)))
		status = compare(&d, &traffic, request);
	else
		fprintf(stderr, "windrose diff: out of memory\n");
	difference_fini(&d);
	traffic_fini(&traffic);
	carriage_fini(&carriage);
	overlay_fini(&overlay);
	carriers_free(carriers);
	return status;
}

static enum program_status read_request(int argc, char **argv,
					struct request *request)
{
	const struct option_row rows[] = {
		{ "json", OPTION_FLAG, &request->json, NULL, "print JSON", 0,
		  0 },
		{ "markdown", OPTION_FLAG, &request->markdown, NULL,
		  "print Markdown, for a pull request", 0, 0 },
		{ "trace", OPTION_TEXT, &request->trace, "FILE",
		  "what of these queries moves: text, pcap(ng) or dnstap", 0,
		  0 },
		{ "svg", OPTION_TEXT, &request->svg, "FILE",
		  "draw a map of who moves, too", 0, 0 },
		{ "trust-names", OPTION_FLAG, &request->trusts_names, NULL,
		  "in the proofs, as for windrose prove", 0, 0 },
		{ "help", OPTION_FLAG, &request->help, NULL, "print this", 0,
		  0 },
	};
	const struct invocation call = {
		"diff",
		"OLD NEW [--json | --markdown] [--trace FILE] [--svg FILE]\n"
		"       [--trust-names]",
		rows,
		sizeof(rows) / sizeof(rows[0]),
		2,
		&request->help,
	};
	enum program_status status =
		invocation_read(&call, argc, argv, request->paths);

	if (status == PROGRAM_GO && request->json && request->markdown)
		return invocation_refuse(&call,
					 "--json or --markdown, not both");
	return status;
}

int review_diff(int argc, char **argv)
{
	struct request request = { .json = false };
	struct version versions[2] = { { .vicinity = NULL } };
	enum program_status status = read_request(argc, argv, &request);
	struct proof_goal goal = { .most = 0 };

	if (status != PROGRAM_GO)
		return status;
	goal.trusts_names = request.trusts_names;
	status = versions_open(request.paths, &goal, versions)
			 ? lay_over(versions, &request)
			 : PROGRAM_FAILED;
	versions_close(versions);
	return status;
}
