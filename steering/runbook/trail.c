/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/runbook/trail.h"

#include "policy/base/error.h"
#include "steering/examination.h"
#include "steering/runbook/change.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

static int broken(const struct trail *trail, const char *what)
{
	if (trail->json)
		printf("{\"ok\":false}\n");
	fprintf(stderr, "windrose history: broken: %s\n", what);
	return EXIT_FAILED;
}

static void print_whole(const struct trail *trail, const char *name,
			const struct examination *i)
{
	if (trail->json) {
		json_t *json =
			json_pack("{s:b, s:s, s:I, s:s, s:I, s:s}", "ok", 1,
				  "file", name, "first", (json_int_t)i->first.n,
				  "before", i->first.hash, "last",
				  (json_int_t)i->end.n, "hash", i->end.hash);

		json_dumpf(json, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(json);
		return;
	}
	if (i->end.n == 0)
		printf("%s: empty\n", name);
	else
		printf("%s: lines %" PRIu64 " to %" PRIu64
		       " are as they were written; head %" PRIu64 ":%s\n",
		       name, i->first.n, i->end.n, i->end.n, i->end.hash);
	if (i->first.n > 1)
		printf("  it goes on from %" PRIu64 ":%s\n", i->first.n - 1,
		       i->first.hash);
	if (i->torn > 0)
		printf("  its last line is torn (%zu octets): by a crash, and "
		       "the agent sets it aside at its next start, or it is "
		       "being written\n",
		       i->torn);
	if (!i->headed)
		printf("  there is no head to compare its end with: lines may "
		       "be missing there\n");
}

/* Does a file begin where the one before ended? */
static bool goes_on(const struct examination *last, const struct examination *i,
		    const char *name, struct error *err)
{
	if (last->end.n == 0 || i->end.n == 0)
		return true;
	if (i->first.n == last->end.n + 1 &&
	    strcmp(i->first.hash, last->end.hash) == 0)
		return true;
	error_set(err,
		  "%s: its first line, %" PRIu64
		  ", does not go on from line %" PRIu64 " of the file before",
		  name, i->first.n, last->end.n);
	return false;
}

int trail_of_files(const struct trail *trail)
{
	struct examination last = { .torn = 0 };
	struct custody head = custody_start();
	struct error err;

	if (trail->head != NULL &&
	    !custody_parse_head(trail->head, strlen(trail->head), &head)) {
		fprintf(stderr, "windrose history: --head: write NUMBER:HASH, "
				"as --verify prints it\n");
		return EXIT_USAGE;
	}
	for (size_t f = 0; f < trail->count; f++) {
		bool is_last = f + 1 == trail->count;
		struct examination i;

		if (!examination_of_file(trail->files[f],
					 is_last && trail->head != NULL ? &head
									: NULL,
					 &i, &err) ||
		    !goes_on(&last, &i, trail->files[f], &err))
			return broken(trail, err.text);
		print_whole(trail, trail->files[f], &i);
		last = i;
	}
	return EXIT_DONE;
}

static void take_text(char out[CUSTODY_HASH_SIZE], const json_t *answer,
		      const char *key)
{
	const char *text = json_string_value(json_object_get(answer, key));

	snprintf(out, CUSTODY_HASH_SIZE, "%s", text == NULL ? "" : text);
}

int trail_of_answer(const struct trail *trail, const json_t *answer)
{
	const char *why = json_string_value(json_object_get(answer, "broken"));
	struct examination i = { .headed = true };

	if (why != NULL)
		return broken(trail, why);
	i.first.n =
		(uint64_t)json_integer_value(json_object_get(answer, "first"));
	i.end.n = (uint64_t)json_integer_value(json_object_get(answer, "last"));
	take_text(i.first.hash, answer, "before");
	take_text(i.end.hash, answer, "hash");
	print_whole(trail, "the agent's journal", &i);
	return EXIT_DONE;
}
