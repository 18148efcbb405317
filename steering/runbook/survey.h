/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survey -- a whole status: the first answer and the pages that belong to it,
 * put together.  Blocking.  Shell.
 */
#ifndef STEERING_RUNBOOK_SURVEY_H
#define STEERING_RUNBOOK_SURVEY_H

#include <stdint.h>

struct error;
struct json_t;
struct link;

/* What came of it, as exit statuses tell it. */
enum survey_result { SURVEY_OK, SURVEY_SILENT, SURVEY_REFUSED };

/*
 * Asks, each question for at most timeout_ms; what the answer has only the
 * first page of is made whole.  When a page does not come what is there is
 * given, and its numbers tell of the rest.  The caller owns *out; err is set
 * unless it is SURVEY_OK.
 */
enum survey_result survey_ask(struct link *link, const struct json_t *request,
			      int64_t timeout_ms, struct json_t **out,
			      struct error *err);

#endif
