/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft -- a policy while it is being read: the merged trees, the struct that
 * is being filled, and what has been found wrong so far.
 *
 * One mistake is one error: what has been refused is marked in its tree node,
 * and whatever would follow from it alone is not reported again.  Pure.
 */
#ifndef POLICY_LANGUAGE_DRAFT_H
#define POLICY_LANGUAGE_DRAFT_H

#include "policy/language/code.h"
#include "policy/language/policy.h"
#include "policy/language/schema.h"
#include "policy/language/tree.h"

struct arena;
struct sources;

struct draft {
	struct policy *policy;
	struct arena *arena; /* the policy's */
	struct errors *errs;
	struct sources *sources;
	struct tree *sections[SECTION_COUNT]; /* NULL: not written */
	struct tree **zone_nodes; /* where policy->zones are written */
	/*
	 * What could not be read at all, so that what refers to it is not
	 * wrong: a file, which may hold anything, or one section.
	 */
	bool file_missing;
	uint32_t sections_missing; /* bit per enum section */
	bool lost;                 /* memory ran out, and errs says so */
};

/* Has all of the section been read, so that what it lacks is a mistake? */
static inline bool draft_knows(const struct draft *d, enum section section)
{
	return !d->file_missing &&
	       (d->sections_missing & UINT32_C(1) << section) == 0;
}

/* As arena_alloc(); NULL when memory runs out, which is then reported. */
void *draft_alloc(struct draft *d, size_t count, size_t size);

/* text copied, or NULL as above. */
char *draft_text(struct draft *d, const char *text);

/* Marks the node as refused and reports why, at its place: an enum code. */
void draft_refuse(struct draft *d, unsigned code, struct tree *node,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The names of one array of the policy: each struct begins with its name. */
struct names {
	const char *noun;     /* "region" */
	enum section section; /* that defines them */
	const void *base;
	size_t count, stride;
};

struct names names_regions(const struct policy *policy);
struct names names_vantages(const struct policy *policy);
struct names names_checks(const struct policy *policy);
struct names names_windows(const struct policy *policy);
struct names names_sets(const struct policy *policy);
struct names names_services(const struct policy *policy);
struct names names_canaries(const struct policy *policy);
struct names names_endpoints(const struct policy_service *service);
struct names names_jurisdictions(const struct policy *policy);

/* Index or POLICY_NONE. */
int names_find(const struct names *names, const char *name);

/*
 * Index of the thing that node names; POLICY_NONE when it is none, which is
 * then reported with the nearest name there is.
 */
int draft_refer(struct draft *d, const struct names *names, struct tree *node);

/* "; did you mean ..." or what is defined, into buf, which is returned. */
const char *names_hint(const struct names *names, const char *name, char *buf,
		       size_t size);

/*
 * The value of a thing under a key, when a judgement may use it: absent (then
 * NULL and true) or read without an error.
 */
bool draft_usable(const struct tree *map, const char *key, struct tree **out);

/* Where to report something about key: its value, else where map is named. */
struct place draft_place(const struct tree *map, const char *key);

#endif
