/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examination -- is a journal as it was written?  Walks the chain, and compares
 * its end with a head that is known.
 *
 * What it cannot find is a new end, or a whole new file, by whoever could write
 * the head too: for that the head must have been kept elsewhere.  A last line
 * that is torn is no fault: the agent sets it aside at its next start, or is
 * just writing it.  Shell: it reads files.
 */
#ifndef STEERING_EXAMINATION_H
#define STEERING_EXAMINATION_H

#include "steering/custody.h"

struct error;
struct journal;

enum { EXAMINATION_LINES = 20000 };

struct examination {
	struct custody first; /* number of the first line, hash of the one
			       * before that; 0: there is none */
	struct custody end;   /* the last */
	size_t torn;          /* octets behind it that are no line */
	bool headed;          /* the end was compared with a head */
	uint64_t before;      /* lines not looked at */
};

/*
 * A whole file, up to known, or to what PATH.head says when that is NULL and
 * is there.  False with err naming the first line that is not as it was
 * written, or those that are missing.
 */
bool examination_of_file(const char *path, const struct custody *known,
			 struct examination *out, struct error *err);

/* The last EXAMINATION_LINES of an open one, up to the line added last. */
bool examination_of_journal(const struct journal *journal,
			    struct examination *out, struct error *err);

#endif
