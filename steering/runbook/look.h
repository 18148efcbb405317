/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look -- the commands that change nothing: status, history, plans, and of a
 * canary status and report.  Shell.
 *
 * Exit statuses are those of steering/runbook/change.h.
 */
#ifndef STEERING_RUNBOOK_LOOK_H
#define STEERING_RUNBOOK_LOOK_H

int look_status(int argc, char **argv);
int look_history(int argc, char **argv);
int look_plans(int argc, char **argv);

/* canary status|report NAME; what else may follow "canary" is change_run()'s.
 */
int look_canary(int argc, char **argv);
/* The same of drill report ID. */
int look_drill(int argc, char **argv);

#endif
