/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change -- a line of the log for each change of a breaker, and what it was by.
 *
 * Shell: writes the log.
 */
#ifndef HEALTH_CHANGE_H
#define HEALTH_CHANGE_H

struct roster_job;
struct watch;

/* job's breaker has just changed. */
void change_log(const struct roster_job *job, const struct watch *watch);

#endif
