/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look -- the commands that change nothing: status, history, plans.  Shell.
 *
 * Exit statuses are those of steering/runbook/change.h.
 */
#ifndef STEERING_RUNBOOK_LOOK_H
#define STEERING_RUNBOOK_LOOK_H

int look_status(int argc, char **argv);
int look_history(int argc, char **argv);
int look_plans(int argc, char **argv);

#endif
