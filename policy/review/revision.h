/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revision -- a policy as a revision of git has it: REV, or REV:PATH.
 *
 * The whole revision is laid out in a folder of its own, for a policy names
 * files beside it; neither the repository's working tree nor its index is
 * touched.  What git ignores, as geo databases mostly are, is in no revision:
 * the working tree's is linked to.
 *
 * Shell: runs git, makes and removes files.  Source: gitrevisions(7),
 * git-read-tree(1), git-checkout-index(1).
 */
#ifndef POLICY_REVIEW_REVISION_H
#define POLICY_REVIEW_REVISION_H

#include "policy/review/keeper.h"

#include <stdbool.h>

struct error;

enum { REVISION_PATH_SIZE = 4096 };

struct revision {
	struct keeper keeper;            /* of the folder: it goes with us */
	char folder[REVISION_PATH_SIZE]; /* its own; "": there is none */
	char base[REVISION_PATH_SIZE];   /* of the tree in it, with a "/" */
	char path[REVISION_PATH_SIZE];   /* of the policy in that */
};

/* Is word to be taken for a revision?  It is when no file has that name. */
bool revision_is(const char *word);

/*
 * word is REV:PATH, with PATH from the top of the repository around the
 * working directory (from that itself when it begins with "./"), or REV:
 * where beside, the path of the policy in a working tree, is then the one that
 * is meant.  beside may be NULL.  False with err set; *out is then ended.
 */
bool revision_open(const char *word, const char *beside, struct revision *out,
		   struct error *err);

/* Removes the folder.  One that was not opened but zeroed is fine. */
void revision_close(struct revision *revision);

#endif
