/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena -- memory that lives and dies together: one loaded policy, one table.
 *
 * Everything allocated from an arena is freed at once by arena_free().  Not
 * for use by two threads at a time.  Pure: it only asks malloc for blocks.
 */
#ifndef POLICY_BASE_ARENA_H
#define POLICY_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* NULL when memory runs out.  The caller owns it. */
struct arena *arena_new(void);

/* Accepts NULL. */
void arena_free(struct arena *arena);

/*
 * Zeroed memory for count things of size octets, aligned for any type.  NULL
 * when memory runs out or the product overflows.  A count of 0 gives a valid
 * pointer to nothing.
 */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* A copy of len octets of text and a NUL; NULL when memory runs out. */
char *arena_text(struct arena *arena, const char *text, size_t len);

/* How many octets have been handed out. */
size_t arena_used_octets(const struct arena *arena);

#endif
