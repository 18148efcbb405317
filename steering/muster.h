/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster -- the nodes of the fleet, as an answer tells of them.
 *
 * All functions give a new reference, or NULL when memory runs out.  Pure.
 */
#ifndef STEERING_MUSTER_H
#define STEERING_MUSTER_H

struct json_t;
struct status;

/* This node's record. */
struct json_t *muster_self(const struct status *status);

/* The fleet in numbers: who is on the newest plan, who is longest behind. */
struct json_t *muster_count(const struct status *status);

/* The first ANSWER_NODES_USUAL nodes, by name. */
struct json_t *muster_first(const struct status *status);

#endif
