/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/prelude.h"

#include <errno.h>

#include <sys/socket.h>

/* Where the header, as far as it is known, ends. */
static size_t end_of(const struct prelude *p)
{
	return p->got < PROXY_HEADER_FIXED ? PROXY_HEADER_FIXED
					   : proxy_header_octets(p->octets);
}

/* Reads at most up to end; extensions (TLVs) go nowhere. */
static ssize_t read_some(struct prelude *p, int fd, size_t end)
{
	uint8_t nowhere[512];
	size_t wanted = end - p->got;

	if (p->got >= sizeof(p->octets))
		return recv(fd, nowhere,
			    wanted < sizeof(nowhere) ? wanted : sizeof(nowhere),
			    0);
	if (end > sizeof(p->octets))
		wanted = sizeof(p->octets) - p->got;
	return recv(fd, p->octets + p->got, wanted, 0);
}

enum prelude_state prelude_read(struct prelude *p, int fd,
				struct proxy_client *client)
{
	size_t end;

	for (;;) {
		ssize_t got;

		end = end_of(p);
		if (end == 0)
			return PRELUDE_BROKEN;
		if (p->got == end)
			break;
		got = read_some(p, fd, end);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return PRELUDE_MORE;
		if (got <= 0)
			return PRELUDE_BROKEN;
		p->got += (size_t)got;
	}
	return proxy_header_parse(p->octets,
				  end < sizeof(p->octets) ? end
							  : sizeof(p->octets),
				  client)
		       ? PRELUDE_DONE
		       : PRELUDE_BROKEN;
}
