/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/promquery.h"

#include "policy/language/placeholder.h"

#include <stdio.h>
#include <stdlib.h>

/* Names have nothing that an expression takes for more than itself; a dot
 * stands for any one character, so also for "/". */
static void put_name(const char *name, FILE *out)
{
	for (; *name != '\0'; name++)
		fputc(*name == '/' ? '.' : *name, out);
}

static void put_regions(const struct promquery *q, FILE *out)
{
	const struct policy *p = q->policy;
	uint64_t in = p->canaries[q->canary].stages[q->stage].regions;
	const char *between = "";

	for (size_t i = 0; i < p->region_count; i++) {
		if ((in >> i & 1) == 0)
			continue;
		fputs(between, out);
		put_name(p->regions[i].name, out);
		between = "|";
	}
}

static void put_endpoints(const struct promquery *q, FILE *out)
{
	const struct policy_canary *c = &q->policy->canaries[q->canary];
	const struct policy_service *s = &q->policy->services[c->service];
	uint64_t in = c->stages[q->stage].regions;
	const char *between = "";

	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct policy_endpoint *e = &s->endpoints[i];

		if (e->canary != (int)q->canary || (in >> e->region & 1) == 0)
			continue;
		if (q->arm == ARM_STABLE)
			e = &s->endpoints[e->shadows];
		fputs(between, out);
		put_name(e->name, out);
		between = "|";
	}
}

static void put(const struct promquery *q, enum placeholder which, FILE *out)
{
	const struct policy_canary *c = &q->policy->canaries[q->canary];

	switch (which) {
	case PLACEHOLDER_ARM:
		fputs(arm_name(q->arm), out);
		break;
	case PLACEHOLDER_CANARY:
		fputs(c->name, out);
		break;
	case PLACEHOLDER_SERVICE:
		fputs(q->policy->services[c->service].name, out);
		break;
	case PLACEHOLDER_REGIONS:
		put_regions(q, out);
		break;
	case PLACEHOLDER_ENDPOINTS:
		put_endpoints(q, out);
		break;
	case PLACEHOLDER_UNKNOWN:
		break;
	}
}

char *promquery_fill(const struct promquery *q, const char *text)
{
	char *filled = NULL;
	size_t len, size;
	FILE *out = open_memstream(&filled, &size);
	enum placeholder which;
	const char *at;

	if (out == NULL)
		return NULL;
	while ((at = placeholder_find(text, &which, &len)) != NULL) {
		fwrite(text, 1, (size_t)(at - text), out);
		put(q, which, out);
		text = at + len;
	}
	fputs(text, out);
	if (ferror(out) != 0 || fflush(out) != 0) {
		fclose(out);
		free(filled);
		return NULL;
	}
	return fclose(out) == 0 ? filled : NULL;
}
