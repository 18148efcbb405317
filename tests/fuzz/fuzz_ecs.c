/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as the OPTION-DATA of a client subnet: what is taken comes back
 * octet for octet but for its SCOPE PREFIX-LENGTH, and is taken again.
 */
#include "dns/ecs.h"
#include "dns/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct ecs ecs, again;
	uint8_t out[64];
	struct wire w = wire_over(out, sizeof(out));

	if (!ecs_parse(octets, len, &ecs))
		return 0;
	ecs_write(&w, &ecs, 0);
	require(wire_ok(&w) && w.len == ecs_octets(&ecs) && w.len == len + 4);
	require(memcmp(out + 4, octets, len) == 0);
	require(ecs_parse(out + 4, w.len - 4, &again));
	require(again.family == ecs.family &&
		again.source_bits == ecs.source_bits &&
		again.addr.family == ecs.addr.family &&
		memcmp(again.addr.octets, ecs.addr.octets, 16) == 0);
	return 0;
}
