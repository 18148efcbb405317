/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/svcb.h"

#include "dns/name.h"
#include "dns/rrset.h"
#include "dns/wire.h"
#include "policy/language/policy.h"

/* RFC 9460, 14.3.2, in the order they have in RDATA: 2.2. */
enum svc_key {
	SVC_ALPN = 1,
	SVC_NO_DEFAULT_ALPN = 2,
	SVC_PORT = 3,
	SVC_IPV4HINT = 4,
	SVC_ECH = 5,
	SVC_IPV6HINT = 6,
};

enum {
	KEY_COUNT = 6,
	KEY_OCTETS = 4, /* SvcParamKey and the length of its value */
	PORT_OCTETS = 2,
};

static_assert((RR_FIXED_OCTETS + 2 + NAME_OCTETS_MAX + KEY_COUNT * KEY_OCTETS +
	       POLICY_ALPN_OCTETS_MAX + PORT_OCTETS + POLICY_ECH_OCTETS_MAX +
	       20 * POLICY_ADDRESSES_MAX) *
			      POLICY_ANSWERS_MAX <=
		      POLICY_RRSET_OCTETS_MAX,
	      "the longest RRset fits a message");

static size_t alpn_octets(const struct policy_binding *b)
{
	size_t octets = 0;

	for (size_t i = 0; i < b->alpn_count; i++)
		octets += 1 + strlen(b->alpn[i]);
	return octets;
}

size_t svcb_octets_max(const struct policy_binding *binding,
		       const struct policy_endpoint *endpoint)
{
	return sizeof(uint16_t) + NAME_OCTETS_MAX +
	       (size_t)KEY_COUNT * KEY_OCTETS + alpn_octets(binding) +
	       PORT_OCTETS + binding->ech_octets + 4 * endpoint->a_count +
	       16 * endpoint->aaaa_count;
}

/* Returns where the value's length stands. */
static size_t begin(struct wire *w, enum svc_key key)
{
	wire_put_u16(w, (uint16_t)key);
	wire_put_u16(w, 0);
	return w->len - 2;
}

static void end(struct wire *w, size_t length_at)
{
	wire_patch_u16(w, length_at, (uint16_t)(w->len - length_at - 2));
}

/* RFC 9460, 7.1.1: each protocol after its length. */
static void put_alpn(struct wire *w, const struct policy_binding *b)
{
	size_t length_at = begin(w, SVC_ALPN);

	for (size_t i = 0; i < b->alpn_count; i++) {
		size_t len = strlen(b->alpn[i]);

		wire_put_u8(w, (uint8_t)len);
		wire_put(w, b->alpn[i], len);
	}
	end(w, length_at);
}

/* RFC 9460, 7.3: the addresses, which is each once and at least one. */
static void put_hints(struct wire *w, enum svc_key key,
		      const struct net_addr *addresses, size_t count)
{
	size_t octets = key == SVC_IPV4HINT ? 4 : 16;
	size_t length_at;

	if (count == 0)
		return;
	length_at = begin(w, key);
	for (size_t i = 0; i < count; i++)
		if (!net_is_among(&addresses[i], addresses, i))
			wire_put(w, addresses[i].octets, octets);
	end(w, length_at);
}

static void put_target(struct wire *w, const char *target)
{
	struct name name;

	if (name_from_text(target, &name))
		wire_put(w, name.octets, name.len);
}

void svcb_write(struct wire *w, const struct policy_binding *binding,
		const struct policy_endpoint *endpoint)
{
	const struct policy_binding *b = binding;

	wire_put_u16(w, (uint16_t)b->priority);
	put_target(w, b->target);
	if (b->priority == 0)
		return;
	if (b->alpn_count > 0)
		put_alpn(w, b);
	if (b->no_default_alpn)
		end(w, begin(w, SVC_NO_DEFAULT_ALPN));
	if (b->port != 0) {
		size_t length_at = begin(w, SVC_PORT);

		wire_put_u16(w, b->port);
		end(w, length_at);
	}
	put_hints(w, SVC_IPV4HINT, endpoint->a, endpoint->a_count);
	if (b->ech_octets > 0) {
		size_t length_at = begin(w, SVC_ECH);

		wire_put(w, b->ech, b->ech_octets);
		end(w, length_at);
	}
	put_hints(w, SVC_IPV6HINT, endpoint->aaaa, endpoint->aaaa_count);
}
