/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/sign/canon.h"

#include "dns/sign/signer.h"

#include <stdlib.h>
#include <string.h>

/*
 * Where the names are: behind so many octets and so many character-strings, so
 * many of them.  RFC 4034, 6.2 as amended by RFC 6840, 5.1 (NSEC is not among
 * them); SIG, KEY and A6, which nobody has used since, are left out, and so is
 * HINFO, which has no names.
 */
static const struct layout {
	uint16_t type;
	uint8_t octets, strings, names;
} layouts[] = {
	{ 2, 0, 0, 1 },  /* NS */
	{ 3, 0, 0, 1 },  /* MD */
	{ 4, 0, 0, 1 },  /* MF */
	{ 5, 0, 0, 1 },  /* CNAME */
	{ 6, 0, 0, 2 },  /* SOA */
	{ 7, 0, 0, 1 },  /* MB */
	{ 8, 0, 0, 1 },  /* MG */
	{ 9, 0, 0, 1 },  /* MR */
	{ 12, 0, 0, 1 }, /* PTR */
	{ 14, 0, 0, 2 }, /* MINFO */
	{ 15, 2, 0, 1 }, /* MX */
	{ 17, 0, 0, 2 }, /* RP */
	{ 18, 2, 0, 1 }, /* AFSDB */
	{ 21, 2, 0, 1 }, /* RT */
	{ 26, 2, 0, 2 }, /* PX */
	{ 30, 0, 0, 1 }, /* NXT */
	{ 33, 6, 0, 1 }, /* SRV */
	{ 35, 4, 3, 1 }, /* NAPTR */
	{ 36, 2, 0, 1 }, /* KX */
	{ 39, 0, 0, 1 }, /* DNAME */
};

/* Lower-cases the name at at; where it ends.  One cut short ends with RDATA. */
static size_t fold_name(uint8_t *rdata, size_t len, size_t at)
{
	while (at < len && rdata[at] != 0) {
		size_t end = at + 1 + rdata[at];

		for (at++; at < end && at < len; at++)
			if (rdata[at] >= 'A' && rdata[at] <= 'Z')
				rdata[at] = (uint8_t)(rdata[at] + ('a' - 'A'));
	}
	return at + 1;
}

void canon_rdata(uint16_t type, uint8_t *rdata, size_t len)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		size_t at = layouts[i].octets;

		if (layouts[i].type != type)
			continue;
		for (unsigned s = 0; s < layouts[i].strings && at < len; s++)
			at += 1u + rdata[at];
		for (unsigned n = 0; n < layouts[i].names; n++)
			at = fold_name(rdata, len, at);
		return;
	}
}

static int compare(const void *left, const void *right)
{
	const struct sign_rdata *a = left, *b = right;
	size_t shorter = a->len < b->len ? a->len : b->len;
	int order = shorter == 0 ? 0 : memcmp(a->octets, b->octets, shorter);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

size_t canon_sort(struct sign_rdata *list, size_t count)
{
	size_t kept = 0;

	if (count > 1)
		qsort(list, count, sizeof(list[0]), compare);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || compare(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	return kept;
}
