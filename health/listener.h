/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener -- hears from the bus what users met at edges, and hands it to
 * evidence; what a Prometheus knows of them it asks for (health/canvass).
 *
 * It wants to be given what edges say while a check of the policy is passive: a
 * prober that has none needs no rights to read it.  What is not
 * signed by a key of that edge, where keys were given, is not read; nor is what
 * cannot be parsed, or comes under another's name.  Each is logged, once until
 * that edge's word is taken again.  Shell; on the loop's thread.
 */
#ifndef HEALTH_LISTENER_H
#define HEALTH_LISTENER_H

#include "health/evidence.h"

struct canvass;
struct error;
struct event_base;
struct json_t;
struct listener;
struct roster;
struct witnesses;

/* edges (NULL: nobody has to sign) is borrowed, outlives it.  NULL with err
 * set.
 */
struct listener *listener_new(struct event_base *loop,
			      const struct witnesses *edges, struct error *err);

/* Listens for this roster from now on: see evidence_turn(), canvass_turn(). */
bool listener_turn(struct listener *listener, const struct roster *roster);

/* The topics of the bus (enum bus_topic, or-ed) that it has to be given. */
unsigned listener_topics(const struct listener *listener);

/* What came from an edge; octets are borrowed for the call. */
void listener_take(struct listener *listener, const char *edge,
		   const void *octets, size_t len);

/* Borrowed. */
struct evidence *listener_evidence(const struct listener *listener);

/* The edges heard of, for a status answer; a new reference, NULL when memory
 * runs out. */
struct json_t *listener_status(const struct listener *listener);

/* Borrowed. */
const struct canvass *listener_canvass(const struct listener *listener);

/* Accepts NULL. */
void listener_free(struct listener *listener);

#endif
