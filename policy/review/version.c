/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/version.h"

#include "policy/base/error.h"
#include "policy/base/thread.h"
#include "policy/decide/geo.h"
#include "policy/review/loss.h"

#include <stdio.h>

#include <pthread.h>

/* One on its way. */
struct version_opening {
	const char *word, *path; /* as it is called, where it is */
	const struct proof_goal *goal;
	struct version *out;
	bool ok;
};

/* Where the policy is; false with a message. */
static bool find(const char *const words[2], size_t i,
		 struct version_opening *o)
{
	const char *beside = words[1 - i];
	struct revision *r = &o->out->revision;
	struct error err;

	o->word = o->path = words[i];
	if (!revision_is(o->word))
		return true;
	if (revision_open(o->word, revision_is(beside) ? NULL : beside, r,
			  &err)) {
		o->path = r->path;
		return true;
	}
	fprintf(stderr, "windrose diff: %s\n", err.text);
	return false;
}

static bool make(struct version_opening *o)
{
	struct version *v = o->out;
	struct subject *s = &v->subject;
	const char *base = o->path == o->word ? NULL : v->revision.base;

	if (!subject_open_in(base, o->path, o->word, s))
		return false;
	v->vicinity = vicinity_new(s->policy, geo_class(s->geo, 0),
				   geo_class_count(s->geo));
	proof_make(s->view, s->geo, o->goal, &v->proof);
	for (size_t i = 0; i < s->policy->service_count; i++)
		subject_suppose(s, (int)i, &(struct scenario){ .failed = 0 });
	if (v->vicinity != NULL && !v->proof.no_memory &&
	    loss_judge(s->policy, s->geo, &s->findings))
		return true;
	fprintf(stderr, "windrose diff: out of memory\n");
	return false;
}

static void *run(void *arg)
{
	struct version_opening *o = arg;

	o->ok = make(o);
	return NULL;
}

bool versions_open(const char *const words[2], const struct proof_goal *goal,
		   struct version out[2])
{
	struct version_opening o[2] = {
		{ .goal = goal, .out = &out[0] },
		{ .goal = goal, .out = &out[1] },
	};
	struct error err;
	pthread_t thread;
	bool both;

	if (!find(words, 0, &o[0]) || !find(words, 1, &o[1]))
		return false;
	/* A thread that cannot be had costs time, no more. */
	both = thread_start(&thread, "windrose-before", run, &o[0], &err);
	run(&o[1]);
	if (both)
		pthread_join(thread, NULL);
	else
		run(&o[0]);
	return o[0].ok && o[1].ok;
}

void versions_close(struct version versions[2])
{
	for (size_t i = 0; i < 2; i++) {
		proof_fini(&versions[i].proof);
		vicinity_free(versions[i].vicinity);
		subject_free(&versions[i].subject);
		revision_close(&versions[i].revision);
	}
}
