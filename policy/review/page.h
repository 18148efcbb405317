/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page -- what there is to say about a kind of findings, for people: what it
 * means, why it matters, how to mend it, an example.
 *
 * Shell: prints.
 */
#ifndef POLICY_REVIEW_PAGE_H
#define POLICY_REVIEW_PAGE_H

#include "policy/language/code.h"

#include <stdio.h>

/* "error" or "warning": what it is unless a policy says otherwise. */
const char *page_severity(const struct code_row *row);

/* The page, in lines of at most 76 columns. */
void page_print(const struct code_row *row, FILE *out);

#endif
