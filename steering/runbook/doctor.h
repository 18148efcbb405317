/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor -- `windrose bus doctor`: asks a Redis server all that can be wrong
 * with it as a bus, changes nothing, and says what is, each with what to do.
 *
 * Exit statuses: 0 nothing is wrong, 1 something is, 2 the command line is
 * wrong, 5 the server cannot be reached.
 *
 * Shell: speaks to the server over hiredis, blocking; runbook/diagnosis and
 * runbook/rights judge.
 */
#ifndef STEERING_RUNBOOK_DOCTOR_H
#define STEERING_RUNBOOK_DOCTOR_H

/* argv[0] is "bus", argv[1] must be "doctor". */
int doctor_run(int argc, char **argv);

#endif
