/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version -- one of the policies that are compared: a file, a directory or a
 * revision of git, loaded, with what check warns of and what can be proved.
 *
 * Shell: reads files, runs git, prints what is wrong, starts a thread.
 */
#ifndef POLICY_REVIEW_VERSION_H
#define POLICY_REVIEW_VERSION_H

#include "policy/decide/vicinity.h"
#include "policy/review/proof.h"
#include "policy/review/revision.h"
#include "policy/review/subject.h"

#include <stdbool.h>

struct version {
	struct revision revision;  /* when it is one */
	struct subject subject;    /* in a world in which all is well; its
				    * findings are all that check finds but for
				    * keys, which change with time */
	struct vicinity *vicinity; /* owned */
	struct proof proof;
};

/*
 * words[0] is the policy before, words[1] that after; one that is no file is a
 * revision, of the other's path when it says none.  Both are loaded and proved
 * at the same time.  False, with messages; the caller ends them in either case.
 */
bool versions_open(const char *const words[2], const struct proof_goal *goal,
		   struct version out[2]);
void versions_close(struct version versions[2]);

#endif
