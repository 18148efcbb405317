/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar -- the values and the rules of windows: zones, days and hours, and
 * what services that are steered by them must have.
 *
 * Zones are read from the system's time zone database; like geo databases its
 * files are not part of the policy's digest.  Shell: through
 * policy/language/sources.
 */
#ifndef POLICY_LANGUAGE_CALENDAR_H
#define POLICY_LANGUAGE_CALENDAR_H

#include "policy/language/value.h"

/* SCHEMA_TIMEZONE to SCHEMA_INSTANT, in the order of enum schema_kind. */
value_reader calendar_read;

/* Reads the zones of all windows, which have been filled. */
void calendar_load(struct draft *d);

/* What windows and services say of each other; services have been read. */
void calendar_judge(struct draft *d);

#endif
