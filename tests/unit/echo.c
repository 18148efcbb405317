/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/echo.h"

#include "dns/answer.h"
#include "dns/table.h"

#include <stdlib.h>
#include <string.h>

struct table {
	uint8_t qr;
};

struct table *echo_table(void)
{
	struct table *table = malloc(sizeof(*table));

	table->qr = 0x80;
	return table;
}

void table_free(struct table *table)
{
	if (table != NULL)
		table->qr = 0;
	free(table);
}

/* For dns/tap, which no test of a transport has. */
const struct model *table_model(const struct table *table)
{
	(void)table;
	return NULL;
}

size_t answer_query(const struct table *table, const struct answer_input *in,
		    uint8_t *out, size_t cap, struct answer_outcome *outcome)
{
	return answer_write(table, in, NULL, out, cap, outcome);
}

void answer_read(const struct table *table, const struct answer_input *in,
		 struct answer_asked *asked)
{
	(void)table;
	(void)in;
	asked->zone = NULL;
}

void answer_seek(const struct table *table, const struct answer_asked *asked)
{
	(void)table;
	(void)asked;
}

size_t answer_write(const struct table *table, const struct answer_input *in,
		    const struct answer_asked *asked, uint8_t *out, size_t cap,
		    struct answer_outcome *outcome)
{
	const uint8_t *query = in->query;
	size_t len = in->len;

	(void)asked;
	*outcome = (struct answer_outcome){ .service = -1, .endpoint = -1 };
	if (len < 12 || (query[2] & 0x80) != 0)
		return 0;
	if (in->stream && query[len - 1] == 'B') {
		memset(out, 'B', ECHO_BIG);
		memcpy(out, query, 12);
		len = ECHO_BIG;
	} else {
		len = len > cap ? cap : len;
		memcpy(out, query, len);
	}
	out[2] |= table->qr | (in->turned_away ? ECHO_TC : 0);
	out[len - 1] = (uint8_t)in->peer.family;
	return len;
}
