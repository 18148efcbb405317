/* SPDX-License-Identifier: Apache-2.0 */
/*
 * likeness -- do two YAML texts say the same: the same events, whatever lines
 * and columns they are at.  Pure.
 */
#ifndef POLICY_REVIEW_LIKENESS_H
#define POLICY_REVIEW_LIKENESS_H

#include <stdbool.h>

#include <yaml.h>

struct error;

/* False with err set, at a line of one: one is not YAML, or they differ. */
bool likeness_find(const char *one, const char *other, struct error *err);

/* What a parser met, and where. */
void likeness_tell(const yaml_parser_t *parser, struct error *err);

#endif
