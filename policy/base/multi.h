/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multi -- libcurl's multi interface on an event loop: transfers side by side.
 *
 * Shell: owns libcurl, its sockets and its timer.
 */
#ifndef POLICY_BASE_MULTI_H
#define POLICY_BASE_MULTI_H

#include <stdbool.h>

#include <curl/curl.h>

struct error;
struct event_base;
struct multi;

/* The transfer of easy has ended; to be removed before this returns. */
typedef void multi_done(CURL *easy, CURLcode result);

/*
 * kept_max: connections that wait for a next transfer; beyond it each new one
 * drops the oldest.  NULL with err set.  Not to be made by two threads at once
 * (libcurl's global state).
 */
struct multi *multi_new(struct event_base *loop, multi_done *done,
			long kept_max, struct error *err);

/* Accepts NULL.  Every transfer has been removed. */
void multi_free(struct multi *multi);

/* False: easy was not begun.  done is never called from within. */
bool multi_add(struct multi *multi, CURL *easy);

/* Also one that is under way, or was not added. */
void multi_remove(struct multi *multi, CURL *easy);

#endif
