/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clientele -- the clients of a policy, as its geo databases have them, loaded
 * beside the loop and again when a file changes.
 *
 * Shell: reads files, in a thread of its own; on the loop's thread.
 */
#ifndef HEALTH_CLIENTELE_H
#define HEALTH_CLIENTELE_H

#include "policy/decide/sample.h"

struct client_class;
struct error;
struct event_base;
struct clientele;
struct policy;

/*
 * policy is borrowed and outlives it.  on_loaded is called when there are
 * other samples than before.  NULL with err set.
 */
struct clientele *clientele_start(struct event_base *loop,
				  const struct policy *policy,
				  void (*on_loaded)(void *arg), void *arg,
				  struct error *err);

/* Has a file changed?  Then loads again; until then the old ones stay. */
void clientele_look(struct clientele *clientele);

/* Borrowed until on_loaded is called; empty before the first load. */
const struct samples *clientele_samples(const struct clientele *clientele);
const struct client_class *clientele_class(const struct clientele *clientele,
					   const struct net_addr *addr);

/* "" when all is well, else why the last load failed. */
const char *clientele_trouble(const struct clientele *clientele);

/* Waits for a load under way.  Accepts NULL. */
void clientele_stop(struct clientele *clientele);

#endif
