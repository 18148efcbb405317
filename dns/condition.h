/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition -- what the metrics tell of services and their endpoints as a view
 * has them: up, down, deferred, in panic.  Pure: it appends to a text.
 */
#ifndef DNS_CONDITION_H
#define DNS_CONDITION_H

struct openmetrics;
struct view;

void condition_put(struct openmetrics *out, const struct view *view);

#endif
