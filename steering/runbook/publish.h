/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish -- windrose publish: checks, tests and proves a policy, shows what it
 * does to clients, sends it out, and follows it wave by wave.  Shell.
 *
 * Exit statuses: those of change.h, and
 *   0  all serve it
 *   1  it does not load, or cannot be sent
 *   3  refused, by a check, the guard or the agent; or it was taken back
 *   7  sent, and nobody says what became of it
 */
#ifndef STEERING_RUNBOOK_PUBLISH_H
#define STEERING_RUNBOOK_PUBLISH_H

int publish_run(int argc, char **argv);

#endif
