/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change -- the commands that change traffic: predict, show, ask, do, wait
 * until the nodes have it, say how many and how long it took.  Shell.
 *
 * Exit statuses, of these commands and of status and history:
 *   0  done; every node has it
 *   1  failed; nothing changed
 *   2  the command line is wrong
 *   3  refused by a safety rule or by the agent; nothing changed
 *   4  done, but not every node said so in time
 *   5  nobody could be reached, or nobody leads
 *   6  not confirmed; nothing changed
 *   7  not known: it was sent, and no answer says what came of it
 *   8  held: it waits for a second person; nothing changed yet
 */
#ifndef STEERING_RUNBOOK_CHANGE_H
#define STEERING_RUNBOOK_CHANGE_H

enum change_exit {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3,
	EXIT_PARTLY = 4,
	EXIT_UNREACHABLE = 5,
	EXIT_UNCONFIRMED = 6,
	EXIT_UNKNOWN = 7,
	EXIT_HELD = 8, /* it waits for a second person */
};

struct link;
struct order;

/*
 * Fills what the command line left open from the environment (WINDROSE_BUS,
 * WINDROSE_NODE, WINDROSE_KEY, the login name) and opens the link.  Returns
 * EXIT_DONE with *link owned by the caller, or says why and returns another.
 */
int change_open(struct order *order, struct link **link);

/* argv[0] is the verb: drain, undrain, drill, failover, weight, cancel, canary.
 */
int change_run(int argc, char **argv);

#endif
