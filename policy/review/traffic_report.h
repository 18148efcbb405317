/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic_report -- what traffic does otherwise, as text, as Markdown for a
 * pull request, and as JSON.
 *
 * Shell: prints.
 */
#ifndef POLICY_REVIEW_TRAFFIC_REPORT_H
#define POLICY_REVIEW_TRAFFIC_REPORT_H

struct json_t;
struct traffic;

void traffic_print(const struct traffic *traffic);
void traffic_print_markdown(const struct traffic *traffic);

/* The caller owns it.  NULL when memory runs out. */
struct json_t *traffic_json(const struct traffic *traffic);

#endif
