/* SPDX-License-Identifier: Apache-2.0 */
/* A node's record: what is read must come back from what is written. */
#include "policy/base/error.h"
#include "policy/bus/node_counts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

/* Also what it counted, where it says so. */
static void check_counts(const struct node *node, const uint8_t *octets,
			 size_t len)
{
	struct node_counts counts, back;
	struct error err;
	size_t text_len;
	char *text;

	if (!node_counts_parse(octets, len, &counts, &err))
		return;
	text = node_counts_write(node, &counts, &text_len);
	if (text == NULL || !node_counts_parse(text, text_len, &back, &err) ||
	    back.over_ms != counts.over_ms ||
	    back.home_count != counts.home_count || back.count != counts.count)
		abort();
	for (size_t i = 0; i < counts.count; i++)
		if (memcmp(back.rows[i].of, counts.rows[i].of,
			   sizeof(back.rows[i].of)) != 0)
			abort();
	node_counts_fini(&counts);
	node_counts_fini(&back);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct node node, back;
	struct error err;
	size_t text_len;
	char *text;

	if (!node_parse(octets, len, &node, &err))
		return 0;
	text = node_write(&node, &text_len);
	if (text == NULL || !node_parse(text, text_len, &back, &err))
		abort();
	if (strcmp(node.name, back.name) != 0 || node.role != back.role ||
	    node.plan_epoch != back.plan_epoch ||
	    node.plan_sequence != back.plan_sequence ||
	    node.queries != back.queries || node.leads != back.leads ||
	    strcmp(node.trouble, back.trouble) != 0 ||
	    node.local_count != back.local_count)
		abort();
	for (size_t i = 0; i < node.local_count; i++)
		if (strcmp(node.local[i], back.local[i]) != 0)
			abort();
	free(text);
	check_counts(&node, octets, len);
	return 0;
}
