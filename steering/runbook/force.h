/* SPDX-License-Identifier: Apache-2.0 */
/*
 * force -- the command that tells one prober what an endpoint is: its vote is
 * then a person's, for a time.
 *
 * Shell.  Exit statuses are those of steering/runbook/change.h.
 */
#ifndef STEERING_RUNBOOK_FORCE_H
#define STEERING_RUNBOOK_FORCE_H

int force_run(int argc, char **argv);

#endif
