/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept -- what a responder's world is on disk, and how it comes back.
 *
 *   plan             the envelope, as it came
 *   report:VANTAGE   the newest report, as it came
 *   heard:VANTAGE    when it came, by this node's wall clock, ms
 *   local            break-glass commands in force
 *   verdicts         see dns/verdicts
 *
 * What came from outside is kept as its octets and judged again as if it came
 * from there.  A report that comes back is as old as it is: a restart makes
 * nobody speak who had fallen silent.  Then the verdict is held, as it would
 * be without the restart.
 *
 * Shell, over dns/lastgood; on the loop's thread.
 */
#ifndef DNS_KEPT_H
#define DNS_KEPT_H

#include "policy/decide/world.h"

#include <stddef.h>
#include <stdint.h>

struct lastgood;
struct policy;
struct verifier;
struct view;

/* The names of values, by which generations are told apart (ring_config). */
extern const char *const kept_passing[];

/* Each accepts NULL for lastgood: nothing is kept. */
void kept_plan(struct lastgood *lastgood, const void *octets, size_t len);
void kept_report(struct lastgood *lastgood, const char *vantage,
		 const void *octets, size_t len);
void kept_local(struct lastgood *lastgood, const struct local *local);
/* Of view; before is the view before it, or NULL. */
void kept_verdicts(struct lastgood *lastgood, const struct view *before,
		   const struct view *view);

/* A plan that is kept and not in force makes no good generation. */
void kept_doubt(struct lastgood *lastgood, const struct world *world);

/*
 * Makes world, which is empty, what lastgood has of it, with a view in which
 * the verdicts are held.  A plan that is refused is taken from the next older
 * generation.  Without memory for a view there is none.
 */
void kept_read(struct lastgood *lastgood, const struct verifier *trusted,
	       const struct policy *policy, struct world_time at,
	       struct world *world);

#endif
