/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account -- what a responder tells of itself, put together from its parts:
 * status, metrics, whether it is ready.  Shell: reads clocks.
 */
#ifndef DNS_ACCOUNT_H
#define DNS_ACCOUNT_H

struct bus;
struct feed;
struct json_t;
struct openmetrics;
struct stats;
struct tap;
struct transports;
struct upkeep;

/* All borrowed. */
struct account {
	const struct feed *feed;
	const struct upkeep *upkeep;
	const struct stats *stats;
	struct transports *transports;
	struct tap *tap; /* NULL: none */
	struct bus *bus; /* NULL: none */
};

/* A new reference; NULL when memory runs out. */
struct json_t *account_status(const struct account *account);

void account_metrics(const struct account *account, struct openmetrics *out);

/* Why it should not be asked; NULL: it may be. */
const char *account_unready(const struct account *account);

#endif
