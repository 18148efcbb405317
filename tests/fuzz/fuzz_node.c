/* SPDX-License-Identifier: Apache-2.0 */
/* A node's record: what is read must come back from what is written. */
#include "policy/base/error.h"
#include "policy/bus/node.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

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
	return 0;
}
