/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/diff.h"

#include "policy/base/error.h"
#include "policy/decide/geo.h"
#include "policy/decide/vicinity.h"
#include "policy/review/difference.h"
#include "policy/review/invocation.h"
#include "policy/review/revision.h"
#include "policy/review/subject.h"
#include "policy/review/traffic.h"

#include <stdio.h>
#include <stdlib.h>

struct request {
	bool json, markdown, trusts_names, help;
	const char *trace;    /* NULL: none */
	const char *paths[2]; /* before, after */
};

/* One of the two, and what is proved of it. */
struct side {
	struct revision revision; /* when it is one */
	struct subject subject;
	struct vicinity *vicinity;
	struct proof proof;
};

/* paths[i] is a file, or a revision of git, of the other's path when it says
 * none. */
static bool find(const char *const paths[2], size_t i, struct side *side)
{
	const char *word = paths[i], *beside = paths[1 - i];
	struct revision *r = &side->revision;
	struct error err;

	if (!revision_is(word))
		return subject_open(word, &side->subject);
	if (revision_open(word, revision_is(beside) ? NULL : beside, r, &err))
		return subject_open_in(r->base, r->path, word, &side->subject);
	fprintf(stderr, "windrose diff: %s\n", err.text);
	return false;
}

static bool side_open(const struct request *request, size_t i,
		      struct side *side)
{
	const struct proof_goal goal = {
		.trusts_names = request->trusts_names,
	};
	struct subject *s = &side->subject;

	if (!find(request->paths, i, side))
		return false;
	side->vicinity = vicinity_new(s->policy, geo_class(s->geo, 0),
				      geo_class_count(s->geo));
	proof_make(s->view, s->geo, &goal, &side->proof);
	for (size_t n = 0; n < s->policy->service_count; n++)
		subject_suppose(s, (int)n, &(struct scenario){ .failed = 0 });
	if (side->vicinity != NULL && !side->proof.no_memory)
		return true;
	fprintf(stderr, "windrose diff: out of memory\n");
	return false;
}

static void side_close(struct side *side)
{
	proof_fini(&side->proof);
	vicinity_free(side->vicinity);
	subject_free(&side->subject);
	revision_close(&side->revision);
}

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

static enum review_status compare(struct difference *d, struct traffic *traffic,
				  const struct request *request)
{
	bool ok = difference_find(d) &&
		  (d->traffic == NULL ||
		   traffic_init(traffic, &d->ground.before, &d->ground.after));

	if (!ok)
		fprintf(stderr, "windrose diff: out of memory\n");
	else if (d->traffic != NULL)
		ok = ask_trace(request->trace, traffic);
	if (ok)
		print(d, request);
	return ok && d->after->failure_count == 0 ? REVIEW_FINE : REVIEW_FAILED;
}

static enum review_status lay_over(const struct side *before,
				   const struct side *after,
				   const struct request *request)
{
	enum review_status status = REVIEW_FAILED;
	struct traffic traffic = { .count = 0 };
	struct overlay overlay;
	struct difference d = {
		.ground = {
			.before = { &before->subject, before->vicinity },
			.after = { &after->subject, after->vicinity },
			.overlay = &overlay,
		},
		.before = &before->proof,
		.after = &after->proof,
		.traffic = request->trace == NULL ? NULL : &traffic,
	};

	if (overlay_make(before->subject.geo, after->subject.geo, &overlay))
		status = compare(&d, &traffic, request);
	else
		fprintf(stderr, "windrose diff: out of memory\n");
	difference_fini(&d);
	traffic_fini(&traffic);
	overlay_fini(&overlay);
	return status;
}

static enum review_status read_request(int argc, char **argv,
				       struct request *request)
{
	const struct option_row rows[] = {
		{ "json", OPTION_FLAG, &request->json, NULL, "print JSON", 0,
		  0 },
		{ "markdown", OPTION_FLAG, &request->markdown, NULL,
		  "print Markdown, for a pull request", 0, 0 },
		{ "trace", OPTION_TEXT, &request->trace, "FILE",
		  "what of these queries moves: text, pcap or dnstap", 0, 0 },
		{ "trust-names", OPTION_FLAG, &request->trusts_names, NULL,
		  "in the proofs, as for windrose prove", 0, 0 },
		{ "help", OPTION_FLAG, &request->help, NULL, "print this", 0,
		  0 },
	};
	const struct invocation call = {
		"diff",
		"OLD NEW [--json | --markdown] [--trace FILE] [--trust-names]",
		rows,
		sizeof(rows) / sizeof(rows[0]),
		2,
		&request->help,
	};
	enum review_status status =
		invocation_read(&call, argc, argv, request->paths);

	if (status == REVIEW_GO && request->json && request->markdown)
		return invocation_refuse(&call,
					 "--json or --markdown, not both");
	return status;
}

int review_diff(int argc, char **argv)
{
	struct request request = { .json = false };
	struct side before = { .vicinity = NULL }, after = { .vicinity = NULL };
	enum review_status status = read_request(argc, argv, &request);

	if (status != REVIEW_GO)
		return status;
	status = REVIEW_FAILED;
	if (side_open(&request, 0, &before) && side_open(&request, 1, &after))
		status = lay_over(&before, &after, &request);
	side_close(&before);
	side_close(&after);
	return status;
}
