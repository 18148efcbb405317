/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rum_rate -- how often one client network may send: a token bucket each.
 *
 * In a fixed table by hash: networks that hash alike share a bucket, so that
 * no number of networks takes more memory or sends more than all buckets let
 * through.  Pure.
 */
#ifndef STEERING_RUM_RATE_H
#define STEERING_RUM_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RUM_RATE_SLOTS = 4096, RUM_RATE_BURST = 20, RUM_RATE_REFILL_MS = 3000 };

/* Zero-initialised: nobody has sent yet. */
struct rum_rate {
	/* monotonic: when the bucket is full again */
	int64_t full_ms[RUM_RATE_SLOTS];
};

/* Takes a token of the network with this hash.  False: it has none left. */
static inline bool rum_rate_take(struct rum_rate *rate, uint64_t network,
				 int64_t now_ms)
{
	int64_t *full_ms = &rate->full_ms[network % RUM_RATE_SLOTS];
	int64_t from_ms = *full_ms > now_ms ? *full_ms : now_ms;

	if (from_ms - now_ms > (RUM_RATE_BURST - 1) * RUM_RATE_REFILL_MS)
		return false;
	*full_ms = from_ms + RUM_RATE_REFILL_MS;
	return true;
}

#endif
