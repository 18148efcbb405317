/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top -- `windrose top`: what windrose status shows, live in a terminal.
 *
 * Exit statuses are those of steering/runbook/change.h; a signal that ends it
 * ends it as a signal does, with the terminal given back.  Shell.
 */
#ifndef STEERING_RUNBOOK_TOP_H
#define STEERING_RUNBOOK_TOP_H

/* argv[0] is "top". */
int top_run(int argc, char **argv);

#endif
