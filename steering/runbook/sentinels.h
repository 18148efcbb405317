/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sentinels -- a bus behind Redis Sentinel, looked at: each sentinel, whether
 * they agree, the master that they name, and its replicas.  Shell.
 */
#ifndef STEERING_RUNBOOK_SENTINELS_H
#define STEERING_RUNBOOK_SENTINELS_H

struct checkup;

/* The url names sentinels. */
void sentinels_examine(struct checkup *c);

#endif
