/* SPDX-License-Identifier: Apache-2.0 */
/* What an edge saw: what is read must come back from what is written, and
 * differences of two documents are never more than what was counted. */
#include "policy/base/error.h"
#include "policy/bus/served.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check_row(const struct served *back, const struct served_row *row)
{
	static const struct served nothing = { 0 };
	const struct served_row *found =
		served_find(back, row->service, row->endpoint, row->canary);
	struct served_count grown;
	uint64_t timed = 0;

	if (found == NULL ||
	    memcmp(&found->count, &row->count, sizeof(row->count)) != 0)
		abort();
	for (size_t i = 0; i < SERVED_BUCKETS; i++)
		timed += row->count.latency[i];
	if (row->count.errors > row->count.requests ||
	    timed > row->count.requests)
		abort();
	if (!served_since(back, row, &grown) || grown.requests != 0)
		abort();
	if (!served_since(&nothing, row, &grown) ||
	    memcmp(&grown, &row->count, sizeof(grown)) != 0)
		abort();
}

static void check_served(const struct served *served)
{
	size_t len, again_len;
	char *text = served_write(served, &len), *again;
	struct served *back;
	struct error err;

	if (text == NULL)
		abort();
	back = served_parse(text, len, &err);
	if (back == NULL || back->count != served->count ||
	    served_follows(back, served))
		abort();
	again = served_write(back, &again_len);
	if (again == NULL || len != again_len || strcmp(text, again) != 0)
		abort();
	for (size_t i = 0; i < served->count; i++)
		check_row(back, &served->rows[i]);
	served_free(back);
	free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct error err;
	struct served *served = served_parse(octets, len, &err);

	if (served != NULL)
		check_served(served);
	served_free(served);
	return 0;
}
