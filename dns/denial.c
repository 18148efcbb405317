/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/denial.h"

#include "dns/query.h"

#include <string.h>

/*
 * Labels below the apex from there down, an octet 0 after each.  0 and 1 inside
 * a label are written as two octets, so that a label that goes on is always
 * greater than one that ends.
 */
void denial_key(const struct denial *denial, const struct name *name,
		struct denial_key *out)
{
	uint8_t *to = out->octets;

	for (unsigned i = name->labels - denial->apex_labels; i-- > 0;) {
		const uint8_t *label = name->octets + name->at[i];
		const uint8_t *end = label + 1 + label[0];

		while (++label < end) {
			uint8_t octet = *label;

			if (octet <= 1) {
				*to++ = 1;
				octet++;
			}
			*to++ = octet;
		}
		*to++ = 0;
	}
	out->len = (uint16_t)(to - out->octets);
}

/* No octet behind a label's end is 0: so padding compares as an end does. */
uint64_t denial_head(const uint8_t *key, size_t len)
{
	uint8_t head[8] = { 0 };

	octets_copy(head, key, len < sizeof(head) ? len : sizeof(head));
	return (uint64_t)octets_u32(head) << 32 | octets_u32(head + 4);
}

int denial_compare(const uint8_t *a, size_t a_len, const uint8_t *b,
		   size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static bool is_behind(const struct nsec *nsec, const struct denial_key *key)
{
	return denial_compare(nsec->key, nsec->key_len, key->octets, key->len) >
	       0;
}

const struct nsec *denial_find(const struct denial *denial,
			       const struct name *name)
{
	size_t low = 0, high = denial->count;
	struct denial_key key;
	uint64_t head;

	denial_key(denial, name, &key);
	head = denial_head(key.octets, key.len);
	/* The last that is not behind name: the apex is behind none. */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		uint64_t there = denial->heads[middle];

		if (there > head ||
		    (there == head && is_behind(&denial->chain[middle], &key)))
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
