/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/wire.h"

size_t wire_after_name(const uint8_t *octets, size_t len, size_t at)
{
	while (at < len) {
		uint8_t octet = octets[at];

		if (octet == 0)
			return at + 1;
		if (octet >= 0xc0)
			return at + 2;
		if (octet > 63)
			break;
		at += 1u + octet;
	}
	return len + 1;
}
