/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rescue -- commands that have come to leave a service without any endpoint are
 * dropped, the newest first, until it is served.  Pure.
 */
#ifndef STEERING_RESCUE_H
#define STEERING_RESCUE_H

#include <stdint.h>

struct audit;
struct state;

/* What is dropped is told to audit. */
void rescue_services(struct state *state, struct audit *audit, int64_t wall_ms);

#endif
