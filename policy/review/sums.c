/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/sums.h"

#include "policy/decide/intern.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

bool sums_init(struct sums *sums)
{
	*sums = (struct sums){ .keys = intern_new(1) };
	return sums->keys != NULL;
}

void sums_fini(struct sums *sums)
{
	intern_free(sums->keys);
	free(sums->amounts);
}

bool sums_add(struct sums *sums, uint64_t key, double amount)
{
	uint32_t number = intern_number(sums->keys, &key, NULL);
	size_t room = sums->room == 0 ? FIRST_ROOM : 2 * sums->room;
	double *amounts;

	if (number == UINT32_MAX)
		return false;
	if (number >= sums->room) {
		amounts = realloc(sums->amounts, room * sizeof(*amounts));
		if (amounts == NULL)
			return false;
		memset(amounts + sums->room, 0,
		       (room - sums->room) * sizeof(*amounts));
		sums->amounts = amounts;
		sums->room = room;
	}
	sums->amounts[number] += amount;
	return true;
}

size_t sums_count(const struct sums *sums)
{
	return intern_count(sums->keys);
}

uint64_t sums_key(const struct sums *sums, size_t i)
{
	return *intern_key(sums->keys, (uint32_t)i);
}
