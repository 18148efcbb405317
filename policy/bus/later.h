/* SPDX-License-Identifier: Apache-2.0 */
/*
 * later -- calls put off to the loop's next turn, in the order made, so that
 * nobody is called back inside its own call.  Shell.
 */
#ifndef POLICY_BUS_LATER_H
#define POLICY_BUS_LATER_H

struct event_base;
struct later;

/*
 * One call; embed it first in a struct of your own.  run and drop each own
 * the item: run is called once on a later turn, or drop by later_free().
 */
struct later_item {
	void (*run)(struct later_item *item);
	void (*drop)(struct later_item *item);
	struct later_item *next;
};

/* NULL when memory runs out. */
struct later *later_new(struct event_base *loop);

void later_call(struct later *later, struct later_item *item);

/* Accepts NULL.  Drops what has not run.  Not from inside a run(). */
void later_free(struct later *later);

#endif
