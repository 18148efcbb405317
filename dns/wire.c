/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/wire.h"

void reader_skip_name(struct reader *r)
{
	for (;;) {
		uint8_t octet = reader_u8(r);

		if (octet == 0)
			return; /* the root, or there is no more */
		if (octet >= 0xc0) {
			reader_take(r, 1);
			return;
		}
		if (octet > 63) {
			r->failed = true;
			return;
		}
		reader_take(r, octet);
	}
}
