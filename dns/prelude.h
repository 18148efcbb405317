/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prelude -- the PROXY header that stands before a connection.
 *
 * Read from the socket itself and not an octet beyond it: what follows may be
 * TLS.  Shell: it reads.
 */
#ifndef DNS_PRELUDE_H
#define DNS_PRELUDE_H

#include "dns/proxy_header.h"

#include <stddef.h>
#include <stdint.h>

/* Zeroed before the first octet. */
struct prelude {
	uint8_t octets[PROXY_HEADER_KNOWN]; /* as far as they matter */
	size_t got;                         /* of the header, in all */
};

enum prelude_state { PRELUDE_MORE, PRELUDE_DONE, PRELUDE_BROKEN };

/* Reads what is there.  PRELUDE_DONE: client is who asks.  PRELUDE_BROKEN: this
 * is no header, or the connection has ended. */
enum prelude_state prelude_read(struct prelude *prelude, int fd,
				struct proxy_client *client);

#endif
