/* SPDX-License-Identifier: Apache-2.0 */
/* The tap of a build without --enable-dnstap: there is none.  Shell. */
#include "dns/tap.h"

#include "policy/base/error.h"

struct tap *tap_start(const struct tap_config *config, struct error *err)
{
	error_set(err,
		  "--dnstap %s: this windrose-dns was built without dnstap "
		  "(configure --enable-dnstap)",
		  config->to);
	return NULL;
}

void tap_stop(struct tap *tap)
{
	(void)tap;
}

struct tap_queue *tap_queue(struct tap *tap)
{
	(void)tap;
	return NULL;
}

uint64_t tap_lost(const struct tap *tap)
{
	(void)tap;
	return 0;
}

void tap_put(struct tap_queue *queue, const struct tap_exchange *exchange)
{
	(void)queue, (void)exchange;
}
