/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cases -- files of questions and answers, in the words of tests/unit/ask: a
 * title, then who asks and what, then the answer, a line each.  Lines that
 * begin with "#" are comments.
 */
#ifndef TESTS_UNIT_CASES_H
#define TESTS_UNIT_CASES_H

struct table;

/*
 * Runs the cases of a file in tests/data/dns; fails the test when one answer
 * is wrong, which is printed, or when there are fewer than least.
 */
void cases_run(const struct table *table, const char *name, unsigned least);

#endif
