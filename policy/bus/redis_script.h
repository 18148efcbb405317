/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_script -- what must happen at once on the server, in Lua.
 *
 * A script runs alone on the server, so what it compares cannot change before
 * it writes.  Numbers in keys are decimal below 2^53; what is not one counts
 * as absent, so garbage repairs itself at the next write.  Whoever writes a
 * value counts its notices in the key notices:KIND and publishes the number.
 * Texts.  Pure.
 */
#ifndef POLICY_BUS_REDIS_SCRIPT_H
#define POLICY_BUS_REDIS_SCRIPT_H

/*
 * KEYS lease epoch plan-head, ARGV holder ttl-ms at-least: the epoch granted,
 * or 0.  The lease is "EPOCH HOLDER".
 */
extern const char redis_script_lease[];

/* KEYS lease, ARGV holder. */
extern const char redis_script_release[];

/*
 * KEYS plan plan-head lease epoch notices, ARGV epoch sequence octets channel
 * base-epoch base-sequence: 1 when stored, 0 when stale, 2 when a newer plan
 * than the base is stored.
 */
extern const char redis_script_commit[];

/*
 * KEYS value set notices, ARGV octets ttl-ms id channel plan-notices: how many
 * notices of plans there were, or 0.  The last is no KEY, for then a user would
 * need to be able to write it.
 */
extern const char redis_script_put[];

/*
 * KEYS set, ARGV value-key id: takes an id whose value has expired from the
 * set.  The value's key is no KEY, for then a user would need to be able to
 * write it.
 */
extern const char redis_script_forget[];

#endif
