/* SPDX-License-Identifier: Apache-2.0 */
/* dns/xdp in a build without --enable-xdp. */
#include "dns/xdp.h"

#include "policy/base/error.h"

struct xdp *xdp_open(const struct xdp_config *config, struct error *err)
{
	(void)config;
	error_set(err, "--xdp: this windrose-dns was built without "
		       "--enable-xdp");
	return NULL;
}

size_t xdp_thread_count(const struct xdp *xdp)
{
	(void)xdp;
	return 0;
}

bool xdp_start(struct xdp *xdp, const struct slot *slot, struct stats *stats,
	       size_t first, struct error *err)
{
	(void)xdp, (void)slot, (void)stats, (void)first, (void)err;
	return true;
}

uint64_t xdp_lost(const struct xdp *xdp)
{
	(void)xdp;
	return 0;
}

void xdp_free(struct xdp *xdp)
{
	(void)xdp;
}
