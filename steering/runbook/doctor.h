/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor -- `windrose bus doctor`: asks the Redis servers of a bus all that can
 * be wrong with them, changes nothing, and says what is, each with what to do:
 * one server, its replicas, those that Redis Sentinel names, a Redis Cluster.
 *
 * Exit statuses: 0 nothing is wrong, 1 something is, 2 the command line is
 * wrong, 5 no server can be reached.
 *
 * Shell: runbook/patient asks; runbook/diagnosis and its kind judge.
 */
#ifndef STEERING_RUNBOOK_DOCTOR_H
#define STEERING_RUNBOOK_DOCTOR_H

/* argv[0] is "bus", argv[1] must be "doctor". */
int doctor_run(int argc, char **argv);

#endif
