/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ledger_init(struct ledger *ledger, const char *node, int64_t wall_ms)
{
	*ledger = (struct ledger){
		.served = { .sequence = (uint64_t)wall_ms,
			    .wall_start_ms = wall_ms,
			    .sorted = true },
	};
	snprintf(ledger->served.node, sizeof(ledger->served.node), "%.*s",
		 SERVED_NAME_SIZE - 1, node);
}

void ledger_fini(struct ledger *ledger)
{
	free(ledger->served.rows);
	*ledger = (struct ledger){ 0 };
}

static bool make_room(struct ledger *ledger)
{
	struct served *served = &ledger->served;
	size_t room = ledger->room == 0 ? 64 : 2 * ledger->room;
	struct served_row *rows;

	if (served->count < ledger->room)
		return true;
	if (served->count >= SERVED_ROWS_MAX)
		return false;
	rows = realloc(served->rows, room * sizeof(*rows));
	if (rows == NULL)
		return false;
	served->rows = rows;
	ledger->room = room;
	return true;
}

static bool fits(const char *name)
{
	return strlen(name) < SERVED_NAME_SIZE;
}

/* False: there are too many, no memory, or a name is too long. */
static bool add_row(struct ledger *ledger, const struct ledger_key *key,
		    const struct served_count *growth)
{
	struct served *served = &ledger->served;
	struct served_row *row;

	if (!fits(key->service) || !fits(key->endpoint) || !fits(key->canary) ||
	    !make_room(ledger))
		return false;
	row = &served->rows[served->count++];
	*row = (struct served_row){ .count = *growth };
	strcpy(row->service, key->service);
	strcpy(row->endpoint, key->endpoint);
	strcpy(row->canary, key->canary);
	served_sort(served);
	return true;
}

void ledger_add(struct ledger *ledger, const struct ledger_key *key,
		const struct served_count *growth)
{
	struct served *served = &ledger->served;
	const struct served_row *row =
		served_find(served, key->service, key->endpoint, key->canary);

	if (row != NULL)
		served_add(&served->rows[row - served->rows].count, growth);
	else if (!add_row(ledger, key, growth))
		ledger->losses++;
}

static uint64_t total(const uint64_t latency[SERVED_BUCKETS])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < SERVED_BUCKETS; i++)
		sum += latency[i];
	return sum;
}

uint64_t ledger_time(struct ledger *ledger, const struct ledger_key *key,
		     uint64_t latency[SERVED_BUCKETS])
{
	struct served *served = &ledger->served;
	const struct served_row *row =
		served_find(served, key->service, key->endpoint, key->canary);
	struct served_count *count;
	uint64_t room;

	if (row == NULL)
		return total(latency);
	count = &served->rows[row - served->rows].count;
	room = count->requests - total(count->latency);
	for (size_t i = 0; i < SERVED_BUCKETS; i++) {
		uint64_t fit = latency[i] < room ? latency[i] : room;

		count->latency[i] += fit;
		latency[i] -= fit;
		room -= fit;
	}
	return total(latency);
}

char *ledger_write(struct ledger *ledger, int64_t wall_ms, size_t *len)
{
	ledger->served.sequence++;
	ledger->served.wall_made_ms = wall_ms;
	return served_write(&ledger->served, len);
}
