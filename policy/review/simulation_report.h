/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulation_report -- the load of regions over time, as text and as JSON.
 *
 * Shell: prints.
 */
#ifndef POLICY_REVIEW_SIMULATION_REPORT_H
#define POLICY_REVIEW_SIMULATION_REPORT_H

struct simulation;
struct trace_tally;

void simulation_print(const struct simulation *simulation,
		      const struct trace_tally *tally);
void simulation_print_json(const struct simulation *simulation,
			   const struct trace_tally *tally);

#endif
