/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windrose-up -- everything in one process over the memory bus.
 *
 * Shell: a main file in all but name, where responder, prober and agent meet;
 * apart from windrose.c only so that each fits a screen.
 */
#ifndef STEERING_RUNBOOK_WINDROSE_UP_H
#define STEERING_RUNBOOK_WINDROSE_UP_H

/* windrose up PATH [options]; returns the exit status. */
int up_run(int argc, char **argv);

#endif
