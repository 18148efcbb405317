/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names -- `windrose names KIND`: what there is to name in a command, one a
 * line, for the shells' completion (contrib/completion): regions, services,
 * endpoints, canaries, commands, changes, client sets.
 *
 * It is no command for people: --help does not show it.  It gives up within
 * seconds, and says nothing then; exit statuses are those of
 * steering/runbook/change.h.  Shell.
 */
#ifndef STEERING_RUNBOOK_NAMES_H
#define STEERING_RUNBOOK_NAMES_H

/* argv[0] is "names". */
int names_run(int argc, char **argv);

#endif
