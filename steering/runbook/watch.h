/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch -- windrose watch: what changes, a line each as it is seen, until a
 * signal ends it.
 *
 * history --follow tells what an agent wrote down; this tells what a node
 * shows, so it has what nobody commanded, such as health, and works with any
 * node.  Shell.
 */
#ifndef STEERING_RUNBOOK_WATCH_H
#define STEERING_RUNBOOK_WATCH_H

/* argv[0] is "watch".  An exit status of steering/runbook/change.h. */
int watch_run(int argc, char **argv);

#endif
