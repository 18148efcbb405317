/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tidings -- what a responder's log tells of a view that differs from the one
 * before: deferral and panic that begin or end.  Pure but for the log.
 */
#ifndef DNS_TIDINGS_H
#define DNS_TIDINGS_H

struct view;

void tidings_tell(const struct view *view);

#endif
