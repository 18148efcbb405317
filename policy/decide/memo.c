/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/memo.h"

#include "policy/base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_BITS = 15 };

static_assert(sizeof(struct memo_slot) == 8, "many of them in a cache");

bool memo_init(struct memo *memo)
{
	*memo = (struct memo){
		.slots = calloc((size_t)1 << SLOT_BITS, sizeof(*memo->slots)),
	};
	return memo->slots != NULL;
}

void memo_fini(struct memo *memo)
{
	free(memo->slots);
}

/* Is memo about all these but the one that varies?  If not, it is from now on.
 */
static void turn(struct memo *memo, const uint32_t *refs, size_t count)
{
	size_t changed = SIZE_MAX;

	for (size_t i = 0; i < count; i++)
		if (i != memo->varies && refs[i] != memo->others[i])
			changed = i;
	if (changed == SIZE_MAX && memo->generation != 0)
		return;
	if (changed != SIZE_MAX)
		memo->varies = changed;
	memcpy(memo->others, refs, count * sizeof(*refs));
	/* Zeros are no generation: all is forgotten when it comes round. */
	if (++memo->generation > UINT8_MAX) {
		memset(memo->slots, 0, sizeof(*memo->slots) << SLOT_BITS);
		memo->generation = 1;
	}
}

struct memo_slot *memo_slot(struct memo *memo, const uint32_t *refs,
			    size_t count)
{
	turn(memo, refs, count);
	return &memo->slots[hash_mix(refs[memo->varies]) >> (64 - SLOT_BITS)];
}
