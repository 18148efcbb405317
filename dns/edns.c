/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/edns.h"

#include "dns/answer.h"
#include "dns/identity.h"
#include "dns/query.h"
#include "dns/wire.h"

#include <string.h>

enum { OPTION_HEADER = 4, KEEPALIVE_OCTETS = 2 };

/* Those that few queries ask for. */
size_t edns_other_octets(const struct edns *edns)
{
	size_t octets = 0;

	if (edns->has_cookie)
		octets += OPTION_HEADER + COOKIE_OCTETS;
	if (edns->nsid != NULL)
		octets += OPTION_HEADER + (size_t)edns->nsid->len;
	if (edns->has_keepalive)
		octets += OPTION_HEADER + KEEPALIVE_OCTETS;
	if (edns->padded)
		octets += OPTION_HEADER;
	return octets;
}

static void put_option(struct wire *w, uint16_t code, const void *octets,
		       size_t len)
{
	wire_put_u16(w, code);
	wire_put_u16(w, (uint16_t)len);
	wire_put(w, octets, len);
}

/* RFC 8914, 2: INFO-CODE, then text that ends with the option. */
static void put_ede(struct wire *w, const struct ede *ede)
{
	size_t text = strlen(ede->text);
	size_t start = w->len;

	wire_put_u16(w, EDE_OPTION);
	wire_put_u16(w, (uint16_t)(2 + text));
	wire_put_u16(w, ede->info_code);
	wire_put(w, ede->text, text);
	if (!wire_ok(w))
		wire_rewind(w, start);
}

/* To whole blocks, as far as there is room; the last of the options. */
static void put_padding(struct wire *w)
{
	size_t bare = w->len + OPTION_HEADER;
	size_t whole = (bare + EDNS_PADDED_BLOCK - 1) / EDNS_PADDED_BLOCK *
		       EDNS_PADDED_BLOCK;
	size_t len = (whole < w->cap ? whole : w->cap) - bare;
	uint8_t *at;

	wire_put_u16(w, PADDING_OPTION);
	wire_put_u16(w, (uint16_t)len);
	at = wire_claim(w, len);
	if (at != NULL)
		memset(at, 0, len);
}

static void put_others(const struct edns *edns, struct wire *w)
{
	if (edns->has_cookie)
		put_option(w, COOKIE_OPTION, edns->cookie, COOKIE_OCTETS);
	if (edns->nsid != NULL)
		put_option(w, NSID_OPTION, edns->nsid->octets, edns->nsid->len);
	if (edns->has_keepalive) {
		wire_put_u16(w, KEEPALIVE_OPTION);
		wire_put_u16(w, KEEPALIVE_OCTETS);
		wire_put_u16(w, edns->keepalive_ds);
	}
}

void edns_put_options(const struct edns *edns, const struct query *query,
		      struct wire *w)
{
	size_t cap = w->cap, start = w->len;
	bool padded = edns->has_others && edns->padded;

	if (query->has_ecs)
		ecs_write(w, &query->ecs, edns->scope_bits);
	if (edns->has_others)
		put_others(edns, w);
	if (edns->ede.text != NULL) {
		w->cap -= padded ? OPTION_HEADER : 0;
		put_ede(w, &edns->ede);
		w->cap = cap;
	}
	if (padded)
		put_padding(w);
	wire_patch_u16(w, start - 2, (uint16_t)(w->len - start));
}
