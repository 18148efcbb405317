/* SPDX-License-Identifier: Apache-2.0 */
/*
 * findings -- what is wrong with a policy, in the form that is asked for: text
 * for people, JSON, SARIF for scanners, annotations for a pull request.
 *
 * Shell: prints.
 */
#ifndef POLICY_REVIEW_FINDINGS_H
#define POLICY_REVIEW_FINDINGS_H

#include "policy/base/error.h"

#include <stdbool.h>

struct geo;
struct policy;

struct findings {
	const char *path;      /* borrowed */
	struct policy *policy; /* NULL when it does not load */
	struct geo *geo;       /* NULL when not asked for or not loaded */
	struct errors errs;    /* sorted */
};

/* "text", "json", "sarif" or "github". */
bool findings_has_format(const char *format);

/* Static Analysis Results Interchange Format, 2.1.0 (OASIS); each rule is a
 * kind of finding, with its page as help. */
void findings_print_sarif(const struct findings *findings);

/* Text's errors go to standard error, all else to standard output. */
void findings_print(const struct findings *findings, const char *format);

#endif
