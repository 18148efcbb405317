/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/denial.h"

#include "dns/query.h"

#include <string.h>

/*
 * Labels from the root down, an octet 0 after each.  0 and 1 inside a label
 * are written as two octets, so that a label that goes on is always greater
 * than one that ends.
 */
void denial_key(const struct name *name, struct denial_key *out)
{
	size_t used = 0;

	for (unsigned i = name->labels; i-- > 0;) {
		const uint8_t *label = name->octets + name->at[i];

		for (unsigned j = 1; j <= label[0]; j++) {
			if (label[j] <= 1)
				out->octets[used++] = 1;
			out->octets[used++] =
				(uint8_t)(label[j] + (label[j] <= 1));
		}
		out->octets[used++] = 0;
	}
	out->len = (uint16_t)used;
}

int denial_compare(const uint8_t *a, size_t a_len, const uint8_t *b,
		   size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

const struct nsec *denial_find(const struct denial *denial,
			       const struct name *name)
{
	size_t low = 0, high = denial->count;
	struct denial_key key;

	denial_key(name, &key);
	/* The last that is not behind name: the apex is behind none. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		const struct nsec *at = &denial->chain[middle];

		if (denial_compare(at->key, at->key_len, key.octets, key.len) >
		    0)
			high = middle;
		else
			low = middle;
	}
	return &denial->chain[low];
}

const struct rrset *denial_rrset(const struct zone_node *node, uint16_t qtype)
{
	if (node->nsec == NULL || node->nsec->node != node)
		return NULL;
	return qtype == TYPE_NSEC    ? &node->nsec->rrset
	       : qtype == TYPE_RRSIG ? node->nsec->rrset.rrsig
				     : NULL;
}
