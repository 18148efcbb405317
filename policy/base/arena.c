/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_OCTETS = 64 * 1024, ALIGN = alignof(max_align_t) };

struct block {
	struct block *next;
	size_t cap, used;
	alignas(max_align_t) unsigned char octets[];
};

struct arena {
	struct block *blocks; /* the head is the one being filled */
	size_t used_octets;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	for (struct block *b = arena->blocks; b != NULL;) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
	free(arena);
}

static struct block *block_new(size_t cap)
{
	struct block *b = malloc(sizeof(*b) + cap);

	if (b != NULL)
		*b = (struct block){ .cap = cap };
	return b;
}

/* The block that has room for octets, made if there is none. */
static struct block *room(struct arena *arena, size_t octets)
{
	struct block *head = arena->blocks;
	struct block *b;

	if (head != NULL && head->cap - head->used >= octets)
		return head;
	b = block_new(octets > BLOCK_OCTETS / 4 ? octets : BLOCK_OCTETS);
	if (b == NULL)
		return NULL;
	/* A large block goes behind the head, which may still have room. */
	if (head != NULL && octets > BLOCK_OCTETS / 4) {
		b->next = head->next;
		head->next = b;
	} else {
		b->next = head;
		arena->blocks = b;
	}
	return b;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	struct block *b;
	size_t octets;
	void *at;

	if (size != 0 && count > (SIZE_MAX / 2) / size)
		return NULL;
	octets = (count * size + ALIGN - 1) / ALIGN * ALIGN;
	b = room(arena, octets);
	if (b == NULL)
		return NULL;
	at = b->octets + b->used;
	b->used += octets;
	arena->used_octets += octets;
	/* Not the block at once: most arenas are small and short-lived. */
	return memset(at, 0, octets);
}

char *arena_text(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1, 1);

	if (copy != NULL)
		memcpy(copy, text, len);
	return copy;
}

size_t arena_used_octets(const struct arena *arena)
{
	return arena->used_octets;
}
