/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table -- Model x View, worked out: what the workers read to answer.
 *
 * Per service a block: which row each client class has, the distinct rows,
 * each endpoint's addresses as ready-made records.  Immutable; any thread may
 * read it.  Blocks whose decisions did not change are shared between a table
 * and the next, so a state change costs only the services it touches.
 *
 * Pure: the reference counts are all that ever changes in a finished block.
 */
#ifndef DNS_TABLE_H
#define DNS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decision;
struct model;
struct table;
struct view;

/*
 * Takes its own reference to model and borrows nothing of view, which must have
 * been made for model->policy.  Shares the blocks of previous (may be NULL)
 * that say the same since it was made, when its model has these grounds: so
 * view is the one that previous was made of, or was reduced from it, in however
 * many steps.  previous is only read and stays the caller's.  NULL when memory
 * runs out.
 */
struct table *table_build(struct model *model, const struct view *view,
			  const struct table *previous);

/* Would workers do the same with both: one model, and the same decisions? */
bool table_same(const struct table *a, const struct table *b);

/* Accepts NULL. */
void table_free(struct table *table);

const struct model *table_model(const struct table *table);

/* Of policy->services[service]; valid as long as the table. */
const struct decision *table_decision(const struct table *table,
				      size_t service);

/*
 * Nobody shall keep an answer about it for longer, since something is
 * scheduled to change then; UINT32_MAX: nothing is, or not so soon.
 */
uint32_t table_ttl_s(const struct table *table, size_t service);

#endif
