/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drill_impl -- a drill from inside, for the files that make it up: drill (its
 * phases), drill_figures (what is predicted and counted), drill_trouble (what
 * aborts it), drill_score (what is told of it).  Pure.
 */
#ifndef STEERING_DRILL_IMPL_H
#define STEERING_DRILL_IMPL_H

#include "steering/agent.h"
#include "steering/drill.h"
#include "steering/state.h"

#include <stdbool.h>
#include <stddef.h>

/* figures: what is predicted, and counted by now.  Out of memory nothing is
 * known. */
void drill_figures_begin(struct drill *drill, const struct state *state,
			 const struct agent_input *in);
/* figures: what came since the last look. */
void drill_figures_look(struct drill *drill, const struct agent_input *in);
/* figures: counts of regions begin once more. */
void drill_figures_settle(struct drill *drill, const struct agent_input *in);
/* figures: requests of a service, all regions, since the drill began. */
struct trials drill_figures_all(const struct drill *drill, size_t service);
/* figures: requests in a region since they settled. */
struct trials drill_figures_of(const struct drill *drill,
			       const struct agent_input *in, size_t service,
			       size_t region);

/* trouble: the reason to end it now, into buf; false: there is none. */
bool drill_trouble(struct drill *drill, const struct state *state,
		   const struct agent_input *in, char *buf, size_t size);
/* trouble: of no service that the region has an edge counts requests, so nobody
 * would see errors; these services into buf. */
bool drill_is_blind(const struct command *command, const struct state *state,
		    const struct agent_input *in, char *buf, size_t size);
/* trouble: an endpoint outside of the region that is down, though a command
 * lets it take clients, as SERVICE/ENDPOINT into buf. */
bool drill_finds_down(const struct command *command, const struct state *state,
		      const struct view *view, char *buf, size_t size);

/* score: all rows, and the score. */
void drill_score(const struct drill *drill, const struct agent_input *in,
		 const char *agent, struct audit *audit);
/* score: one row.  what: of the drill; "": nothing. */
struct drill_row {
	const char *what, *before, *after, *why;
};
void drill_tell(const struct drill *drill, const struct drill_row *row,
		const struct agent_input *in, const char *agent,
		struct audit *audit);

#endif
