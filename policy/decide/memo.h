/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo -- the classes of networks by what one source says of them while all
 * the others stay as they are, which is how most of a walk goes.
 *
 * An answer is looked up where its ref hashes to, and a later one takes its
 * place: most of them stay within the processor's cache.  Pure.
 */
#ifndef POLICY_DECIDE_MEMO_H
#define POLICY_DECIDE_MEMO_H

#include "policy/decide/walk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memo_slot {
	uint32_t ref;
	uint16_t class_id;
	bool covered;       /* some source knows the network */
	uint8_t generation; /* 0 is none */
};

struct memo {
	uint32_t others[WALK_REFS_MAX]; /* but for the one that varies */
	size_t varies;
	unsigned generation; /* of others, up to UINT8_MAX; 0 is none */
	struct memo_slot *slots;
};

/* False when memory runs out. */
bool memo_init(struct memo *memo);
void memo_fini(struct memo *memo);

/* Where the answer to refs is, or belongs: see memo_has(). */
struct memo_slot *memo_slot(struct memo *memo, const uint32_t *refs,
			    size_t count);

static inline bool memo_has(const struct memo *memo,
			    const struct memo_slot *slot, const uint32_t *refs)
{
	return slot->generation == memo->generation &&
	       slot->ref == refs[memo->varies];
}

#endif
