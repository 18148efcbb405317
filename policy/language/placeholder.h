/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placeholder -- the words in a canary's queries that stand for something:
 * $arm, $canary, $service, $regions, $endpoints.
 *
 * A "$" that no small letter follows is itself, as at the end of a regular
 * expression and in "$1".  Pure.
 */
#ifndef POLICY_LANGUAGE_PLACEHOLDER_H
#define POLICY_LANGUAGE_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

enum placeholder {
	PLACEHOLDER_ARM,       /* "canary" or "stable" */
	PLACEHOLDER_CANARY,    /* its name */
	PLACEHOLDER_SERVICE,   /* the service's name */
	PLACEHOLDER_REGIONS,   /* of its stage: a regular expression */
	PLACEHOLDER_ENDPOINTS, /* of that version there: the same */
	PLACEHOLDERS,
	PLACEHOLDER_UNKNOWN = PLACEHOLDERS,
};

/*
 * The first placeholder in text, known or not: where it begins with its "$",
 * and its length.  NULL: there is none.
 */
const char *placeholder_find(const char *text, enum placeholder *which,
			     size_t *len);

/* Does the text name it? */
bool placeholder_in(const char *text, enum placeholder which);

/* "$arm, $canary, ...", for messages. */
#define PLACEHOLDER_WORDS "$arm, $canary, $service, $regions or $endpoints"

#endif
